// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ArgMax and ArgMin, as two reductions: the extreme value, then the first or last index that has
// it. A NaN is the extreme of any row that has one.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/ReductionSpace.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace heddle;

namespace {

template <typename ArgOp> int64_t axisOf(Operation *op) {
  return positiveAxis(cast<ArgOp>(op).getAxis(), rankOf(op->getOperand(0)));
}

template <typename ArgOp> std::optional<AccessPattern> argExtremumPattern(Operation *op) {
  if (!isComputable(op))
    return std::nullopt;
  return rowOrReduction(axisOf<ArgOp>(op), rankOf(op->getOperand(0)));
}

template <typename ArgOp, ReductionKind extreme>
LogicalResult lowerArgExtremum(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                               SmallVectorImpl<Value> &results) {
  auto arg = cast<ArgOp>(op);
  int64_t axis = axisOf<ArgOp>(op);
  b.require(b.dims(arg.getData())[axis], 1);
  ReductionSpace space(b, arg.getData(), axis);
  ScalarMath &m = space.scalar();
  Value x = space.elements(operands[0]);
  Value most = space.reduce(extreme, x);
  Type i64 = b.getI64Type();
  bool last = arg.getSelectLastIndex();
  Value none =
      last ? m.constantInt(i64, -1) : m.constantInt(i64, std::numeric_limits<int64_t>::max());
  Value candidates = space.map(i64, {space.full(x), space.reduced(most)}, [&](ValueRange v) {
    Value isMost = m.equal(v[0], v[1]);
    if (isa<FloatType>(v[0].getType()))
      isMost = m.logicalOr(isMost, arith::CmpFOp::create(b, arith::CmpFPredicate::UNO, v[0], v[0]));
    Value index = b.placeIndex(axis);
    return m.select(isMost, IndexMath(b).toElement(index, i64), none);
  });
  // Indices are signed, whatever the elements are.
  SmallVector<DimExpr> dims = b.dims(arg.getData());
  ScalarMath signedMath(b);
  results.push_back(b.reduce(
      candidates, dims, axis, none,
      [&](Value found, Value index) {
        return last ? signedMath.max(found, index) : signedMath.min(found, index);
      },
      arg.getKeepdims()));
  return success();
}

} // namespace

void heddle::addArgExtremumLowerings(StructuredLoweringTable &table) {
  addLowering(
      table, "ArgMax",
      {argExtremumPattern<onnx::ArgMaxOp>, lowerArgExtremum<onnx::ArgMaxOp, ReductionKind::Max>});
  addLowering(
      table, "ArgMin",
      {argExtremumPattern<onnx::ArgMinOp>, lowerArgExtremum<onnx::ArgMinOp, ReductionKind::Min>});
}
