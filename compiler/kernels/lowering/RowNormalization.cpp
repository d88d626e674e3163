// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalization over trailing axes: LayerNormalization, RMSNormalization; and over any axes:
// MeanVarianceNormalization, LpNormalization.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/ReductionSpace.h"

using namespace mlir;
using namespace heddle;

namespace {

SmallVector<int64_t> axesFrom(int64_t first, int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(positiveAxis(first, rank), rank));
}

double number(const APFloat &value) { return value.convertToDouble(); }

/// 1 / sqrt(mean square + epsilon), one for each row of `x`.
Value inverseDeviation(ReductionSpace &space, Value x, double epsilon) {
  ScalarMath &m = space.scalar();
  Value squares = space.elements(x, [&](Value v) { return m.mul(v, v); });
  Value sum = space.reduce(ReductionKind::Sum, squares);
  return space.mapReduced(space.computeType(), sum, [&](ValueRange v) {
    Type type = v[0].getType();
    Value variance = m.add(m.div(v[0], space.count(type)), m.constant(type, epsilon));
    return m.div(m.one(type), m.sqrt(variance));
  });
}

Value meanOf(ReductionSpace &space, Value x) {
  ScalarMath &m = space.scalar();
  return space.mapReduced(space.computeType(), space.reduce(ReductionKind::Sum, x),
                          [&](ValueRange v) { return m.div(v[0], space.count(v[0].getType())); });
}

Value centred(ReductionSpace &space, Value x, Value mean) {
  return space.map({space.full(x), space.reduced(mean)},
                   [&](ValueRange v) { return space.scalar().sub(v[0], v[1]); });
}

LogicalResult lowerLayerNormalization(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                      SmallVectorImpl<Value> &results) {
  auto norm = cast<onnx::LayerNormalizationOp>(op);
  ReductionSpace space(b, norm.getX(), axesFrom(norm.getAxis(), rankOf(norm.getX())));
  ScalarMath &m = space.scalar();
  Type type = elementTypeOf(norm.getY());
  Value x = space.elements(operands[0]);
  Value mean = meanOf(space, x);
  Value distance = centred(space, x, mean);
  Value inverse = inverseDeviation(space, distance, number(norm.getEpsilon()));
  SmallVector<ReductionSpace::Operand> inputs = {
      space.full(distance), space.reduced(inverse),
      space.broadcast(operands[1], b.dims(norm.getScale()))};
  if (norm.getB())
    inputs.push_back(space.broadcast(operands[2], b.dims(norm.getB())));
  results.push_back(space.map(type, inputs, [&](ValueRange v) {
    Value y = m.mul(m.mul(v[0], v[1]), m.widen(v[2]));
    return m.narrow(v.size() > 3 ? m.add(y, m.widen(v[3])) : y, type);
  }));
  for (auto [result, value] : {std::pair(norm.getMean(), mean), {norm.getInvStdDev(), inverse}})
    if (result)
      results.push_back(
          space.mapReduced(elementTypeOf(result), value, [&, result = result](ValueRange v) {
            return ScalarMath(b).cast(v[0], elementTypeOf(result), Signedness::Signed);
          }));
  return success();
}

LogicalResult lowerRmsNormalization(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                    SmallVectorImpl<Value> &results) {
  auto norm = cast<onnx::RMSNormalizationOp>(op);
  ReductionSpace space(b, norm.getX(), axesFrom(norm.getAxis(), rankOf(norm.getX())));
  ScalarMath &m = space.scalar();
  Type type = elementTypeOf(norm.getY());
  Value x = space.elements(operands[0]);
  Value inverse = inverseDeviation(space, x, number(norm.getEpsilon()));
  results.push_back(space.map(
      type,
      {space.full(x), space.reduced(inverse),
       space.broadcast(operands[1], b.dims(norm.getScale()))},
      [&](ValueRange v) { return m.narrow(m.mul(m.mul(v[0], v[1]), m.widen(v[2])), type); }));
  return success();
}

