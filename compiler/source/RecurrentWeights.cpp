// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/source/RecurrentWeights.h"

using namespace mlir;

namespace heddle {
namespace {

Value productOfBytes(Arithmetic &m, Value x, const RecurrentWeights &weights) {
  auto scalarOf = [](Type element) { return RankedTensorType::get({}, element); };
  Type byte = m.b.getIntegerType(8, /*isSigned=*/false);
  auto rounded = onnx::DynamicQuantizeLinearOp::create(
      m.b, m.loc, TypeRange{withElement(x.getType(), byte), scalarOf(elementOf(x)), scalarOf(byte)},
      ValueRange{x});
  Type sums = tensorWithDims({dimsOf(x)[0], dimsOf(weights.bytes)[1]}, m.b.getI32Type());
  Value sum = onnx::MatMulIntegerOp::create(m.b, m.loc, sums, rounded.getY(), weights.bytes,
                                            rounded.getYZeroPoint(), weights.zeroPoint);
  return m.mul(m.toF32(sum), m.mul(rounded.getYScale(), weights.scale));
}

} // namespace

Value partOfDirection(Arithmetic &m, Value all, int64_t direction, int64_t directions) {
  if (directions == 1)
    return all;
  int64_t size = *dimsOf(all)[0].asConstant() / directions;
  return m.sliced(all, 0, direction * size, (direction + 1) * size);
}

RecurrentWeights weightsOfDirection(Arithmetic &m, Value all, int64_t direction, int64_t directions,
                                    bool roundsOperands) {
  Dims dims = dimsOf(all);
  int64_t rows = *dims[1].asConstant(), columns = *dims[2].asConstant();
  RecurrentWeights found;
  found.numbers = m.viewed(partOfDirection(m, all, direction, directions), {rows, columns});
  auto view = all.getDefiningOp<onnx::ReshapeOp>();
  auto stored = view ? view.getData().getDefiningOp<onnx::DequantizeLinearOp>() : nullptr;
  if (!roundsOperands || !stored || !stored.getXZeroPoint() ||
      !dimsOf(stored.getXScale())[0].asConstant())
    return found;
  // A direction has one scale, or one for each of its rows.
  auto ofDirection = [&](Value value) {
    return m.asScalar(partOfDirection(m, value, direction, directions));
  };
  Value bytes = m.viewed(stored.getX(), {directions, rows, columns});
  bytes = m.viewed(partOfDirection(m, bytes, direction, directions), {rows, columns});
  found.bytes = m.exchanged(bytes, 0, 1);
  found.scale = ofDirection(stored.getXScale());
  found.zeroPoint = ofDirection(stored.getXZeroPoint());
  return found;
}

Value product(Arithmetic &m, Value x, const RecurrentWeights &weights, Value added) {
  if (weights.bytes) {
    Value result = productOfBytes(m, x, weights);
    return added ? m.add(result, added) : result;
  }
  Type type = tensorWithDims({dimsOf(x)[0], dimsOf(weights.numbers)[0]}, elementOf(x));
  SmallVector<Value> operands{x, weights.numbers};
  if (added)
    operands.push_back(added);
  auto isTransposed = m.b.getNamedAttr("transB", m.b.getI64IntegerAttr(1));
  return onnx::GemmOp::create(m.b, m.loc, TypeRange{type}, operands, ArrayRef{isTransposed})
      .getResult();
}

} // namespace heddle
