// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of one number: those of mathematics, and the activations of neural networks.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/ScalarFunction.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace heddle;

namespace {

template <typename MathOp>
Value mathFunction(ScalarMath &m, KernelBuilder &, Operation *, ValueRange x) {
  return m.function<MathOp>(x[0]);
}

/// A float function written for the compute type; halves are widened once around all of it.
template <Value (*function)(ScalarMath &m, KernelBuilder &b, Operation *op, Value x)>
Value activation(ScalarMath &m, KernelBuilder &b, Operation *op, ValueRange x) {
  return m.narrow(function(m, b, op, m.widen(x[0])), x[0].getType());
}

Value relu(ScalarMath &m, KernelBuilder &, Operation *, ValueRange x) {
  return m.max(x[0], m.zero(x[0].getType()));
}
double f(const APFloat &value) { return value.convertToDouble(); }
Value k(ScalarMath &m, Value like, double value) { return m.constant(like.getType(), value); }

Value leakyRelu(ScalarMath &m, KernelBuilder &, Operation *op, Value x) {
  Value scaled = m.mul(x, k(m, x, f(cast<onnx::LeakyReluOp>(op).getAlpha())));
  return m.select(m.less(x, k(m, x, 0)), scaled, x);
}
Value elu(ScalarMath &m, KernelBuilder &, Operation *op, Value x) {
  Value negative = m.mul(k(m, x, f(cast<onnx::EluOp>(op).getAlpha())), m.sub(m.exp(x), k(m, x, 1)));
  return m.select(m.less(x, k(m, x, 0)), negative, x);
}
Value celu(ScalarMath &m, KernelBuilder &, Operation *op, Value x) {
  Value alpha = k(m, x, f(cast<onnx::CeluOp>(op).getAlpha()));
  Value negative = m.mul(alpha, m.sub(m.exp(m.div(x, alpha)), k(m, x, 1)));
  return m.add(m.max(x, k(m, x, 0)), m.min(negative, k(m, x, 0)));
}
Value selu(ScalarMath &m, KernelBuilder &, Operation *op, Value x) {
  auto selu = cast<onnx::SeluOp>(op);
  double alpha = f(selu.getAlpha()), gamma = f(selu.getGamma());
  Value negative = m.sub(m.mul(k(m, x, alpha), m.exp(x)), k(m, x, alpha));
  return m.mul(k(m, x, gamma), m.select(m.lessOrEqual(x, k(m, x, 0)), negative, x));
}
Value hardSigmoidOf(ScalarMath &m, Value x, double alpha, double beta) {
  Value line = m.add(m.mul(x, k(m, x, alpha)), k(m, x, beta));
  return m.max(k(m, x, 0), m.min(k(m, x, 1), line));
}
Value hardSigmoid(ScalarMath &m, KernelBuilder &, Operation *op, Value x) {
  auto hard = cast<onnx::HardSigmoidOp>(op);
  return hardSigmoidOf(m, x, f(hard.getAlpha()), f(hard.getBeta()));
}
Value hardSwish(ScalarMath &m, KernelBuilder &, Operation *, Value x) {
  return m.mul(x, hardSigmoidOf(m, x, 1.0 / 6.0, 0.5));
}
/// log(1 + exp(x)), without overflow for large x.
Value softplusOf(ScalarMath &m, KernelBuilder &b, Value x) {
  Value magnitude = math::AbsFOp::create(b, x);
  Value tail = math::Log1pOp::create(b, m.exp(m.neg(magnitude)));
  return m.add(m.max(x, k(m, x, 0)), tail);
}
Value softplus(ScalarMath &m, KernelBuilder &b, Operation *, Value x) {
  return softplusOf(m, b, x);
}
Value mish(ScalarMath &m, KernelBuilder &b, Operation *, Value x) {
  return m.mul(x, m.tanh(softplusOf(m, b, x)));
}
Value softsign(ScalarMath &m, KernelBuilder &b, Operation *, Value x) {
  return m.div(x, m.add(k(m, x, 1), math::AbsFOp::create(b, x)));
}
Value thresholdedRelu(ScalarMath &m, KernelBuilder &, Operation *op, Value x) {
  Value alpha = k(m, x, f(cast<onnx::ThresholdedReluOp>(op).getAlpha()));
  return m.select(m.less(alpha, x), x, k(m, x, 0));
}
Value swish(ScalarMath &m, KernelBuilder &, Operation *op, Value x) {
  Value alpha = k(m, x, f(cast<onnx::SwishOp>(op).getAlpha()));
  return m.mul(x, m.sigmoid(m.mul(alpha, x)));
}
Value gelu(ScalarMath &m, KernelBuilder &, Operation *op, Value x) {
  Value half = m.mul(k(m, x, 0.5), x);
  Value inner;
  if (cast<onnx::GeluOp>(op).getApproximate() == "tanh") {
    Value cube = m.mul(m.mul(x, x), x);
    inner = m.tanh(m.mul(k(m, x, 0.7978845608028654), m.add(x, m.mul(k(m, x, 0.044715), cube))));
  } else {
    inner = m.erf(m.mul(x, k(m, x, 0.7071067811865476)));
  }
  return m.mul(half, m.add(k(m, x, 1), inner));
}
Value shrink(ScalarMath &m, KernelBuilder &b, Operation *op, ValueRange in) {
  auto shrink = cast<onnx::ShrinkOp>(op);
  Value x = in[0];
  Value bias = k(m, x, f(shrink.getBias()));
  Value high = k(m, x, f(shrink.getLambd())), low = k(m, x, -f(shrink.getLambd()));
  Value above = m.select(m.less(high, x), m.sub(x, bias), m.zero(x.getType()));
  return m.select(m.less(x, low), m.add(x, bias), above);
}
Value reciprocal(ScalarMath &m, KernelBuilder &, Operation *, Value x) {
  return m.div(k(m, x, 1), x);
}
Value sigmoid(ScalarMath &m, KernelBuilder &, Operation *, Value x) { return m.sigmoid(x); }
Value asinh(ScalarMath &m, KernelBuilder &b, Operation *, Value x) {
  return math::AsinhOp::create(b, x);
}

} // namespace

