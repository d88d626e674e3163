// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Of the inputs of tiles and of their products.

#include "compiler/codegen/convolution/WinogradEmitter.h"
#include "compiler/codegen/convolution/WinogradMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {

// Tiles are in the lanes: of a row of the input, which is copied with zeros around, their first,
// second, third and fourth columns. A row's last vector reaches past the tiles it is for. So
// vectors go from the last to the first and rows down, and what it wrote too much is written over;
// so do channels.
void WinogradEmitter::transformInput(const Place &place) {
  WinogradMath sums{e};
  PixelBlock block = pixelsOf(place);
  Value zero = e.index(0), one = e.index(1);
  Value always = arith::ConstantIntOp::create(e.builder, e.loc, 1, 1);
  Value vectors = e.ceilDiv(place.columns, lanes);
  SmallVector<int64_t> even, odd; // lanes of two vectors
  for (int64_t lane = 0; lane < lanes; ++lane) {
    even.push_back(2 * lane);
    odd.push_back(2 * lane + 1);
  }
  e.loop(zero, e.index(spec.channels), one, [&](Value channel) {
    InputPatch copy = patchCopied(e, spec.convolution, ops.input, e.add(firstPlane(place), channel),
                                  one, ops.inputSize, block, patch, always);
    Value to = e.mul(channel, plan.blockTiles());
    e.loop(zero, vectors, one, [&](Value v) {
      Value tile = e.mul(e.sub(e.sub(vectors, v), one), lanes);
      Value from = e.add(copy.start, e.mul(tile, 2));
      // A row of inputs, transformed along itself.
      auto row = [&](Value number) {
        Value at = e.add(from, e.mul(number, copy.rowStep));
        Values columns;
        for (int64_t first : {0, 2}) {
          Value low = e.load(copy.buffer, e.add(at, first), lanes);
          Value high = e.load(copy.buffer, e.add(at, first + lanes), lanes);
          for (ArrayRef<int64_t> which : {ArrayRef(even), ArrayRef(odd)})
            columns.push_back(vector::ShuffleOp::create(e.builder, e.loc, low, high, which));
        }
        return sums.input(columns);
      };
      Values carried = row(zero);
      carried.append(row(one));
      e.loop(zero, place.rows, one, carried, [&](Value tileRow, ValueRange before) {
        Values fresh = row(e.add(e.mul(tileRow, 2), 2));
        fresh.append(row(e.add(e.mul(tileRow, 2), 3)));
        Value at = e.add(to, e.add(e.mul(tileRow, place.columns), tile));
        for (int64_t column = 0; column < 4; ++column) {
          Values down =
              sums.input({before[column], before[4 + column], fresh[column], fresh[4 + column]});
          for (int64_t i = 0; i < 4; ++i)
            e.store(down[i], inputs, e.add(at, (i * 4 + column) * plan.inputStep));
        }
        return fresh;
      });
    });
  });
}

// Where rows are one run, an odd width makes the last tile of two rows write the first pixel of the
// row that follows: so that tile is first.
Value WinogradEmitter::results(const Place &place) {
  WinogradMath sums{e};
  Value zero = e.index(0), one = e.index(1), vectorZero = math.zero(e);
  Value pitch = rowPitch(place);
  auto over = [&](Value size, ValueRange carried, Emitter::CarryingBody body) {
    return e.loop(zero, size, one, carried, body);
  };
  // Zero as long as all results are finite, as zero times infinity is NaN.
  Value finite = over(place.rows, vectorZero, [&](Value row, ValueRange s0) {
    return over(place.columns, s0, [&](Value turn, ValueRange s1) {
      Value column = e.sub(e.sub(place.columns, turn), one);
      Value from = e.mul(e.add(e.mul(row, place.columns), column), plan.tileRow());
      Value to = e.add(e.mul(e.mul(row, 2), pitch), e.mul(column, 2));
      return over(e.mul(place.panels, perPanel), s1, [&](Value vector, ValueRange s2) {
        Value at = e.mul(vector, lanes), check = s2[0];
        Values columns[2];
        for (int64_t c = 0; c < 4; ++c) {
          Values products;
          for (int64_t r = 0; r < 4; ++r)
            products.push_back(
                e.load(partial, e.add(e.add(from, at), (r * 4 + c) * plan.productStep), lanes));
          Values down = sums.result(products);
          for (int64_t i = 0; i < 2; ++i)
            columns[i].push_back(down[i]);
        }
        for (int64_t i = 0; i < 2; ++i) {
          Value pixel = i == 0 ? to : e.add(to, pitch);
          for (auto [j, result] : llvm::enumerate(sums.result(columns[i]))) {
            check = e.fma(result, vectorZero, check);
            Value place = e.mul(e.add(pixel, static_cast<int64_t>(j)), plan.tileRow());
            e.store(result, rows, e.add(place, at));
          }
        }
        return Values{check};
      });
    });
  })[0];
  return sums.anyNaN(finite);
}

} // namespace heddle::codegen
