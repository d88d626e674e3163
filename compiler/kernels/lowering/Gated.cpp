// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts of transformer layers: RotaryEmbedding, SwiGLU.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/Support.h"

using namespace mlir;
using namespace heddle;

namespace {

/// a * sigmoid(alpha * a) * b
LogicalResult lowerSwiGlu(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                          SmallVectorImpl<Value> &results) {
  ScalarMath m(b);
  double alpha = cast<onnx::SwiGLUOp>(op).getAlpha().convertToDouble();
  results.push_back(b.map(op->getResult(0), operands, [&](ValueRange x) {
    Value gate = m.widen(x[0]), value = m.widen(x[1]);
    Value scaled = m.mul(gate, m.constant(gate.getType(), alpha));
    return m.narrow(m.mul(m.mul(gate, m.sigmoid(scaled)), value), x[0].getType());
  }));
  return success();
}

/// How the last axis of X is made of heads and the parts of a head that rotate.
struct RotaryShape {
  DimExpr headSize, rotated, half;
  bool isFlat; // [batch, sequence, heads * headSize] instead of [batch, head, sequence, headSize]
};

/// Refuses sizes of heads that do not fit.
RotaryShape rotaryShape(KernelBuilder &b, onnx::RotaryEmbeddingOp rotary) {
  SmallVector<DimExpr> dims = b.dims(rotary.getX());
  bool isFlat = dims.size() == 3;
  DimExpr headSize = dims.back();
  if (isFlat) {
    // com.microsoft leaves the number of heads to the caches.
    int64_t heads = rotary.getNumHeads().value_or(0);
    headSize = heads ? headSize.floorDiv(heads) : b.dims(rotary.getCosCache()).back() * 2;
    b.require(headSize, 1);
    headSize = DimExpr::max(headSize, 1);
    b.requireEqual(dims.back(), dims.back().floorDiv(headSize) * headSize);
  }
  int64_t given = rotary.getRotaryEmbeddingDim();
  DimExpr rotated = given > 0 ? DimExpr(given) : headSize;
  b.require(headSize - rotated, 0);
  return {headSize, rotated, rotated.floorDiv(2), isFlat};
}

std::optional<AccessPattern> rotaryPattern(Operation *op) {
  auto rotary = cast<onnx::RotaryEmbeddingOp>(op);
  int64_t rank = rankOf(rotary.getX());
  unsigned cacheRank = rotary.getPositionIds() ? 2 : 3;
  if ((rank != 4 && rank != 3) || static_cast<int64_t>(rotary.getNumHeads().value_or(0)) < 0 ||
      rankOf(rotary.getCosCache()) != cacheRank || rankOf(rotary.getSinCache()) != cacheRank ||
      (rotary.getPositionIds() && rankOf(rotary.getPositionIds()) != 2))
    return std::nullopt;
  return whereFloat<AccessPattern::Irregular>(op);
}

/// A row of half a head in both caches for each position, or for each step of each sequence.
void requireCaches(KernelBuilder &b, onnx::RotaryEmbeddingOp rotary, const RotaryShape &shape) {
  SmallVector<DimExpr> x = b.dims(rotary.getX()), rows = {x[0], shape.isFlat ? x[1] : x[2]};
  auto requireDims = [&](Value tensor, ArrayRef<DimExpr> wanted) {
    for (auto [dim, size] : llvm::zip(b.dims(tensor), wanted))
      b.requireEqual(dim, size);
  };
  if (rotary.getPositionIds()) {
    requireDims(rotary.getPositionIds(), rows);
    rows = {b.dims(rotary.getCosCache())[0]};
  }
  rows.push_back(shape.half);
  requireDims(rotary.getCosCache(), rows);
  requireDims(rotary.getSinCache(), rows);
}

/// Rotates pairs of elements of a head, (d, d + half) or (2d, 2d + 1), by angles that the caches
/// give for a position; elements beyond the rotated ones stay.
LogicalResult lowerRotaryEmbedding(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                   SmallVectorImpl<Value> &results) {
  auto rotary = cast<onnx::RotaryEmbeddingOp>(op);
  RotaryShape shape = rotaryShape(b, rotary);
  requireCaches(b, rotary, shape);
  bool interleaved = rotary.getInterleaved();
  Value x = operands[0], cosines = operands[1], sines = operands[2];
  DimExpr positions = b.dims(rotary.getCosCache())[0];
  Type type = elementTypeOf(rotary.getY());
  ScalarMath m(b);
  IndexMath ix(b);
  results.push_back(b.generate(b.dims(rotary.getY()), type, [&](ValueRange at) {
    Value batch = at[0], sequence = shape.isFlat ? at[1] : at[2], last = at.back();
    Value element = shape.isFlat ? ix.mod(last, shape.headSize) : last;
    Value half = ix.value(shape.half), rotated = ix.value(shape.rotated);

    Value rotates = shape.rotated == shape.headSize ? Value() : ix.less(element, rotated);
    Value isFirst =
        interleaved ? ix.equal(ix.mod(element, ix.value(2)), ix.value(0)) : ix.less(element, half);
    Value isSecond = m.logicalNot(isFirst);
    auto shifted = [&](Value by, bool forward) {
      return replaceIndex(at, at.size() - 1, forward ? ix.add(last, by) : ix.sub(last, by));
    };
    Value distance = interleaved ? ix.value(1) : half;
    Value zero = m.zero(type);
    Value later = b.elementOr(x, shifted(distance, true), ix.both(rotates, isFirst), zero);
    Value partner =
        m.widen(b.elementOr(x, shifted(distance, false), ix.both(rotates, isSecond), later));

    // The angle of the pair, at the row of the cache that belongs to this position.
    Value pair = interleaved ? ix.div(element, ix.value(2))
                             : ix.select(isFirst, element, ix.sub(element, half));
    SmallVector<Value> place = {batch, sequence};
    Value hasRow = rotates;
    if (rotary.getPositionIds()) {
      Value position = ix.fromElement(b.element(operands[3], place));
      place = {CheckedIndexOp::create(b, position, ix.value(positions))};
      if (!positions.isAtLeast(1))
        hasRow = ix.both(hasRow, ix.less(ix.value(0), ix.value(positions)));
    }
    place.push_back(pair);
    auto angle = [&](Value cache, Value fallback) {
      return m.widen(hasRow ? b.elementOr(cache, place, hasRow, fallback)
                            : b.element(cache, place));
    };
    Value cosine = angle(cosines, m.one(type)), sine = angle(sines, zero);
    Value turn = m.mul(sine, partner);
    Value signedTurn = m.select(isFirst, m.neg(turn), turn);
    return m.narrow(m.add(m.mul(m.widen(b.element(x, at)), cosine), signedTurn), type);
  }));
  return success();
}

} // namespace

void heddle::addGatedLowerings(StructuredLoweringTable &table) {
  addLowering(table, "SwiGLU", {whereFloat<AccessPattern::Elementwise>, lowerSwiGlu});
  addLowering(table, "RotaryEmbedding", {rotaryPattern, lowerRotaryEmbedding});
}