SmallVector<int64_t> meanVarianceAxes(Operation *op) {
  auto given = cast<onnx::MeanVarianceNormalizationOp>(op).getAxes();
  SmallVector<int64_t> axes = given ? SmallVector<int64_t>(*given) : SmallVector<int64_t>{0, 2, 3};
  for (int64_t &axis : axes)
    axis = positiveAxis(axis, rankOf(op->getOperand(0)));
  return axes;
}

std::optional<AccessPattern> meanVariancePattern(Operation *op) {
  if (!whereFloat<AccessPattern::Reduction>(op))
    return std::nullopt;
  return rowOrReduction(meanVarianceAxes(op), rankOf(op->getOperand(0)));
}

/// The specification's own formula adds this to the deviation.
constexpr double kMeanVarianceEpsilon = 1e-9;

LogicalResult lowerMeanVariance(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                SmallVectorImpl<Value> &results) {
  ReductionSpace space(b, op->getOperand(0), meanVarianceAxes(op));
  ScalarMath &m = space.scalar();
  Type type = elementTypeOf(op->getResult(0));
  Value x = space.elements(operands[0]);
  Value distance = centred(space, x, meanOf(space, x));
  Value squares = space.elements(distance, [&](Value v) { return m.mul(v, v); });
  Value inverse = space.mapReduced(
      space.computeType(), space.reduce(ReductionKind::Sum, squares), [&](ValueRange v) {
        Type compute = v[0].getType();
        Value deviation = m.sqrt(m.div(v[0], space.count(compute)));
        return m.div(m.one(compute), m.add(deviation, m.constant(compute, kMeanVarianceEpsilon)));
      });
  results.push_back(space.map(type, {space.full(distance), space.reduced(inverse)},
                              [&](ValueRange v) { return m.narrow(m.mul(v[0], v[1]), type); }));
  return success();
}

int64_t lpAxis(Operation *op) {
  return positiveAxis(cast<onnx::LpNormalizationOp>(op).getAxis(), rankOf(op->getOperand(0)));
}

std::optional<AccessPattern> lpPattern(Operation *op) {
  if (!whereFloat<AccessPattern::Row>(op))
    return std::nullopt;
  return rowOrReduction(lpAxis(op), rankOf(op->getOperand(0)));
}

/// x / (sum |x|^p)^(1/p); rows of zeros stay zeros.
LogicalResult lowerLpNormalization(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                   SmallVectorImpl<Value> &results) {
  int64_t p = cast<onnx::LpNormalizationOp>(op).getP();
  ReductionSpace space(b, op->getOperand(0), lpAxis(op));
  ScalarMath &m = space.scalar();
  Type type = elementTypeOf(op->getResult(0));
  Value x = space.elements(operands[0]);
  Value powers = space.elements(x, [&](Value v) { return absolutePower(m, v, p); });
  Value norm = space.mapReduced(space.computeType(), space.reduce(ReductionKind::Sum, powers),
                                [&](ValueRange v) {
                                  Value norm = root(m, v[0], p);
                                  Value isZero = m.equal(norm, m.zero(norm.getType()));
                                  return m.select(isZero, m.one(norm.getType()), norm);
                                });
  results.push_back(space.map(type, {space.full(x), space.reduced(norm)},
                              [&](ValueRange v) { return m.narrow(m.div(v[0], v[1]), type); }));
  return success();
}

} // namespace

void heddle::addRowNormalizationLowerings(StructuredLoweringTable &table) {
  constexpr auto row = whereFloat<AccessPattern::Row>;
  addLowering(table, "LayerNormalization", {row, lowerLayerNormalization});
  addLowering(table, "RMSNormalization", {row, lowerRmsNormalization});
  addLowering(table, "MeanVarianceNormalization", {meanVariancePattern, lowerMeanVariance});
  addLowering(table, "LpNormalization", {lpPattern, lowerLpNormalization});
}
