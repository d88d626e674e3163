// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/LastColumns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

/// Vectors of depth from which on the lanes' sum is worth its additions.
constexpr int64_t kLeastSteps = 2;

/// The sums of the lanes of as many vectors as they have lanes, in order: pairs of vectors become
/// one that has half as many lanes of each, until every lane is another's sum.
Value sumLanes(Emitter &e, Values vectors) {
  int64_t lanes = vectors.size();
  for (int64_t width = lanes; width > 1; width /= 2) {
    int64_t half = width / 2, pairs = vectors.size() / 2;
    SmallVector<int64_t> low(lanes), high(lanes); // lanes of the second vector count from `lanes`
    for (int64_t l = 0; l < lanes; ++l) {
      bool second = l % width >= half;
      low[l] = second ? lanes + l - half : l;
      high[l] = second ? lanes + l : l + half;
    }
    for (int64_t i = 0; i < pairs; ++i) {
      Value a = vectors[i], b = vectors[i + pairs];
      Value first = vector::ShuffleOp::create(e.builder, e.loc, a, b, low);
      Value second = vector::ShuffleOp::create(e.builder, e.loc, a, b, high);
      vectors[i] = arith::AddFOp::create(e.builder, e.loc, first, second);
    }
    vectors.truncate(pairs);
  }
  return vectors.front();
}

} // namespace

LastColumns::LastColumns(Emitter &e, const MatmulSpec &spec, int64_t panel, Value n, Value k)
    : count(e.index(0)), panel(panel), k(k), element(spec.accumulator) {
  bool fits = (spec.bLayout == MatrixLayout::Packed || spec.inPlace) &&
              spec.aLayout == MatrixLayout::RowMajor && !spec.pairs && isa<FloatType>(element);
  std::optional<int64_t> depth = getConstantIntValue(k), columns = getConstantIntValue(n);
  int64_t least = kLeastSteps * panel;
  deepEnough = depth && *depth >= least;
  if (!fits || (depth && !deepEnough))
    return;
  auto isOf = [&](int64_t size, int64_t number) { return size % panel == number; };
  for (int64_t number = 1; number <= most(panel); ++number)
    if (columns ? isOf(*columns, number)
                : spec.columns.empty() || llvm::any_of(spec.columns, [&](int64_t known) {
                    return isOf(known, number);
                  }))
      counts.push_back(number);
  if (counts.empty())
    return;
  Value rest = e.rem(n, e.index(panel));
  Value shallow = e.less(k, e.index(least)), many = e.less(e.index(most(panel)), rest);
  count = e.select(shallow, count, e.select(many, count, rest));
}

bool LastColumns::mayExist(int64_t columns) const {
  return llvm::is_contained(counts, columns % panel);
}

bool LastColumns::mustExist(int64_t columns) const { return deepEnough && mayExist(columns); }

static Value filledUp(Emitter &e, Value k, int64_t panel) {
  return e.mul(e.ceilDiv(k, panel), panel);
}

static void fillWithZeros(Emitter &e, Value target, Value begin, Value end) {
  Type type = cast<MemRefType>(target.getType()).getElementType();
  e.loop(begin, end, e.index(1), [&](Value i) { e.store(e.zero(type), target, i); });
}

void LastColumns::copy(Emitter &e, const PanelSource &source, Value first, Value target,
                       Value at) const {
  Type type = cast<MemRefType>(target.getType()).getElementType();
  Value length = filledUp(e, k, panel);
  e.loop(e.index(0), count, e.index(1), [&](Value column) {
    Value to = e.add(at, e.mul(column, length)), place = e.add(first, column);
    Value step = source.transposed ? e.index(1) : source.stride;
    Value from = source.transposed ? e.mul(place, source.stride) : place;
    e.loop(e.index(0), k, e.index(1), [&](Value row) {
      Value value = e.load(source.buffer, e.add(e.add(source.start, from), e.mul(row, step)));
      e.store(e.convertFloat(value, type), target, e.add(to, row));
    });
    fillWithZeros(e, target, e.add(to, k), e.add(to, length));
  });
}

// Nobody reads the rest of the panel, but artifacts hold it: what they are should not depend on memory.
void LastColumns::pack(Emitter &e, const PanelSource &source, Value first, Value target,
                       Value at) const {
  copy(e, source, first, target, at);
  fillWithZeros(e, target, e.add(at, e.mul(count, filledUp(e, k, panel))),
                e.add(at, e.mul(k, e.index(panel))));
}

// Columns are padded to a power of two, so that rows follow each other in a vector of sums.
Value LastColumns::stride(Emitter &e) const {
  Value size = count;
  for (int64_t number : counts)
    if (!llvm::isPowerOf2_64(number))
      size = e.select(e.equal(count, e.index(number)), e.index(llvm::PowerOf2Ceil(number)), size);
  return size;
}

void LastColumns::sumRows(Emitter &e, const Operands &o, int64_t columns) const {
  int64_t lanes = e.lanesOf(element), padded = llvm::PowerOf2Ceil(columns);
  // The other registers are for operands, and for what the lanes' sum needs.
  int64_t sums = e.target.vectorRegisters() / 2, rows = sums / padded;
  Value length = filledUp(e, k, panel), whole = e.mul(e.div(k, e.index(lanes)), lanes);
  Value lastRow = e.sub(o.rows, e.index(1));
  e.loop(e.index(0), o.rows, e.index(rows), [&](Value first) {
    Values starts;
    for (int64_t r = 0; r < rows; ++r)
      starts.push_back(e.add(o.aStart, e.mul(e.min(e.add(first, r), lastRow), o.aRowStep)));
    auto step = [&](Value at, ValueRange carried, Value mask) {
      Values next(carried), b;
      auto vectorOf = [&](Value buffer, Value offset, Value mask) {
        return e.convertFloat(e.load(buffer, e.add(offset, at), lanes, mask), element);
      };
      for (int64_t j = 0; j < columns; ++j) // filled up: no mask
        b.push_back(vectorOf(o.b, e.add(o.bStart, e.mul(length, j)), {}));
      for (int64_t r = 0; r < rows; ++r) {
        Value a = vectorOf(o.a, starts[r], mask);
        for (int64_t j = 0; j < columns; ++j)
          next[r * columns + j] = e.fma(a, b[j], next[r * columns + j]);
      }
      return next;
    };
    Value zero = e.zero(e.vector(element, lanes));
    Values partial = e.loop(e.index(0), whole, e.index(lanes), Values(rows * columns, zero),
                            [&](Value at, ValueRange carried) { return step(at, carried, {}); });
    partial = e.loop(whole, k, e.index(lanes), partial, [&](Value at, ValueRange carried) {
      return step(at, carried, e.firstLanes(e.sub(k, at), lanes));
    });
    for (int64_t done = 0; done < sums; done += lanes) {
      Values vectors;
      for (int64_t i = done; i < done + lanes; ++i)
        vectors.push_back(i % padded < columns ? partial[i / padded * columns + i % padded] : zero);
      e.store(sumLanes(e, vectors), o.sums, e.add(e.mul(first, padded), done));
    }
  });
}

void LastColumns::emit(Emitter &e, const Operands &operands) const {
  if (getConstantIntValue(count))
    return sumRows(e, operands, counts.front());
  e.specialize(count, counts, [&](int64_t columns) { sumRows(e, operands, columns); });
}

} // namespace heddle::codegen
