// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/support/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

std::atomic<uint32_t> next_temporary{0};  // of this process

}  // namespace

WholeFile::WholeFile(std::string path, std::string temporary, int descriptor)
    : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

WholeFile::WholeFile(WholeFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

WholeFile::~WholeFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

absl::Status WholeFile::Error() const {
  int code = errno;
  std::string message = absl::StrCat("cannot write ", path_, ": ", std::strerror(code));
  return code == ENOENT ? absl::NotFoundError(message) : absl::InvalidArgumentError(message);
}

absl::StatusOr<WholeFile> WholeFile::Create(const std::string& path) {
  std::error_code error;  // what cannot be looked at is what opening complains of
  const bool is_file = std::filesystem::is_regular_file(path, error);
  if (!is_file && std::filesystem::exists(path, error)) {
    WholeFile file(path, "", ::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (file.descriptor_ < 0) return file.Error();
    return file;
  }
  const bool is_link = is_file && std::filesystem::is_symlink(path, error);
  std::string target = is_link ? std::filesystem::canonical(path, error).string() : path;
  // mkostemp's file would be private, and what permissions others get can only be asked by changing it
  // for all threads.
  std::string temporary;
  int descriptor;
  do {
    // Relaxed: the number is all that threads share.
    uint32_t number = next_temporary.fetch_add(1, std::memory_order_relaxed);
    temporary = absl::StrCat(target, ".", ::getpid(), "-", number);
    descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor < 0 && errno == EEXIST);  // left by an earlier process of this number
  WholeFile file(target, temporary, descriptor);
  if (file.descriptor_ < 0) return file.Error();
  return file;
}

absl::Status WholeFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t put = ::write(descriptor_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return Error();
    bytes.remove_prefix(static_cast<size_t>(put));
  }
  return absl::OkStatus();
}

absl::Status WholeFile::Commit() {
  if (temporary_.empty()) {
    return ::close(std::exchange(descriptor_, -1)) == 0 ? absl::OkStatus() : Error();
  }
  bool good = ::close(std::exchange(descriptor_, -1)) == 0 &&
              std::rename(temporary_.c_str(), path_.c_str()) == 0;
  if (good) return absl::OkStatus();
  absl::Status status = Error();
  ::unlink(temporary_.c_str());
  return status;
}

absl::Status WriteWholeFile(const std::string& path,
                            std::initializer_list<std::string_view> parts) {
  HEDDLE_ASSIGN_OR_RETURN(WholeFile file, WholeFile::Create(path));
  for (std::string_view bytes : parts) HEDDLE_RETURN_IF_ERROR(file.Append(bytes));
  return file.Commit();
}

}  // namespace heddle
