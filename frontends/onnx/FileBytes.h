// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A file's contents, mapped read-only. Errors name the file and say what to do. Only regular files
// are opened: a pipe would never end. A file that is shortened while it is mapped raises SIGBUS.

#ifndef HEDDLE_FRONTENDS_ONNX_FILEBYTES_H
#define HEDDLE_FRONTENDS_ONNX_FILEBYTES_H

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace heddle {

/// An open file; closes itself. Move-only.
class OpenFile {
public:
  OpenFile() = default;
  OpenFile(OpenFile &&other) noexcept;
  OpenFile &operator=(OpenFile &&other) noexcept;
  ~OpenFile();

  static absl::StatusOr<OpenFile> open(const std::string &path);

  int64_t size() const { return bytes; }
  /// Fills `out` from `offset`; the range must lie in the file.
  absl::Status read(int64_t offset, char *out, int64_t count) const;
  int descriptor() const { return fd; }

private:
  std::string path;
  int fd = -1;
  int64_t bytes = 0;
};

/// A whole file in memory, unmapped by the destructor. Move-only.
class MappedFile {
public:
  MappedFile() = default;
  MappedFile(MappedFile &&other) noexcept;
  MappedFile &operator=(MappedFile &&other) noexcept;
  ~MappedFile();

  static absl::StatusOr<MappedFile> map(const std::string &path);

  std::string_view bytes() const { return {static_cast<const char *>(address), length}; }

private:
  void *address = nullptr;
  size_t length = 0;
};

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_FILEBYTES_H
