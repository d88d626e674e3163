// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Owns a file descriptor.
//
// Thread-safety: as an int.

#ifndef HEDDLE_RUNTIME_TOOLS_DESCRIPTOR_H_
#define HEDDLE_RUNTIME_TOOLS_DESCRIPTOR_H_

#include <unistd.h>

#include <utility>

namespace heddle {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { Close(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_TOOLS_DESCRIPTOR_H_
