// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A linear attention becomes one launch of its kernel.

#include "compiler/kernels/LinearAttentionKernel.h"
#include "compiler/tasks/TaskLowering.h"

using namespace mlir;

namespace heddle {

LogicalResult TaskLowering::lowerLinearAttention(LinearAttentionOp op, Sequence &sequence) {
  SmallVector<Value> wanted;
  for (Value result : op.getResults())
    if (!result.use_empty())
      wanted.push_back(result);
    else
      map(result, Value());
  if (wanted.empty())
    return success();
  FailureOr<KernelUse> use = linearAttentionKernel(kernels, op);
  if (failed(use))
    return failure();
  auto launched =
      launch(sequence, op.getLoc(), use->kernel, mapped(op.getOperands()),
             ValueRange(wanted).getTypes(), use->dims, use->grid, use->scratchBytes, use->cost);
  map(wanted, launched.getOutputs());
  return takeConstants(op);
}

} // namespace heddle
