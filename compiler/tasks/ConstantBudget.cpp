// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tasks/ConstantBudget.h"

#include "dialects/heddle/TensorBytes.h"
#include "dialects/heddle/TensorDims.h"

using namespace mlir;

namespace heddle {

LogicalResult ConstantBudget::takeResults(Operation *op, int64_t &available) {
  for (Type type : op->getResultTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor || !tensor.hasStaticShape())
      continue;
    int64_t bytes = bytesOfKnown(getDims(tensor), tensor.getElementType()).value_or(most + 1);
    if (bytes > available)
      return op->emitOpError("computes a constant of ")
             << bytes << " bytes; the constants that the model computes may take " << (most >> 20)
             << " MiB, which --max-constant changes";
    available -= bytes;
  }
  return success();
}

LogicalResult ConstantBudget::take(Operation *op) {
  WalkResult inside = op->walk([&](Operation *inner) {
    int64_t available = most;
    return WalkResult(inner == op ? success() : takeResults(inner, available));
  });
  return success(!inside.wasInterrupted() && succeeded(takeResults(op, spare)));
}

} // namespace heddle
