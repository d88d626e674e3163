// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and writes a tensor as an ONNX tensor file (`.pb`), the form of ONNX test data, or by the
// file's extension as `.npy`.
//
//   absl::StatusOr<HostTensor> x = readTensorFile("test_data_set_0/input_0.pb");
//
// Free functions without state, safe to call from many threads. Errors name the file.

#ifndef HEDDLE_FRONTENDS_ONNX_TENSORFILE_H
#define HEDDLE_FRONTENDS_ONNX_TENSORFILE_H

#include "frontends/onnx/HostTensor.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace heddle {

/// InvalidArgument for what is no tensor, Unimplemented for a sequence, an optional, a map or an
/// element type the runtime has none of. `.npy` by its first bytes, everything else as a tensor
/// message, whatever the file is called.
absl::StatusOr<HostTensor> readTensorFile(const std::string &path);

/// The same for bytes in memory; `name` stands for the file in errors.
absl::StatusOr<HostTensor> parseTensorMessage(std::string_view bytes, const std::string &name);

/// Writes an ONNX tensor message with raw data.
absl::Status writeTensorFile(const std::string &path, const HostTensor &tensor);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_TENSORFILE_H
