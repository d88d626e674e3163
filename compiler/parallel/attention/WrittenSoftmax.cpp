// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/attention/WrittenSoftmax.h"

#include "compiler/kernels/Parameters.h"
#include "dialects/heddle/TensorDims.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace heddle {

/// Over the last axis, which stays as one.
template <typename Reduction> static bool reducesRows(Reduction reduction, Value rows) {
  if (!reduction || reduction.getData() != rows || !reduction.getKeepdims())
    return false;
  auto axes = constantIntegers(reduction.getAxes());
  int64_t rank = dimsOf(rows).size();
  return axes && axes->size() == 1 && (axes->front() == -1 || axes->front() == rank - 1);
}

bool raiseSoftmax(onnx::DivOp quotient) {
  auto power = quotient.getA().getDefiningOp<onnx::ExpOp>();
  if (!power || !isa<FloatType>(elementOf(power.getResult())) ||
      dimsOf(power.getResult()).empty() ||
      !reducesRows(quotient.getB().getDefiningOp<onnx::ReduceSumOp>(), power.getResult()))
    return false;
  // Others that need the powers as well would have them computed twice.
  if (!llvm::hasNItems(power.getResult().getUses(), 2))
    return false;
  auto shifted = power->getOperand(0).getDefiningOp<onnx::SubOp>();
  if (!shifted || !reducesRows(shifted.getB().getDefiningOp<onnx::ReduceMaxOp>(), shifted.getA()) ||
      dimsOf(shifted.getA()) != dimsOf(quotient.getResult()))
    return false;
  OpBuilder b(quotient);
  auto softmax = onnx::SoftmaxOp::create(
      b, FusedLoc::get(b.getContext(), {power.getLoc(), quotient.getLoc()}),
      TypeRange{quotient.getResult().getType()}, ValueRange{shifted.getA()});
  quotient.getResult().replaceAllUsesWith(softmax.getOutput());
  // What nothing else uses goes at once: scores with one user are what attention looks for.
  for (Operation *op :
       {quotient.getOperation(), quotient.getB().getDefiningOp(), power.getOperation(),
        shifted.getOperation(), shifted.getB().getDefiningOp()})
    if (op->use_empty())
      op->erase();
  return true;
}

} // namespace heddle
