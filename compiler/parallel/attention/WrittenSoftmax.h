// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A softmax that the source writes as its parts.

#ifndef HEDDLE_COMPILER_PARALLEL_ATTENTION_WRITTENSOFTMAX_H
#define HEDDLE_COMPILER_PARALLEL_ATTENTION_WRITTENSOFTMAX_H

#include "dialects/onnx/Onnx.h"

namespace heddle {

/// exp(x - max x) / sum exp(x - max x) over the last axis becomes the operator that says so. False
/// where the quotient is something else.
bool raiseSoftmax(onnx::DivOp quotient);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_ATTENTION_WRITTENSOFTMAX_H
