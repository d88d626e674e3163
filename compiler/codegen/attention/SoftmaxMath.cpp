// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/attention/SoftmaxMath.h"

#include "compiler/codegen/FloatMath.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {

SoftmaxMath::SoftmaxMath(Emitter &e, const AttentionSpec &spec)
    : lanes(e.lanesOf(spec.accumulator)), vectorType(VectorType::get({lanes}, spec.accumulator)),
      e(e), spec(spec) {}

Value SoftmaxMath::number(double value) {
  Attribute scalar = e.builder.getFloatAttr(spec.accumulator, value);
  return arith::ConstantOp::create(e.builder, e.loc, DenseElementsAttr::get(vectorType, scalar));
}

Value SoftmaxMath::none() { return number(-std::numeric_limits<double>::infinity()); }

Value SoftmaxMath::power(Value exponent) {
  if (spec.accumulator.isF32())
    return emitExponentialOfNegative(e.builder, e.loc, exponent);
  return math::ExpOp::create(e.builder, e.loc, exponent);
}

// What is not a number is lost here; exp brings it back.
Value SoftmaxMath::greater(Value a, Value b) {
  Value isGreater = arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::OGT, a, b);
  return arith::SelectOp::create(e.builder, e.loc, isGreater, a, b);
}

Value SoftmaxMath::base(Value top) {
  Value isNone = arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::OEQ, top, none());
  return arith::SelectOp::create(e.builder, e.loc, isNone, number(0), top);
}

Value SoftmaxMath::acrossLanes(Value vector, llvm::function_ref<Value(Value, Value)> combine) {
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    SmallVector<int64_t> turned;
    for (int64_t lane = 0; lane < lanes; ++lane)
      turned.push_back((lane + half) % lanes);
    vector = combine(vector, vector::ShuffleOp::create(e.builder, e.loc, vector, vector, turned));
  }
  return vector;
}

Value SoftmaxMath::where(arith::CmpFPredicate predicate, Value sum, Value then, Value otherwise) {
  Value holds = arith::CmpFOp::create(e.builder, e.loc, predicate, sum, number(0));
  return arith::SelectOp::create(e.builder, e.loc, holds, then, otherwise);
}

// The lanes are alike: CPUs divide one number several times as fast as a vector.
Value SoftmaxMath::scaleOf(Value sum) {
  Value one =
      arith::ConstantOp::create(e.builder, e.loc, e.builder.getFloatAttr(spec.accumulator, 1));
  Value first = vector::ExtractOp::create(e.builder, e.loc, sum, ArrayRef<int64_t>{0});
  Value scale = e.broadcast(arith::DivFOp::create(e.builder, e.loc, one, first), lanes);
  if (spec.undefined == UndefinedRows::Zero)
    scale = where(arith::CmpFPredicate::OEQ, sum, number(0), scale);
  return scale;
}

Value SoftmaxMath::resultOf(Value summed, Value scale, Value sum) {
  Value result = arith::MulFOp::create(e.builder, e.loc, summed, scale);
  if (spec.undefined == UndefinedRows::ZeroNan) // equal to zero, or not comparable
    result = where(arith::CmpFPredicate::UEQ, sum, number(0), result);
  return result;
}

} // namespace heddle::codegen
