// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/support/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace heddle {

WholeFile::WholeFile(std::string path, std::string temporary, int descriptor)
    : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(descriptor) {}

WholeFile::WholeFile(WholeFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

WholeFile::~WholeFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

absl::Status WholeFile::Error() const {
  int code = errno;
  std::string message = absl::StrCat("cannot write ", path_, ": ", std::strerror(code));
  return code == ENOENT ? absl::NotFoundError(message) : absl::InvalidArgumentError(message);
}

absl::StatusOr<WholeFile> WholeFile::Create(const std::string& path) {
  std::string temporary = absl::StrCat(path, ".XXXXXX");
  int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  WholeFile file(path, temporary, descriptor);
  if (descriptor < 0) return file.Error();
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
  // The temporary file was private; this one has the permissions that any new file gets.
  mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(descriptor_, 0666 & ~mask) != 0) return Error();
  bool good = ::close(std::exchange(descriptor_, -1)) == 0 &&
              std::rename(temporary_.c_str(), path_.c_str()) == 0;
  if (good) return absl::OkStatus();
  absl::Status status = Error();
  ::unlink(temporary_.c_str());
  return status;
}

}  // namespace heddle