void heddle::addFunctionLowerings(StructuredLoweringTable &table) {
  constexpr auto elementwise = whereComputable<AccessPattern::Elementwise>;
  auto add = [&](StringRef name, auto lower) { addLowering(table, name, {elementwise, lower}); };
  add("Exp", lowerElementwise<unary<&ScalarMath::exp>>);
  add("Log", lowerElementwise<unary<&ScalarMath::log>>);
  add("Sqrt", lowerElementwise<unary<&ScalarMath::sqrt>>);
  add("Tanh", lowerElementwise<unary<&ScalarMath::tanh>>);
  add("Erf", lowerElementwise<unary<&ScalarMath::erf>>);
  add("Sin", lowerElementwise<mathFunction<math::SinOp>>);
  add("Cos", lowerElementwise<mathFunction<math::CosOp>>);
  add("Tan", lowerElementwise<mathFunction<math::TanOp>>);
  add("Asin", lowerElementwise<mathFunction<math::AsinOp>>);
  add("Acos", lowerElementwise<mathFunction<math::AcosOp>>);
  add("Atan", lowerElementwise<mathFunction<math::AtanOp>>);
  add("Sinh", lowerElementwise<mathFunction<math::SinhOp>>);
  add("Cosh", lowerElementwise<mathFunction<math::CoshOp>>);
  add("Asinh", lowerElementwise<activation<asinh>>);
  add("Acosh", lowerElementwise<mathFunction<math::AcoshOp>>);
  add("Atanh", lowerElementwise<mathFunction<math::AtanhOp>>);
  add("Floor", lowerElementwise<mathFunction<math::FloorOp>>);
  add("Ceil", lowerElementwise<mathFunction<math::CeilOp>>);
  add("Round", lowerElementwise<mathFunction<math::RoundEvenOp>>);

  add("Relu", lowerElementwise<relu>);
  add("Reciprocal", lowerElementwise<activation<reciprocal>>);
  add("Sigmoid", lowerElementwise<activation<sigmoid>>);
  add("LeakyRelu", lowerElementwise<activation<leakyRelu>>);
  add("Elu", lowerElementwise<activation<elu>>);
  add("Celu", lowerElementwise<activation<celu>>);
  add("Selu", lowerElementwise<activation<selu>>);
  add("HardSigmoid", lowerElementwise<activation<hardSigmoid>>);
  add("HardSwish", lowerElementwise<activation<hardSwish>>);
  add("Softplus", lowerElementwise<activation<softplus>>);
  add("Softsign", lowerElementwise<activation<softsign>>);
  add("Mish", lowerElementwise<activation<mish>>);
  add("Gelu", lowerElementwise<activation<gelu>>);
  add("Swish", lowerElementwise<activation<swish>>);
  add("ThresholdedRelu", lowerElementwise<activation<thresholdedRelu>>);
  add("Shrink", lowerElementwise<shrink>);
}
