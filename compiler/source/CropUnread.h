// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows and columns that no window of a pooling reaches.

#ifndef HEDDLE_COMPILER_SOURCE_CROPUNREAD_H
#define HEDDLE_COMPILER_SOURCE_CROPUNREAD_H

#include "dialects/onnx/Onnx.h"

namespace heddle {

/// Takes them off the convolution whose results, after element-wise operations, the pooling alone
/// reads: it gets less padding after the last element.
void cropUnread(onnx::MaxPoolOp pool);

} // namespace heddle

#endif // HEDDLE_COMPILER_SOURCE_CROPUNREAD_H
