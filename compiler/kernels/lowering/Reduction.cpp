// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reduce* and the global pools: each is a function of every element, a combination of those, and a
// function of the outcome.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/ReductionSpace.h"

using namespace mlir;
using namespace heddle;

namespace {

/// The axes of a Reduce operation; nothing where they are not known.
std::optional<SmallVector<int64_t>> reducedAxes(Operation *op) {
  int64_t rank = rankOf(op->getOperand(0));
  SmallVector<int64_t> axes;
  if (op->getNumOperands() > 1) {
    auto given = constantIntegers(op->getOperand(1));
    if (!given)
      return std::nullopt;
    for (int64_t axis : *given)
      axes.push_back(positiveAxis(axis, rank));
  }
  auto noopWhenEmpty = op->getAttrOfType<IntegerAttr>("noop_with_empty_axes");
  if (axes.empty() && !(noopWhenEmpty && noopWhenEmpty.getInt()))
    llvm::append_range(axes, llvm::seq<int64_t>(0, rank));
  return axes;
}

std::optional<SmallVector<int64_t>> spatialAxes(Operation *op) {
  return llvm::to_vector(llvm::seq<int64_t>(2, rankOf(op->getOperand(0))));
}

template <auto axesOf> std::optional<AccessPattern> reductionPattern(Operation *op) {
  if (!isComputable(op))
    return std::nullopt;
  std::optional<SmallVector<int64_t>> axes = axesOf(op);
  return axes ? std::optional(rowOrReduction(*axes, rankOf(op->getOperand(0)))) : std::nullopt;
}

std::optional<AccessPattern> floatReductionPattern(Operation *op) {
  return hasFloatElements(op->getOperand(0)) ? reductionPattern<reducedAxes>(op) : std::nullopt;
}

bool keepsDims(Operation *op) {
  auto keepDims = op->getAttrOfType<IntegerAttr>("keepdims");
  return !keepDims || keepDims.getInt() != 0;
}

/// What a reduction does besides combining: a function of each element, and of what they combine
/// to and their number.
using Element = Value (*)(ScalarMath &m, Value x);
using Outcome = Value (*)(ScalarMath &m, Value x, Value count);

Value same(ScalarMath &, Value x) { return x; }
Value square(ScalarMath &m, Value x) { return m.mul(x, x); }
Value magnitude(ScalarMath &m, Value x) { return m.abs(x); }
Value unchanged(ScalarMath &, Value x, Value) { return x; }
Value average(ScalarMath &m, Value x, Value count) { return m.div(x, count); }
/// Of an integer: computed in f64 and truncated.
template <Value (ScalarMath::*function)(Value)> Value floatFunction(ScalarMath &m, Value x, Value) {
  if (isa<FloatType>(x.getType()))
    return (m.*function)(x);
  Value wide = m.cast(x, Float64Type::get(x.getContext()), Signedness::Signed);
  return m.cast((m.*function)(wide), x.getType(), Signedness::Signed);
}

template <ReductionKind kind, Element element, Outcome outcome, auto axesOf>
LogicalResult lowerReduction(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                             SmallVectorImpl<Value> &results) {
  ReductionSpace space(b, op->getOperand(0), *axesOf(op));
  ScalarMath &m = space.scalar();
  Type type = signlessType(elementTypeOf(op->getResult(0)));
  Value elements = space.elements(operands[0], [&](Value x) { return element(m, x); });
  if (outcome == unchanged && type == space.computeType()) {
    results.push_back(space.reduce(kind, elements, keepsDims(op)));
    return success();
  }
  auto finish = [&](ValueRange x) {
    return m.narrow(outcome(m, x[0], space.count(x[0].getType())), type);
  };
  results.push_back(space.mapReduced(type, space.reduce(kind, elements), finish, keepsDims(op)));
  return success();
}

/// log(sum(exp(x - top))) + top, with the greatest element as top unless that is infinite.
LogicalResult lowerLogSumExp(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                             SmallVectorImpl<Value> &results) {
  ReductionSpace space(b, op->getOperand(0), *reducedAxes(op));
  ScalarMath &m = space.scalar();
  Value x = space.elements(operands[0]);
  auto finiteOrZero = [&](ValueRange v) {
    Value isInfinite = m.equal(m.abs(v[0]), m.highest(v[0].getType()));
    return m.select(isInfinite, m.zero(v[0].getType()), v[0]);
  };
  Value top =
      space.mapReduced(space.computeType(), space.reduce(ReductionKind::Max, x), finiteOrZero);
  Value powers = space.map({space.full(x), space.reduced(top)},
                           [&](ValueRange v) { return m.exp(m.sub(v[0], v[1])); });
  Value sum = space.reduce(ReductionKind::Sum, powers);
  Type type = elementTypeOf(op->getResult(0));
  results.push_back(space.mapReduced(
      type, {sum, top}, [&](ValueRange v) { return m.narrow(m.add(m.log(v[0]), v[1]), type); },
      keepsDims(op)));
  return success();
}

/// (sum |x|^p)^(1/p)
LogicalResult lowerGlobalLpPool(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                SmallVectorImpl<Value> &results) {
  ReductionSpace space(b, op->getOperand(0), *spatialAxes(op));
  int64_t p = cast<onnx::GlobalLpPoolOp>(op).getP();
  ScalarMath &m = space.scalar();
  Type type = elementTypeOf(op->getResult(0));
  Value powers = space.elements(operands[0], [&](Value x) { return absolutePower(m, x, p); });
  results.push_back(
      space.mapReduced(type, space.reduce(ReductionKind::Sum, powers),
                       [&](ValueRange sum) { return m.narrow(root(m, sum[0], p), type); }));
  return success();
}

} // namespace

void heddle::addReductionLowerings(StructuredLoweringTable &table) {
  static constexpr unsigned axes[] = {1};
  using enum ReductionKind;
  auto add = [&](StringRef name, auto lower) {
    addLowering(table, name, {reductionPattern<reducedAxes>, lower, axes});
  };
  add("ReduceSum", lowerReduction<Sum, same, unchanged, reducedAxes>);
  add("ReduceMean", lowerReduction<Sum, same, average, reducedAxes>);
  add("ReduceMax", lowerReduction<Max, same, unchanged, reducedAxes>);
  add("ReduceMin", lowerReduction<Min, same, unchanged, reducedAxes>);
  add("ReduceProd", lowerReduction<Product, same, unchanged, reducedAxes>);
  add("ReduceL1", lowerReduction<Sum, magnitude, unchanged, reducedAxes>);
  add("ReduceL2", lowerReduction<Sum, square, floatFunction<&ScalarMath::sqrt>, reducedAxes>);
  add("ReduceSumSquare", lowerReduction<Sum, square, unchanged, reducedAxes>);
  add("ReduceLogSum", lowerReduction<Sum, same, floatFunction<&ScalarMath::log>, reducedAxes>);
  addLowering(table, "ReduceLogSumExp", {floatReductionPattern, lowerLogSumExp, axes});

  auto addGlobal = [&](StringRef name, auto lower) {
    addLowering(table, name, {reductionPattern<spatialAxes>, lower});
  };
  addGlobal("GlobalAveragePool", lowerReduction<Sum, same, average, spatialAxes>);
  addGlobal("GlobalMaxPool", lowerReduction<Max, same, unchanged, spatialAxes>);
  addGlobal("GlobalLpPool", lowerGlobalLpPool);
  addArgExtremumLowerings(table);
}
