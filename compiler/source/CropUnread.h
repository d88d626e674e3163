// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows and columns that no window of a pooling reaches.

#ifndef HEDDLE_COMPILER_SOURCE_CROPUNREAD_H
#define HEDDLE_COMPILER_SOURCE_CROPUNREAD_H

#include "dialects/onnx/Onnx.h"

namespace heddle {

/// The operand with the result's elements, of an element-wise operation whose others are the same
/// along all spatial axes; null where there is none.
mlir::Value spatialOperand(mlir::Operation *op);

/// Takes them off the convolution whose results, after element-wise operations, the pooling alone
/// reads: it gets less padding after the last element.
void cropUnread(onnx::MaxPoolOp pool);

} // namespace heddle

#endif // HEDDLE_COMPILER_SOURCE_CROPUNREAD_H
