// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rules by which the dimensions of an operator's results follow from its operands.

#ifndef HEDDLE_DIALECTS_ONNX_SHAPEMODELS_H
#define HEDDLE_DIALECTS_ONNX_SHAPEMODELS_H

namespace mlir {
class DialectRegistry;
}

namespace heddle::onnx {

/// Attaches the interface `ShapeInference` to the operations, once the dialect is loaded.
void registerShapeModels(mlir::DialectRegistry &registry);

} // namespace heddle::onnx

#endif // HEDDLE_DIALECTS_ONNX_SHAPEMODELS_H
