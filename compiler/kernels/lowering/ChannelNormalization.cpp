// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalization with a scale and a shift for each channel, axis 1: BatchNormalization (inference),
// InstanceNormalization; and LRN, which normalizes over nearby channels.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/ReductionSpace.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace heddle;

namespace {

std::optional<AccessPattern> batchPattern(Operation *op) {
  auto norm = cast<onnx::BatchNormalizationOp>(op);
  if (norm.getTrainingMode() || op->getNumResults() != 1)
    return std::nullopt;
  return whereFloat<AccessPattern::Elementwise>(op);
}

/// x * factor + shift. Factor and shift are computed in the kernel, once a channel.
LogicalResult lowerBatchNormalization(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                      SmallVectorImpl<Value> &results) {
  auto norm = cast<onnx::BatchNormalizationOp>(op);
  ScalarMath m(b);
  Type type = elementTypeOf(norm.getY()), compute = ScalarMath::computeType(type);
  double epsilon = norm.getEpsilon().convertToDouble();
  int64_t rank = rankOf(norm.getX());
  auto widened = [&](Value x) { return m.cast(x, compute, Signedness::Signed); };
  Value scale = operands[1], shift = operands[2], mean = operands[3], variance = operands[4];
  SmallVector<DimExpr> channels = b.dims(norm.getScale());
  AffineMap same = b.identity(1);
  Value factors = b.mapAt(channels, compute, {scale, variance}, {same, same}, [&](ValueRange v) {
    Value deviation = m.sqrt(m.add(widened(v[1]), m.constant(compute, epsilon)));
    return m.div(widened(v[0]), deviation);
  });
  Value shifts =
      b.mapAt(channels, compute, {shift, mean, factors}, {same, same, same},
              [&](ValueRange v) { return m.sub(widened(v[0]), m.mul(widened(v[1]), v[2])); });
  // A tensor of one axis has one channel.
  AffineMap place =
      rank > 1 ? b.alongAxes(rank, 1) : AffineMap::get(rank, 0, b.getAffineConstantExpr(0));
  results.push_back(b.mapAt(
      b.dims(norm.getY()), type, {operands[0], factors, shifts}, {b.identity(rank), place, place},
      [&](ValueRange v) { return m.narrow(m.add(m.mul(m.widen(v[0]), v[1]), v[2]), type); }));
  return success();
}

/// The deviation's inverse from the sum of squared distances.
Value inverseDeviations(ReductionSpace &space, Value distance, double epsilon) {
  ScalarMath &m = space.scalar();
  Value squares = space.elements(distance, [&](Value v) { return m.mul(v, v); });
  return space.mapReduced(
      space.computeType(), space.reduce(ReductionKind::Sum, squares), [&](ValueRange v) {
        Type type = v[0].getType();
        Value variance = m.div(v[0], space.count(type));
        return m.div(m.one(type), m.sqrt(m.add(variance, m.constant(type, epsilon))));
      });
}

Value means(ReductionSpace &space, Value x) {
  ScalarMath &m = space.scalar();
  return space.mapReduced(space.computeType(), space.reduce(ReductionKind::Sum, x),
                          [&](ValueRange v) { return m.div(v[0], space.count(v[0].getType())); });
}

LogicalResult lowerInstanceNormalization(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                         SmallVectorImpl<Value> &results) {
  auto norm = cast<onnx::InstanceNormalizationOp>(op);
  int64_t rank = rankOf(norm.getInput());
  ReductionSpace space(b, norm.getInput(), llvm::to_vector(llvm::seq<int64_t>(2, rank)));
  ScalarMath &m = space.scalar();
  Type type = elementTypeOf(norm.getOutput());
  Value x = space.elements(operands[0]);
  Value distance = space.map({space.full(x), space.reduced(means(space, x))},
                             [&](ValueRange v) { return m.sub(v[0], v[1]); });
  Value inverse = inverseDeviations(space, distance, norm.getEpsilon().convertToDouble());
  results.push_back(space.map(
      type,
      {space.full(distance), space.reduced(inverse), space.along(operands[1], 1),
       space.along(operands[2], 1)},
      [&](ValueRange v) {
        return m.narrow(m.add(m.mul(v[0], m.mul(v[1], m.widen(v[2]))), m.widen(v[3])), type);
      }));
  return success();
}

/// x^-beta; the usual 3/4 by square roots.
Value inversePower(ScalarMath &m, Value x, double beta) {
  Type type = x.getType();
  if (beta == 0.75) {
    Value squareRoot = m.sqrt(x);
    return m.div(m.one(type), m.mul(squareRoot, m.sqrt(squareRoot)));
  }
  return m.function<math::PowFOp>(x, m.constant(type, -beta));
}

/// x / (bias + alpha / size * sum of the squares of `size` channels around)^beta.
LogicalResult lowerLrn(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                       SmallVectorImpl<Value> &results) {
  auto lrn = cast<onnx::LRNOp>(op);
  SmallVector<DimExpr> dims = b.dims(lrn.getX());
  int64_t size = lrn.getSize();
  // A size beyond the channels is no reason to visit more of them.
  DimExpr before = DimExpr::min((size - 1) / 2, dims[1]), after = DimExpr::min(size / 2, dims[1]);
  double alpha = lrn.getAlpha().convertToDouble() / static_cast<double>(size);
  double beta = lrn.getBeta().convertToDouble(), bias = lrn.getBias().convertToDouble();
  ScalarMath m(b);
  IndexMath ix(b);
  Type type = elementTypeOf(lrn.getY()), compute = ScalarMath::computeType(type);
  auto squareNearby = [&](ValueRange at) {
    Value channel = ix.sub(ix.add(at[1], at.back()), ix.value(before));
    Value inside = ix.both(ix.atLeast(channel, ix.value(0)), ix.less(channel, ix.value(dims[1])));
    Value nearby =
        b.elementOr(operands[0], replaceIndex(at.drop_back(), 1, channel), inside, m.zero(type));
    return m.mul(m.widen(nearby), m.widen(nearby));
  };
  Value sums = b.reduceWindow(dims, before + 1 + after, compute, m.zero(compute), squareNearby,
                              [&](Value sum, Value x) { return m.add(sum, x); });
  AffineMap same = b.identity(dims.size());
  results.push_back(b.mapAt(dims, type, {operands[0], sums}, {same, same}, [&](ValueRange v) {
    Value base = m.add(m.mul(v[1], m.constant(compute, alpha)), m.constant(compute, bias));
    return m.narrow(m.mul(m.widen(v[0]), inversePower(m, base, beta)), type);
  }));
  return success();
}

} // namespace

void heddle::addChannelNormalizationLowerings(StructuredLoweringTable &table) {
  addLowering(table, "BatchNormalization", {batchPattern, lowerBatchNormalization});
  addLowering(table, "InstanceNormalization",
              {whereFloat<AccessPattern::Row>, lowerInstanceNormalization});
  addLowering(table, "LRN", {whereFloat<AccessPattern::Reduction>, lowerLrn});
}
