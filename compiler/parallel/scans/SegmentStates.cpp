// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/scans/SegmentStates.h"

using namespace mlir;

namespace heddle {

Value SegmentStates::rows(Value all, int64_t first, int64_t step, int64_t count) {
  Dims dims = dimsOf(all);
  if (first == 0 && step == 1 && dims.front().isConstant(count))
    return all;
  dims.front() = count;
  return onnx::SliceOp::create(m.b, m.loc, tensorWithDims(dims, elementOf(all)), all,
                               m.integers({first}), m.integers({first + step * count}),
                               m.integers({0}), m.integers({step}));
}

SegmentEffects SegmentStates::rows(const SegmentEffects &all, int64_t first, int64_t step,
                                   int64_t count) {
  return {all.factor ? rows(all.factor, first, step, count) : Value(),
          rows(all.learned, first, step, count), count};
}

Value SegmentStates::product(Value factor, Value x) {
  if (!factor)
    return x;
  if (matrices)
    return onnx::MatMulOp::create(m.b, m.loc, x.getType(), factor, x);
  return m.mul(factor, x);
}

Value SegmentStates::interleaved(Value even, Value odd, int64_t count) {
  Dims dims = dimsOf(even), pairs = dims;
  pairs.insert(pairs.begin() + 1, 1);
  dims.front() = 2 * count;
  return m.viewedAs(m.joined(ValueRange{m.viewedAs(even, pairs), m.viewedAs(odd, pairs)}, 1), dims);
}

Value SegmentStates::between(const SegmentEffects &effects, Value init) {
  int64_t count = effects.count, pairCount = count / 2, odds = count - pairCount;
  if (count == 0) {
    Dims dims = dimsOf(init);
    dims.insert(dims.begin(), 1);
    return m.viewedAs(init, dims);
  }
  SegmentEffects first = rows(effects, 0, 2, odds), pairs{nullptr, nullptr, pairCount};
  if (pairCount > 0) {
    SegmentEffects early = rows(first, 0, 1, pairCount), late = rows(effects, 1, 2, pairCount);
    pairs.learned = next(late, early.learned);
    if (effects.factor)
      pairs.factor = product(late.factor, early.factor);
  }
  Value even = between(pairs, init); // pairCount + 1 of them
  Value odd = next(first, rows(even, 0, 1, odds));
  Value all = interleaved(rows(even, 0, 1, odds), odd, odds);
  return odds == pairCount ? m.joined(ValueRange{all, rows(even, pairCount, 1, 1)}, 0) : all;
}

} // namespace heddle
