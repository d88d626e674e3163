// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and writes `.npy` files: header versions 1 to 3, C and Fortran order, little and big
// endian. Fortran order is brought into C order on reading; files are written in C order, version 1
// (2 where the header is long). Types: bool, i1 to i8, u1 to u8, f2, f4, f8, c8, c16.
//
// Free functions without state, safe to call from many threads. Errors name the file.

#ifndef HEDDLE_FRONTENDS_ONNX_NPYFILE_H
#define HEDDLE_FRONTENDS_ONNX_NPYFILE_H

#include "frontends/onnx/HostTensor.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include <string_view>

namespace heddle {

/// Whether the bytes start as an `.npy` file does.
bool isNpy(std::string_view bytes);

absl::StatusOr<HostTensor> readNpyFile(const std::string &path);

/// The same for bytes in memory; `name` stands for the file in errors.
absl::StatusOr<HostTensor> parseNpy(std::string_view bytes, const std::string &name);

/// Whether the format has the element type.
bool npyHolds(ElementType type);

absl::Status writeNpyFile(const std::string &path, const HostTensor &tensor);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_NPYFILE_H
