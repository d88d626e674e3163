// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/scans/PairTree.h"

using namespace mlir;

namespace heddle {

Value PairTree::rows(Value all, int64_t first, int64_t step, int64_t count) {
  Dims dims = dimsOf(all);
  if (first == 0 && step == 1 && dims.front().isConstant(count))
    return all;
  dims.front() = count;
  return onnx::SliceOp::create(m.b, m.loc, tensorWithDims(dims, elementOf(all)), all,
                               m.integers({first}), m.integers({first + step * count}),
                               m.integers({0}), m.integers({step}));
}

PairTree::Values PairTree::rows(ValueRange all, int64_t first, int64_t step, int64_t count) {
  return llvm::map_to_vector(all, [&](Value value) { return rows(value, first, step, count); });
}

Value PairTree::interleaved(Value even, Value odd, int64_t count) {
  Dims dims = dimsOf(even), pairs = dims;
  pairs.insert(pairs.begin() + 1, 1);
  dims.front() = 2 * count;
  return m.viewedAs(m.joined(ValueRange{m.viewedAs(even, pairs), m.viewedAs(odd, pairs)}, 1), dims);
}

PairTree::Values PairTree::between(ValueRange elements, int64_t count, ValueRange init) {
  if (count == 0)
    return llvm::map_to_vector(init, [&](Value value) { return m.asRow(value); });
  int64_t pairCount = count / 2, odds = count - pairCount;
  Values first = rows(elements, 0, 2, odds), pairs;
  if (pairCount > 0)
    pairs = combine(rows(first, 0, 1, pairCount), rows(elements, 1, 2, pairCount), pairCount);
  Values even = between(pairs, pairCount, init); // pairCount + 1 rows
  Values before = rows(even, 0, 1, odds), all;
  for (auto [i, odd] : llvm::enumerate(apply(before, first, odds))) {
    all.push_back(interleaved(before[i], odd, odds));
    if (odds == pairCount)
      all.back() = m.joined(ValueRange{all.back(), rows(even[i], pairCount, 1, 1)}, 0);
  }
  return all;
}

} // namespace heddle
