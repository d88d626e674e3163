// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/attention/AttentionOperand.h"

#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/Parameters.h"
#include "compiler/source/Arithmetic.h"

using namespace mlir;

namespace heddle {

static std::optional<double> knownNumber(Value value, unsigned depth) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == 0 || !hasKnownDims(value.getType()) || !isSingle(value))
    return std::nullopt;
  auto of = [&](unsigned operand) { return knownNumber(op->getOperand(operand), depth - 1); };
  if (isa<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp, onnx::SqrtOp, onnx::ReciprocalOp>(
          op) ||
      (isa<onnx::CastOp>(op) && isa<FloatType>(elementOf(value)))) {
    std::optional<double> x = of(0);
    if (x && isa<onnx::SqrtOp>(op))
      return std::sqrt(*x);
    if (x && isa<onnx::ReciprocalOp>(op))
      return 1 / *x;
    return x;
  }
  if (isa<onnx::MulOp, onnx::DivOp, onnx::PowOp>(op) && isa<FloatType>(elementOf(value))) {
    std::optional<double> x = of(0), y = of(1);
    if (!x || !y)
      return std::nullopt;
    return isa<onnx::MulOp>(op) ? *x * *y : isa<onnx::DivOp>(op) ? *x / *y : std::pow(*x, *y);
  }
  if (auto floats = knownFloats(value))
    return floats->front();
  if (auto integers = constantIntegers(value))
    return static_cast<double>(integers->front());
  return std::nullopt;
}

std::optional<double> knownNumber(Value value) { return knownNumber(value, 12); }

std::optional<std::pair<Value, double>> scaledBy(Operation *op) {
  if (!isa_and_nonnull<onnx::MulOp, onnx::DivOp>(op) ||
      !isa<FloatType>(elementOf(op->getResult(0))))
    return std::nullopt;
  for (unsigned side : {0u, 1u}) {
    if (side == 1 && isa<onnx::DivOp>(op))
      break;
    Value scaled = op->getOperand(side);
    std::optional<double> number = knownNumber(op->getOperand(1 - side));
    if (!number || dimsOf(scaled) != dimsOf(op->getResult(0)))
      continue;
    double factor = isa<onnx::DivOp>(op) ? 1 / *number : *number;
    if (std::isfinite(factor) && factor != 0)
      return std::pair(scaled, factor);
  }
  return std::nullopt;
}

AttentionOperand AttentionOperand::of(Role role, Value tensor) {
  AttentionOperand operand{role, tensor, {}, 1, false};
  for (unsigned axis = 0; axis < dimsOf(tensor).size(); ++axis)
    operand.axes.push_back(axis);
  return operand;
}

bool AttentionOperand::isReadable() const {
  int64_t last = rank() - 1;
  return axes[last] == last || (role == Keys && axes[last - 1] == last && !sharesTime);
}

void AttentionOperand::simplify() {
  AttentionOperand best = *this;
  while (step())
    if (isReadable())
      best = *this;
  *this = best;
}

bool AttentionOperand::step() {
  Operation *op = tensor.getDefiningOp();
  if (!op)
    return false;
  if (auto transpose = dyn_cast<onnx::TransposeOp>(op)) {
    auto order = transpose.getPerm();
    for (int64_t &axis : axes)
      axis = order ? (*order)[axis] : rank() - 1 - axis;
    tensor = transpose.getData();
    return true;
  }
  if (role != Values)
    if (auto scaled = scaledBy(op)) {
      tensor = scaled->first;
      factor *= scaled->second;
      return true;
    }
  // A view of a view with its dimensions.
  for (Operation *view = op; view && mayBe(OperationKind::View, view->getName()) &&
                             operationKind(view) == OperationKind::View;
       view = view->getOperand(0).getDefiningOp())
    if (dimsOf(view->getOperand(0)) == dimsOf(tensor)) {
      tensor = view->getOperand(0);
      return true;
    }
  return role != Queries && shareHeads();
}

/// Whether `repeated` has the elements of `source`, which has one of them along the axis, several
/// times. The time may be repeated as well, from one to the time of attention.
bool AttentionOperand::repeats(Value repeated, Value source, int64_t repeatedAxis) {
  Dims from = dimsOf(source), to = dimsOf(repeated);
  int64_t time = axes[rank() - 2];
  if (repeatedAxis >= 0 && time >= repeatedAxis)
    ++time;
  if (from.size() != to.size() || (repeatedAxis >= 0 && !from[repeatedAxis].isConstant(1)))
    return false;
  for (int64_t axis = 0; axis < static_cast<int64_t>(from.size()); ++axis) {
    bool isBatch = axis != time && axis != static_cast<int64_t>(from.size()) - 1;
    if (axis == repeatedAxis || from[axis] == to[axis] ||
        (repeatedAxis < 0 && isBatch && from[axis].isConstant(1)))
      continue;
    if (axis != time)
      return false;
    sharesTime = true;
  }
  return true;
}

/// Reshape(Expand(x)) where each head of x is repeated for its neighbours, and Expand(x) of one head.
bool AttentionOperand::shareHeads() {
  AttentionOperand before = *this;
  auto fail = [&] {
    *this = before;
    return false;
  };
  if (axes.back() != rank() - 1) // else elements are not what repeats() takes them for
    return false;
  if (auto expand = tensor.getDefiningOp<onnx::ExpandOp>()) {
    if (!repeats(tensor, expand.getInput(), -1))
      return fail();
    tensor = expand.getInput();
    return true;
  }
  auto reshape = tensor.getDefiningOp<onnx::ReshapeOp>();
  if (!reshape)
    return false;
  Dims joined = dimsOf(tensor), split = dimsOf(reshape.getData());
  if (split.size() != joined.size() + 1)
    return false;
  for (int64_t head : ArrayRef(axes).drop_back(2)) {
    // Axis `head` joins heads and their repetitions; the time may be told by the reshape.
    if (split[head] * split[head + 1] != joined[head])
      continue;
    bool same = true;
    for (int64_t axis = 0; axis < rank(); ++axis)
      if (axis != head && axis != axes[rank() - 2])
        same &= joined[axis] == split[axis < head ? axis : axis + 1];
    Operation *op = reshape.getData().getDefiningOp();
    if (!same || !op)
      continue;
    Value source;
    if (isa<onnx::ExpandOp, onnx::TileOp>(op)) {
      source = op->getOperand(0);
    } else if (isa<onnx::ConcatOp>(op)) {
      source = op->getOperand(0);
      if (!llvm::all_equal(op->getOperands()))
        continue;
    }
    if (!source || !repeats(reshape.getData(), source, head + 1))
      return fail();
    // Only Expand repeats a time of one.
    if (sharesTime && !isa<onnx::ExpandOp>(op))
      return fail();
    int64_t time = axes[rank() - 2];
    int64_t splitTime = time < head ? time : time + 1;
    if (!sharesTime && split[splitTime] != joined[time])
      return fail();
    Dims dims = dimsOf(source);
    dims.erase(dims.begin() + head + 1);
    auto unsqueeze = source.getDefiningOp<onnx::UnsqueezeOp>();
    if (unsqueeze && dimsOf(unsqueeze.getData()) == dims) {
      tensor = unsqueeze.getData();
    } else {
      Arithmetic arithmetic(reshape);
      tensor = arithmetic.viewedAs(source, dims);
    }
    return true;
  }
  return fail();
}

} // namespace heddle
