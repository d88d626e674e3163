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

bool isInRange(int64_t first, const DimExpr &steps, const DimExpr &size) {
  std::optional<int64_t> rest = (size - steps - first).asConstant();
  return first >= 0 && rest && *rest >= 0;
}

std::optional<StepRead> readAtStep(Operation *op, Value step) {
  Region *body = step.getParentRegion();
  auto isOutside = [&](Value value) { return !body->isAncestor(value.getParentRegion()); };
  auto isRead = [&](Value data, int64_t axis, int64_t offset,
                    bool keepsAxis) -> std::optional<StepRead> {
    int64_t rank = dimsOf(data).size();
    if (axis < 0)
      axis += rank;
    if (!isOutside(data) || axis < 0 || axis >= rank)
      return std::nullopt;
    return StepRead{op, data, axis, offset, keepsAxis};
  };
  if (auto gather = dyn_cast<onnx::GatherOp>(op)) {
    Value indices = gather.getIndices();
    size_t rank = dimsOf(indices).size();
    std::optional<int64_t> offset = offsetFrom(indices, step);
    if (rank > 1 || !offset)
      return std::nullopt;
    return isRead(gather.getData(), gather.getAxis(), *offset, rank == 1);
  }
  if (auto slice = dyn_cast<onnx::SliceOp>(op)) {
    std::optional<int64_t> offset = offsetFrom(slice.getStarts(), step);
    // From -1 to 0 is nothing, not the last one.
    if (!offset || *offset < 0 || offsetFrom(slice.getEnds(), step) != *offset + 1)
      return std::nullopt;
    auto axes = constantIntegers(slice.getAxes()), steps = constantIntegers(slice.getSteps());
    if ((slice.getSteps() && (!steps || *steps != SmallVector<int64_t>{1})) ||
        (slice.getAxes() && (!axes || axes->size() != 1)))
      return std::nullopt;
    return isRead(slice.getData(), axes ? axes->front() : 0, *offset, true);
  }
  return std::nullopt;
}

} // namespace heddle
