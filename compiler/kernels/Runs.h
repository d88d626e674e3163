// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which parts of a tensor lie together in memory.

#ifndef HEDDLE_COMPILER_KERNELS_RUNS_H
#define HEDDLE_COMPILER_KERNELS_RUNS_H

#include "dialects/heddle/DimExpr.h"
#include "dialects/onnx/Onnx.h"

namespace heddle {

/// The axis, counted from the first.
int64_t axisOf(onnx::ConcatOp concat);

/// Whether a part of a tensor that has some places of one axis, one after the other, and all of the
/// others is one run of elements: the axes before have size 1.
bool areRuns(llvm::ArrayRef<DimExpr> dims, int64_t axis);

/// Whether the operands lie in the result one after the other.
bool joinsRuns(onnx::ConcatOp concat);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_RUNS_H
