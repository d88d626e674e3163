// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/source/ChannelChain.h"

#include "compiler/kernels/Parameters.h"
#include "compiler/source/Arithmetic.h"
#include "compiler/source/ConstantFloats.h"

#include <cmath>

using namespace mlir;

namespace heddle {

/// A tenth of the largest f32: what rounding adds on the way is less.
constexpr double kLarge = 3e37;

/// The largest sum of magnitudes of what makes one channel; nothing for what is no f32 constant.
static std::optional<double> largestSum(Value weights, int64_t axis) {
  std::optional<ConstantFloats> values = ConstantFloats::of(weights);
  Dims dims = dimsOf(weights);
  if (!values || values->size() == 0)
    return std::nullopt;
  int64_t channels = *dims[axis].asConstant(),
          inner = *countElements(ArrayRef(dims).drop_front(axis + 1)).asConstant();
  SmallVector<double> sums(channels, 0.0);
  for (int64_t at = 0; at < values->size(); ++at)
    sums[at / inner % channels] += std::fabs((*values)[at]);
  // What is no number must not get lost among others.
  for (double sum : sums)
    if (!std::isfinite(sum))
      return std::nullopt;
  return *llvm::max_element(sums);
}

std::optional<ChannelChain::Bound> ChannelChain::ofLinear(Value from, OpOperand &factors,
                                                          int64_t channels, OpOperand *bias) {
  std::optional<double> sum = largestSum(factors.get(), channels);
  std::optional<double> added = bias ? largestSum(bias->get(), 0) : 0.0;
  if (!sum || !added || (source && source != from))
    return std::nullopt;
  source = from;
  weights[&factors] = channels;
  if (bias)
    weights[bias] = 0;
  return Bound{*sum + *added, 1, true};
}

/// The same elements, elsewhere.
std::optional<ChannelChain::Bound> ChannelChain::ofMovement(Operation *op, int64_t axis) {
  if (auto transpose = dyn_cast<onnx::TransposeOp>(op)) {
    auto order = transpose.getPerm();
    return order ? boundOf(transpose.getData(), (*order)[axis]) : std::nullopt;
  }
  auto unsqueeze = cast<onnx::UnsqueezeOp>(op);
  auto added = constantIntegers(unsqueeze.getAxes());
  if (!added)
    return std::nullopt;
  int64_t rank = dimsOf(op->getResult(0)).size(), before = 0;
  for (int64_t at : *added) {
    at = at < 0 ? at + rank : at;
    if (at == axis)
      return std::nullopt;
    before += at < axis;
  }
  return boundOf(unsqueeze.getData(), axis - before);
}

std::optional<ChannelChain::Bound> ChannelChain::ofElements(Operation *op, int64_t axis) {
  std::optional<Bound> x = boundOf(op->getOperand(0), axis);
  if (!x)
    return std::nullopt;
  if (isa<onnx::NegOp>(op))
    return Bound{x->factor, x->degree, true};
  if (isa<onnx::AbsOp, onnx::ReluOp>(op))
    return Bound{x->factor, x->degree, false};
  auto root = [&]() -> std::optional<Bound> {
    if (x->isNegative) // whose root is no number
      return std::nullopt;
    return Bound{std::sqrt(std::max(1.0, x->factor)), x->degree / 2, false};
  };
  if (isa<onnx::SqrtOp>(op))
    return root();
  if (isa<onnx::PowOp>(op)) {
    auto exponent = knownFloats(op->getOperand(1));
    if (!exponent || exponent->size() != 1)
      return std::nullopt;
    if (exponent->front() == 0.5)
      return root();
    if (exponent->front() == 2)
      return Bound{x->factor * x->factor, 2 * x->degree, false};
    return std::nullopt;
  }
  std::optional<Bound> y = boundOf(op->getOperand(1), axis);
  if (!y)
    return std::nullopt;
  bool isNegative = x->isNegative || y->isNegative;
  if (isa<onnx::MulOp>(op))
    return Bound{x->factor * y->factor, x->degree + y->degree,
                 isNegative && op->getOperand(0) != op->getOperand(1)};
  return Bound{x->factor + y->factor, std::max(x->degree, y->degree),
               isNegative || isa<onnx::SubOp>(op)};
}

std::optional<ChannelChain::Bound> ChannelChain::boundOf(Operation *op, int64_t axis) {
  if (auto conv = dyn_cast<onnx::ConvOp>(op)) {
    if (axis != 1 || conv.getGroup() != 1)
      return std::nullopt;
    return ofLinear(conv.getX(), op->getOpOperand(1), 0,
                    conv.getB() ? &op->getOpOperand(2) : nullptr);
  }
  Dims result = dimsOf(op->getResult(0));
  if (auto product = dyn_cast<onnx::MatMulOp>(op)) {
    if (axis + 1 != static_cast<int64_t>(result.size()) || dimsOf(product.getB()).size() != 2 ||
        dimsOf(product.getA()).size() < 2)
      return std::nullopt;
    return ofLinear(product.getA(), op->getOpOperand(1), 1);
  }
  if (isa<onnx::TransposeOp, onnx::UnsqueezeOp>(op))
    return ofMovement(op, axis);
  if (!isa<onnx::AbsOp, onnx::NegOp, onnx::ReluOp, onnx::SqrtOp, onnx::PowOp, onnx::AddOp,
           onnx::SubOp, onnx::MulOp>(op))
    return std::nullopt;
  // All channels are read as they are, and numbers for all of them.
  for (Value operand : op->getOperands())
    if (dimsOf(operand) != result && !isSingle(operand))
      return std::nullopt;
  return ofElements(op, axis);
}

std::optional<ChannelChain::Bound> ChannelChain::boundOf(Value value, int64_t axis) {
  if (auto number = knownFloats(value); number && number->size() == 1)
    return Bound{std::fabs(number->front()), 0, !(number->front() >= 0)};
  Operation *op = value.getDefiningOp();
  if (!op || op->getNumResults() != 1 || !isa<RankedTensorType>(value.getType()) ||
      !elementOf(value).isF32())
    return std::nullopt;
  if (auto known = axes.find(op); known != axes.end())
    return known->second == axis ? std::optional(bounds.lookup(op)) : std::nullopt;
  std::optional<Bound> bound = boundOf(op, axis);
  if (!bound)
    return std::nullopt;
  // Factors below 1 do not make what they are multiplied with smaller.
  limit = std::min(limit, bound->factor < kLarge ? std::pow(kLarge / std::max(1.0, bound->factor),
                                                            1 / std::max(1.0, bound->degree))
                                                 : 0.0);
  axes[op] = axis;
  bounds[op] = *bound;
  operations.insert(op);
  return bound;
}

bool ChannelChain::follow(Value value, int64_t axis) { return boundOf(value, axis) && source; }

} // namespace heddle
