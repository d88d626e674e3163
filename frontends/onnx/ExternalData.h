// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensor data in files beside a model. A location is relative to the model's folder and must stay
// in it, whatever `..` and symbolic links it goes through.

#ifndef HEDDLE_FRONTENDS_ONNX_EXTERNALDATA_H
#define HEDDLE_FRONTENDS_ONNX_EXTERNALDATA_H

#include "frontends/onnx/FileBytes.h"

#include <map>
#include <string>
#include <string_view>

namespace heddle {
namespace onnx_model {
class TensorProto;
}

/// Where a tensor's bytes lie in a file.
struct ExternalRange {
  std::string location;
  int64_t offset = 0;
  int64_t length = -1; ///< -1: as many as the tensor needs
};

/// The files of one model, opened once each. Not thread-safe.
class ExternalData {
public:
  /// `folder` is where the model lies; empty refuses every location (a model in memory).
  explicit ExternalData(std::string folder) : folder(std::move(folder)) {}

  /// Reads `count` bytes for the tensor; the range's length must agree with it.
  absl::Status read(const ExternalRange &range, int64_t count, std::string &out);

private:
  struct File {
    OpenFile file;
    int64_t bytesRead = 0;
  };

  absl::StatusOr<File *> find(const std::string &location);

  std::string folder;
  std::map<std::string, File> files;
};

/// What the message's external_data entries say.
absl::StatusOr<ExternalRange> externalRange(const onnx_model::TensorProto &tensor);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_EXTERNALDATA_H
