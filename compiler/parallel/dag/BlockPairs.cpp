// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/dag/BlockPairs.h"

#include "compiler/parallel/dag/Skew.h"

using namespace mlir;

namespace heddle {

Value BlockPairs::zerosLike(Value value, int64_t axis, const DimExpr &size) {
  Dims dims = dimsOf(value);
  dims[axis] = size;
  return zeros(b, m.loc, dims, elementOf(value), value);
}

Value BlockPairs::padded(Value value, int64_t axis, int64_t size) {
  DimExpr missing = DimExpr(size) - dimsOf(value)[axis];
  return missing == DimExpr(0) ? value
                               : m.joined(ValueRange{value, zerosLike(value, axis, missing)}, axis);
}

/// Of the matrices of each block.
Value BlockPairs::product(Value x, Value y) {
  Dims left = dimsOf(x), right = dimsOf(y), result = left;
  result.back() = right.back();
  auto folded = [](const Dims &dims) {
    return Dims{countElements(ArrayRef(dims).drop_back(2)), dims[dims.size() - 2], dims.back()};
  };
  Value made = onnx::MatMulOp::create(b, m.loc, tensorWithDims(folded(result), elementOf(x)),
                                      m.viewedAs(x, folded(left)), m.viewedAs(y, folded(right)));
  return m.viewedAs(made, result);
}

Value BlockPairs::half(Value value, int64_t axis, int64_t which) {
  Dims dims = dimsOf(value), pairs = dims;
  pairs[axis] = *dims[axis].asConstant() / 2;
  dims = pairs;
  pairs.insert(pairs.begin() + axis + 1, DimExpr(2));
  return m.viewedAs(m.sliced(m.viewedAs(value, pairs), axis + 1, which, which + 1), dims);
}

Blocks BlockPairs::half(const Blocks &blocks, int64_t axis, int64_t which) {
  Blocks result = blocks;
  result.count[axis] /= 2;
  for (int i : {0, 1}) {
    result.offset[i] = half(blocks.offset[i], axis, which);
    for (int j : {0, 1})
      result.matrix[i][j] = half(blocks.matrix[i][j], axis, which);
  }
  return result;
}

Value BlockPairs::interleaved(Value first, Value second, int64_t axis) {
  Dims dims = dimsOf(first), single = dims;
  single.insert(single.begin() + axis + 1, DimExpr(1));
  dims[axis] = dims[axis] * 2;
  Value both =
      m.joined(ValueRange{m.viewedAs(first, single), m.viewedAs(second, single)}, axis + 1);
  return m.viewedAs(both, dims);
}

/// Of pairs beside each other (p = 0, in a row) or one over the other (p = 1): the first sends the
/// second what goes in direction p; in the other direction q each has its own.
Blocks BlockPairs::merged(const Blocks &x, const Blocks &y, int p) {
  int q = 1 - p;
  constexpr int64_t kRow = 3, kColumn = 4;
  Blocks r = x;
  r.matrix[p][p] = product(y.matrix[p][p], x.matrix[p][p]);
  r.matrix[p][q] =
      m.joined(ValueRange{product(y.matrix[p][p], x.matrix[p][q]), y.matrix[p][q]}, kColumn);
  r.matrix[q][p] =
      m.joined(ValueRange{x.matrix[q][p], product(y.matrix[q][p], x.matrix[p][p])}, kRow);
  Value none = zerosLike(x.matrix[q][q], kColumn, dimsOf(y.matrix[q][q])[kColumn]);
  Value upper = m.joined(ValueRange{x.matrix[q][q], none}, kColumn);
  Value lower =
      m.joined(ValueRange{product(y.matrix[q][p], x.matrix[p][q]), y.matrix[q][q]}, kColumn);
  r.matrix[q][q] = m.joined(ValueRange{upper, lower}, kRow);
  r.offset[p] = m.add(product(y.matrix[p][p], x.offset[p]), y.offset[p]);
  Value second = m.add(product(y.matrix[q][p], x.offset[p]), y.offset[q]);
  r.offset[q] = m.joined(ValueRange{x.offset[q], second}, kRow);
  return r;
}

void BlockPairs::spread(const Blocks &blocks, Value in[2]) {
  if (blocks.count[0] == 1 && blocks.count[1] == 1)
    return;
  int p = blocks.count[1] >= blocks.count[0] ? 0 : 1, q = 1 - p;
  int64_t axis = 1 - p; // a row of blocks is along axis 1
  Blocks x = half(blocks, axis, 0), y = half(blocks, axis, 1);
  bool isWhole = x.count[0] == 1 && x.count[1] == 1;
  spread(isWhole ? x : merged(x, y, p), in);
  DimExpr own = dimsOf(x.offset[q])[3];
  Value firstQ = m.sliced(in[q], 3, 0, own), secondQ = m.sliced(in[q], 3, own, own * 2);
  Value sent = m.add(product(x.matrix[p][p], in[p]), product(x.matrix[p][q], firstQ));
  sent = m.add(sent, x.offset[p]);
  in[p] = interleaved(in[p], sent, axis);
  in[q] = interleaved(firstQ, secondQ, axis);
}

} // namespace heddle
