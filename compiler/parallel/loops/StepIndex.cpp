// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/loops/StepIndex.h"

#include "compiler/kernels/Parameters.h"
#include "compiler/parallel/recurrence/Recurrence.h"

using namespace mlir;

namespace heddle {

std::optional<int64_t> offsetFrom(Value value, Value step) {
  int64_t offset = 0;
  while (value != step) {
    Operation *op = value.getDefiningOp();
    if (!op || !isSingle(value))
      return std::nullopt;
    auto number = [&](unsigned operand) -> std::optional<int64_t> {
      auto numbers = constantIntegers(op->getOperand(operand));
      return numbers && numbers->size() == 1 ? std::optional(numbers->front()) : std::nullopt;
    };
    // A narrower integer holds the number of any iteration that fits a tensor.
    if (isView(op) || (isa<onnx::CastOp>(op) && isa<IntegerType>(elementOf(value)) &&
                       elementOf(value).getIntOrFloatBitWidth() >= 32)) {
      value = op->getOperand(0);
    } else if (isa<onnx::AddOp>(op) && number(1)) {
      offset += *number(1);
      value = op->getOperand(0);
    } else if (isa<onnx::AddOp>(op) && number(0)) {
      offset += *number(0);
      value = op->getOperand(1);
    } else if (isa<onnx::SubOp>(op) && number(1)) {
      offset -= *number(1);
      value = op->getOperand(0);
    } else {
      return std::nullopt;
    }
  }
  return offset;
}

std::optional<StepRead> readAtStep(Operation *op, Value step) {
  Region *body = step.getParentRegion();
  auto isOutside = [&](Value value) { return !body->isAncestor(value.getParentRegion()); };
  auto isRead = [&](Value data, int64_t axis, bool keepsAxis) -> std::optional<StepRead> {
    int64_t rank = dimsOf(data).size();
    if (axis < 0)
      axis += rank;
    if (!isOutside(data) || axis < 0 || axis >= rank)
      return std::nullopt;
    return StepRead{op, data, axis, keepsAxis};
  };
  if (auto gather = dyn_cast<onnx::GatherOp>(op)) {
    Value indices = gather.getIndices();
    size_t rank = dimsOf(indices).size();
    if (rank > 1 || offsetFrom(indices, step) != 0)
      return std::nullopt;
    return isRead(gather.getData(), gather.getAxis(), rank == 1);
  }
  if (auto slice = dyn_cast<onnx::SliceOp>(op)) {
    if (offsetFrom(slice.getStarts(), step) != 0 || offsetFrom(slice.getEnds(), step) != 1)
      return std::nullopt;
    auto axes = constantIntegers(slice.getAxes()), steps = constantIntegers(slice.getSteps());
    if ((slice.getSteps() && (!steps || *steps != SmallVector<int64_t>{1})) ||
        (slice.getAxes() && (!axes || axes->size() != 1)))
      return std::nullopt;
    return isRead(slice.getData(), axes ? axes->front() : 0, true);
  }
  return std::nullopt;
}

} // namespace heddle
