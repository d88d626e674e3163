// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a model says of itself, as the module's attribute `heddle.metadata`.

#ifndef HEDDLE_FRONTENDS_ONNX_METADATA_H
#define HEDDLE_FRONTENDS_ONNX_METADATA_H

#include "mlir/IR/BuiltinAttributes.h"

namespace heddle {
namespace onnx_model {
class ModelProto;
}

/// A dictionary of `source`, `producer`, `producer_version`, `domain`, `description`, `properties`
/// (the model's own keys and values, a licence among them), `ir_version`, `model_version`, `opsets`
/// (version by domain), `operators` (nodes by operator, sub-graphs included) and `parameters` (the
/// elements of all initialisers and Constant nodes). Absent where the model says nothing.
mlir::DictionaryAttr describeModel(mlir::MLIRContext *context, const onnx_model::ModelProto &model,
                                   llvm::StringRef source);

} // namespace heddle

#endif // HEDDLE_FRONTENDS_ONNX_METADATA_H
