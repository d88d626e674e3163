// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax, LogSoftmax and Hardmax over one axis.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/ReductionSpace.h"

using namespace mlir;
using namespace heddle;

namespace {

template <typename SoftmaxOp> int64_t axisOf(Operation *op) {
  return positiveAxis(cast<SoftmaxOp>(op).getAxis(), rankOf(op->getOperand(0)));
}

template <typename SoftmaxOp> std::optional<AccessPattern> softmaxPattern(Operation *op) {
  if (!isComputable(op) || rankOf(op->getOperand(0)) == 0)
    return std::nullopt;
  return rowOrReduction(axisOf<SoftmaxOp>(op), rankOf(op->getOperand(0)));
}

/// The elements of rows, the greatest of each, and e to the power of what they are below it.
struct Powers {
  Value x, top, powers;
};

Powers powersOf(ReductionSpace &space, Value operand) {
  ScalarMath &m = space.scalar();
  Value x = space.elements(operand);
  Value top = space.reduce(ReductionKind::Max, x);
  return {x, top, space.map({space.full(x), space.reduced(top)}, [&](ValueRange v) {
            return m.exp(m.sub(v[0], v[1]));
          })};
}

LogicalResult lowerSoftmax(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                           SmallVectorImpl<Value> &results) {
  ReductionSpace space(b, op->getOperand(0), axisOf<onnx::SoftmaxOp>(op));
  ScalarMath &m = space.scalar();
  Type type = elementTypeOf(op->getResult(0));
  auto [x, top, powers] = powersOf(space, operands[0]);
  Value sum = space.reduce(ReductionKind::Sum, powers);
  // One division a row.
  Value scale = space.mapReduced(space.computeType(), sum,
                                 [&](ValueRange v) { return m.div(m.one(v[0].getType()), v[0]); });
  results.push_back(space.map(type, {space.full(powers), space.reduced(scale)},
                              [&](ValueRange v) { return m.narrow(m.mul(v[0], v[1]), type); }));
  return success();
}

LogicalResult lowerLogSoftmax(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                              SmallVectorImpl<Value> &results) {
  ReductionSpace space(b, op->getOperand(0), axisOf<onnx::LogSoftmaxOp>(op));
  ScalarMath &m = space.scalar();
  Type type = elementTypeOf(op->getResult(0));
  auto [x, top, powers] = powersOf(space, operands[0]);
  Value log = space.mapReduced(space.computeType(), space.reduce(ReductionKind::Sum, powers),
                               [&](ValueRange v) { return m.log(v[0]); });
  results.push_back(
      space.map(type, {space.full(x), space.reduced(top), space.reduced(log)},
                [&](ValueRange v) { return m.narrow(m.sub(m.sub(v[0], v[1]), v[2]), type); }));
  return success();
}

/// One where the greatest element of the row first is, zero elsewhere.
LogicalResult lowerHardmax(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                           SmallVectorImpl<Value> &results) {
  int64_t axis = axisOf<onnx::HardmaxOp>(op);
  ReductionSpace space(b, op->getOperand(0), axis);
  ScalarMath &m = space.scalar();
  Type type = elementTypeOf(op->getResult(0)), i64 = b.getI64Type();
  Value x = space.elements(operands[0]);
  Value top = space.reduce(ReductionKind::Max, x);
  IndexMath ix(b);
  auto axisIndex = [&] { return ix.toElement(b.placeIndex(axis), i64); };
  Value none = m.constantInt(i64, std::numeric_limits<int64_t>::max());
  Value candidates = space.map(i64, {space.full(x), space.reduced(top)}, [&](ValueRange v) {
    return m.select(m.equal(v[0], v[1]), axisIndex(), none);
  });
  Value first = space.reduce(ReductionKind::Min, candidates);
  results.push_back(space.map(type, space.reduced(first), [&](ValueRange v) {
    return m.select(m.equal(v[0], axisIndex()), m.one(type), m.zero(type));
  }));
  return success();
}

} // namespace

void heddle::addSoftmaxLowerings(StructuredLoweringTable &table) {
  addLowering(table, "Softmax", {softmaxPattern<onnx::SoftmaxOp>, lowerSoftmax});
  addLowering(table, "LogSoftmax", {softmaxPattern<onnx::LogSoftmaxOp>, lowerLogSoftmax});
  addLowering(table, "Hardmax", {softmaxPattern<onnx::HardmaxOp>, lowerHardmax});
}
