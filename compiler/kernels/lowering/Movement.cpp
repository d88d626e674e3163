// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that move elements: here those that permute or repeat a whole tensor.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/Support.h"

using namespace mlir;
using namespace heddle;

namespace {

using Results = SmallVectorImpl<Value>;

/// A result whose element at some indices is the operand's element at `place` of them.
Value moved(KernelBuilder &b, Operation *op, Value source,
            function_ref<SmallVector<Value>(ValueRange)> place) {
  Value result = op->getResult(0);
  return b.generate(b.dims(result), signlessType(elementTypeOf(result)),
                    [&](ValueRange at) { return b.element(source, place(at)); });
}

LogicalResult lowerTranspose(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                             Results &results) {
  Value result = op->getResult(0);
  int64_t rank = rankOf(result);
  SmallVector<int64_t> axisOfOperand(rank); // the result's axis that each operand axis became
  if (auto permutation = cast<onnx::TransposeOp>(op).getPerm()) {
    for (auto [to, from] : llvm::enumerate(*permutation))
      axisOfOperand[from] = to;
  } else {
    for (int64_t axis = 0; axis < rank; ++axis)
      axisOfOperand[axis] = rank - 1 - axis;
  }
  results.push_back(b.mapAt(b.dims(result), signlessType(elementTypeOf(result)), operands.front(),
                            b.alongAxes(rank, axisOfOperand), [](ValueRange x) { return x[0]; }));
  return success();
}

LogicalResult lowerTile(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                        Results &results) {
  IndexMath ix(b);
  SmallVector<DimExpr> from = b.dims(op->getOperand(0)), to = b.dims(op->getResult(0));
  results.push_back(moved(b, op, operands.front(), [&](ValueRange at) {
    SmallVector<Value> place;
    for (unsigned axis = 0; axis < from.size(); ++axis)
      place.push_back(from[axis] == to[axis] ? at[axis] : ix.mod(at[axis], from[axis]));
    return place;
  }));
  return success();
}

/// [n, c, y, x] comes from block (y mod s, x mod s) of depth; the block is counted before the
/// channel (DCR) or after it (CRD).
LogicalResult lowerDepthToSpace(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                Results &results) {
  auto toSpace = cast<onnx::DepthToSpaceOp>(op);
  int64_t size = toSpace.getBlocksize();
  bool depthFirst = toSpace.getMode() == "DCR";
  IndexMath ix(b);
  DimExpr channels = b.dims(op->getResult(0))[1];
  b.requireEqual(b.dims(op->getOperand(0))[1], channels * (size * size));
  results.push_back(moved(b, op, operands.front(), [&](ValueRange at) -> SmallVector<Value> {
    Value block = ix.add(ix.mul(ix.mod(at[2], size), size), ix.mod(at[3], size));
    Value depth = depthFirst ? ix.add(ix.mul(block, channels), at[1])
                             : ix.add(ix.mul(at[1], size * size), block);
    return {at[0], depth, ix.div(at[2], size), ix.div(at[3], size)};
  }));
  return success();
}

LogicalResult lowerSpaceToDepth(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                Results &results) {
  int64_t size = cast<onnx::SpaceToDepthOp>(op).getBlocksize();
  IndexMath ix(b);
  SmallVector<DimExpr> from = b.dims(op->getOperand(0)), to = b.dims(op->getResult(0));
  DimExpr channels = from[1];
  for (unsigned axis : {2, 3})
    b.requireEqual(from[axis], to[axis] * size);
  results.push_back(moved(b, op, operands.front(), [&](ValueRange at) -> SmallVector<Value> {
    Value block = ix.div(at[1], channels), channel = ix.mod(at[1], channels);
    Value y = ix.add(ix.mul(at[2], size), ix.div(block, size));
    Value x = ix.add(ix.mul(at[3], size), ix.mod(block, size));
    return {at[0], channel, y, x};
  }));
  return success();
}

/// The lengths of the sequences are data; one longer than the axis fails the kernel.
LogicalResult lowerReverseSequence(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                   Results &results) {
  auto reverse = cast<onnx::ReverseSequenceOp>(op);
  int64_t batchAxis = reverse.getBatchAxis(), timeAxis = reverse.getTimeAxis();
  IndexMath ix(b);
  SmallVector<DimExpr> dims = b.dims(op->getOperand(0));
  DimExpr steps = dims[timeAxis];
  b.requireEqual(b.dims(op->getOperand(1))[0], dims[batchAxis]);
  results.push_back(moved(b, op, operands[0], [&](ValueRange at) {
    Value length = ix.fromElement(b.element(operands[1], at[batchAxis]));
    Value mirrored = ix.sub(ix.sub(length, 1), at[timeAxis]);
    Value time = ix.select(ix.less(at[timeAxis], length), mirrored, at[timeAxis]);
    return replaceIndex(at, timeAxis, CheckedIndexOp::create(b, time, ix.value(steps)));
  }));
  return success();
}

/// Elements on one side of a diagonal, zeros elsewhere. The diagonal is data.
LogicalResult lowerTrilu(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                         Results &results) {
  auto trilu = cast<onnx::TriluOp>(op);
  Value result = op->getResult(0);
  Type type = signlessType(elementTypeOf(result));
  int64_t rank = rankOf(result);
  IndexMath ix(b);
  if (trilu.getK())
    requireScalar(b, operands[1]);
  SmallVector<DimExpr> dims = b.dims(result);
  // Beyond the corners all diagonals are alike, and a sum with them does not overflow.
  Value lowest = ix.value(-dims[rank - 2]), highest = ix.value(dims[rank - 1]);
  results.push_back(b.mapAt(dims, type, operands[0], b.identity(rank), [&](ValueRange x) {
    Value row = b.placeIndex(rank - 2), column = b.placeIndex(rank - 1), diagonal = row;
    if (trilu.getK())
      diagonal = ix.add(row, ix.clamp(ix.fromElement(scalarOf(b, operands[1])), lowest, highest));
    Value stays = trilu.getUpper() ? ix.atLeast(column, diagonal) : ix.atLeast(diagonal, column);
    return ix.select(stays, x[0], ScalarMath(b).zero(type));
  }));
  return success();
}

} // namespace

void heddle::addMovementLowerings(StructuredLoweringTable &table) {
  constexpr auto irregular = whereComputable<AccessPattern::Irregular>;
  static constexpr unsigned repeats[] = {1};
  addLowering(table, "Transpose", {irregular, lowerTranspose});
  addLowering(table, "Tile", {irregular, lowerTile, repeats});
  addLowering(table, "DepthToSpace", {irregular, lowerDepthToSpace});
  addLowering(table, "SpaceToDepth", {irregular, lowerSpaceToDepth});
  addLowering(table, "ReverseSequence", {irregular, lowerReverseSequence});
  addLowering(table, "Trilu", {irregular, lowerTrilu});
  addSliceLowerings(table);
  addPadLowerings(table);
  addGatherLowerings(table);
  addFillLowerings(table);
  addResizeLowerings(table);
  addSamplingLowerings(table);
}
