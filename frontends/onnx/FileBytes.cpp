// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/FileBytes.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace heddle {

static absl::Status systemError(const std::string &path, const char *action) {
  int code = errno;
  std::string message = "cannot " + std::string(action) + " " + path + ": " + std::strerror(code);
  if (code == ENOENT)
    return absl::NotFoundError(message);
  return absl::InvalidArgumentError(message);
}

OpenFile::OpenFile(OpenFile &&other) noexcept
    : path(std::move(other.path)), fd(std::exchange(other.fd, -1)), bytes(other.bytes) {}

OpenFile &OpenFile::operator=(OpenFile &&other) noexcept {
  std::swap(path, other.path);
  std::swap(fd, other.fd);
  std::swap(bytes, other.bytes);
  return *this;
}

OpenFile::~OpenFile() {
  if (fd >= 0)
    ::close(fd);
}

absl::StatusOr<OpenFile> OpenFile::open(const std::string &path) {
  OpenFile file;
  file.path = path;
  // Non-blocking, as opening a pipe that nobody writes to would wait for ever.
  file.fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file.fd < 0)
    return systemError(path, "open");
  struct stat info;
  if (::fstat(file.fd, &info) != 0)
    return systemError(path, "examine");
  if (S_ISDIR(info.st_mode))
    return absl::InvalidArgumentError("cannot read " + path + ": it is a folder, not a file");
  if (!S_ISREG(info.st_mode))
    return absl::InvalidArgumentError("cannot read " + path + ": it is not a regular file");
  file.bytes = info.st_size;
  return file;
}

absl::Status OpenFile::read(int64_t offset, char *out, int64_t count) const {
  while (count > 0) {
    ssize_t got = ::pread(fd, out, static_cast<size_t>(count), offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return systemError(path, "read");
    if (got == 0)
      return absl::InvalidArgumentError("cannot read " + path + ": it ends early");
    offset += got;
    out += got;
    count -= got;
  }
  return absl::OkStatus();
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : address(std::exchange(other.address, nullptr)), length(std::exchange(other.length, 0)) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(address, other.address);
  std::swap(length, other.length);
  return *this;
}

MappedFile::~MappedFile() {
  if (address)
    ::munmap(address, length);
}

absl::StatusOr<MappedFile> MappedFile::map(const std::string &path) {
  absl::StatusOr<OpenFile> file = OpenFile::open(path);
  if (!file.ok())
    return file.status();
  MappedFile mapped;
  if (file->size() == 0)
    return mapped;
  void *address = ::mmap(nullptr, static_cast<size_t>(file->size()), PROT_READ, MAP_PRIVATE,
                         file->descriptor(), 0);
  if (address == MAP_FAILED)
    return systemError(path, "map");
  mapped.address = address;
  mapped.length = static_cast<size_t>(file->size());
  return mapped;
}

} // namespace heddle
