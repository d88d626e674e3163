// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cells that put what they read beside their state and multiply both at once,
//
//   MatMul(Concat(x, h), W)   =   MatMul(x, W1) + MatMul(h, W2)
//
// taken apart: the product with x waits for nothing, so it is one product for all steps.

#ifndef HEDDLE_COMPILER_PARALLEL_LOOPS_SPLITPRODUCTS_H
#define HEDDLE_COMPILER_PARALLEL_LOOPS_SPLITPRODUCTS_H

#include "dialects/onnx/Onnx.h"

namespace heddle {

/// Of a loop in its normal form.
void splitProducts(onnx::ScanOp loop);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_LOOPS_SPLITPRODUCTS_H
