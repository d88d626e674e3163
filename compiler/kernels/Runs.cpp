// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/Runs.h"

#include "dialects/heddle/TensorDims.h"

using namespace mlir;

namespace heddle {

int64_t axisOf(onnx::ConcatOp concat) {
  int64_t axis = concat.getAxis();
  return axis < 0 ? axis + static_cast<int64_t>(dimsOf(concat.getResult()).size()) : axis;
}

bool areRuns(ArrayRef<DimExpr> dims, int64_t axis) {
  return llvm::all_of(dims.take_front(axis), [](const DimExpr &dim) { return dim.isConstant(1); });
}

bool joinsRuns(onnx::ConcatOp concat) {
  return areRuns(dimsOf(concat.getResult()), axisOf(concat));
}

} // namespace heddle
