// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Totals of many steps may leave the range of their type where the states do not, and then they are not
// what the steps do: infinities and what comes of them, and products that vanish and grow again,
// 1e-30 * 1e-30 * 1e30 * 1e30. Such totals become NaN, which no state hides that is computed with one,
// and where a state is out of range the steps are taken one by one (LanesOfPoints.cpp). That it also is
// where it all but vanishes within one total: of a product that vanished nothing is left to tell by what.

#include "compiler/codegen/recurrence/RecurrenceEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle {
namespace {

FloatType floatOf(Value value) {
  return dyn_cast<FloatType>(getElementTypeOrSelf(value.getType()));
}

/// The number in all lanes that the value has.
Value constantLike(OpBuilder &b, Location loc, Value value, const APFloat &number) {
  Attribute attribute = FloatAttr::get(floatOf(value), number);
  if (auto vector = dyn_cast<VectorType>(value.getType()))
    attribute = DenseElementsAttr::get(vector, attribute);
  return arith::ConstantOp::create(b, loc, cast<TypedAttr>(attribute));
}

APFloat leastNormal(Value value) {
  return APFloat::getSmallestNormalized(floatOf(value).getFloatSemantics());
}

/// So much less than before that a product below the least normal number may have made it.
Value hasVanished(OpBuilder &b, Location loc, Value before, Value after) {
  const llvm::fltSemantics &semantics = floatOf(before).getFloatSemantics();
  APFloat part = scalbn(leastNormal(before), 6 + APFloat::semanticsPrecision(semantics),
                        APFloat::rmNearestTiesToEven);
  Value least = arith::MulFOp::create(b, loc, math::AbsFOp::create(b, loc, before),
                                      constantLike(b, loc, before, part));
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT,
                               math::AbsFOp::create(b, loc, after), least);
}

Value nanWhere(OpBuilder &b, Location loc, Value condition, Value value) {
  Value nan = constantLike(b, loc, value, APFloat::getNaN(floatOf(value).getFloatSemantics()));
  return arith::SelectOp::create(b, loc, condition, nan, value);
}

/// Infinite or NaN.
Value isInfinite(OpBuilder &b, Location loc, Value value) {
  Value infinity = constantLike(b, loc, value, APFloat::getInf(floatOf(value).getFloatSemantics()));
  return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UGE,
                               math::AbsFOp::create(b, loc, value), infinity);
}

} // namespace

/// q <- max(q |x|, least). Two steps at once, max(q |x y|, least max(|y|, 1)), so that this does not take
/// longer than the product itself, an operation of which waits for the one before.
SmallVector<Lanes> RecurrenceEmitter::magnitudes(ArrayRef<Lanes> soFar, ArrayRef<Lanes> first,
                                                 ArrayRef<Lanes> second) {
  Location loc = b.getLoc();
  auto greater = [&](Value x, Value y) -> Value {
    Value isMore = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y);
    return arith::SelectOp::create(b, loc, isMore, x, y);
  };
  SmallVector<Lanes> next;
  for (auto [k, i] : llvm::enumerate(spec.products)) {
    Lanes &lanes = next.emplace_back();
    for (auto [slot, element] : llvm::enumerate(first[i])) {
      Value size = math::AbsFOp::create(b, loc, element);
      if (!soFar.empty()) {
        Value least = constantLike(b, loc, size, leastNormal(size));
        if (!second.empty()) {
          Value last = math::AbsFOp::create(b, loc, second[i][slot]);
          Value one = constantLike(b, loc, size, APFloat::getOne(leastNormal(size).getSemantics()));
          size = arith::MulFOp::create(b, loc, size, last);
          least = arith::MulFOp::create(b, loc, greater(last, one), least);
        }
        size = greater(arith::MulFOp::create(b, loc, soFar[k][slot], size), least);
      }
      lanes.push_back(size);
    }
  }
  return next;
}

void RecurrenceEmitter::distrust(MutableArrayRef<Lanes> totals, ArrayRef<Lanes> magnitudes) {
  Location loc = b.getLoc();
  for (auto [i, lanes] : llvm::enumerate(totals)) {
    if (!spec.mayLeaveRange[i])
      continue;
    auto product = llvm::find(spec.products, i);
    for (auto [slot, total] : llvm::enumerate(lanes)) {
      Value isWrong = isInfinite(b, loc, total);
      if (product != spec.products.end()) {
        Value magnitude = magnitudes[product - spec.products.begin()][slot];
        // One that has just grown above the bound tells of no more than a product of that size.
        APFloat bound = scalbn(leastNormal(total), 6, APFloat::rmNearestTiesToEven);
        Value own = math::AbsFOp::create(b, loc, total);
        Value differs = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT,
                                              arith::AddFOp::create(b, loc, own, own), magnitude);
        Value grew = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, magnitude,
                                           constantLike(b, loc, total, bound));
        isWrong =
            arith::OrIOp::create(b, loc, isWrong, arith::AndIOp::create(b, loc, differs, grew));
      }
      total = nanWhere(b, loc, isWrong, total);
    }
  }
}

/// Of totals of totals. (Products are followed already, and those of elements go through all steps.)
void RecurrenceEmitter::distrustVanished(ArrayRef<Lanes> before, MutableArrayRef<Lanes> after) {
  Location loc = b.getLoc();
  for (auto [i, lanes] : llvm::enumerate(after))
    if (spec.ofTotals && spec.mayLeaveRange[i] && !llvm::is_contained(spec.products, i))
      for (auto [old, total] : llvm::zip(before[i], lanes))
        total = nanWhere(b, loc, hasVanished(b, loc, old, total), total);
}

Value RecurrenceEmitter::isOutOfRange(ArrayRef<Lanes> before, ArrayRef<Lanes> after) {
  Location loc = b.getLoc();
  Value any;
  for (auto [i, lanes] : llvm::enumerate(after)) {
    if (!spec.mayLeaveRange[i])
      continue;
    for (unsigned v = 0; v < vectors(); ++v) {
      unsigned slot = slotOf(stepArgument(i), v);
      Value is = arith::OrIOp::create(b, loc, isInfinite(b, loc, lanes[slot]),
                                      hasVanished(b, loc, before[i][slot], lanes[slot]));
      if (isa<VectorType>(is.getType())) {
        if (Value some = mask(v))
          is = arith::AndIOp::create(b, loc, is, some);
        is = vector::ReductionOp::create(b, loc, vector::CombiningKind::OR, is);
      }
      any = any ? arith::OrIOp::create(b, loc, any, is) : is;
    }
  }
  return any;
}

} // namespace heddle
