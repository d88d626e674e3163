// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rules for the caches of the heddle dialect, beside those of the families of operators.

#ifndef HEDDLE_DIALECTS_ONNX_SHAPES_CACHES_H
#define HEDDLE_DIALECTS_ONNX_SHAPES_CACHES_H

#include "mlir/IR/MLIRContext.h"

namespace heddle::onnx {

void attachCacheShapes(mlir::MLIRContext *context);

} // namespace heddle::onnx

#endif // HEDDLE_DIALECTS_ONNX_SHAPES_CACHES_H
