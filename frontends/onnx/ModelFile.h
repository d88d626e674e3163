// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bytes of a model file as a message.

#ifndef HEDDLE_FRONTENDS_ONNX_MODELFILE_H
#define HEDDLE_FRONTENDS_ONNX_MODELFILE_H

#include "absl/status/status.h"

#include <string_view>

namespace heddle {
namespace onnx_model {
class ModelProto;
}

/// Parses the bytes and checks what concerns the file as a whole: nesting, versions, a graph.
/// Errors do not name the file.
absl::Status parseModel(std::string_view bytes, onnx_model::ModelProto &model);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_MODELFILE_H
