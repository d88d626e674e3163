// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Of the inputs of pairs and of their products, and the direct sums where these are not finite.

#include "compiler/codegen/convolution/FilterLayout.h"
#include "compiler/codegen/convolution/LineWinogradEmitter.h"
#include "compiler/codegen/convolution/WinogradMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {

// Runs of `step` pixels belong to the first and to the second ones of pairs in turns.
Values LineWinogradEmitter::sorted(Value low, Value high) {
  SmallVector<int64_t> first, second;
  for (int64_t pixel = 0; pixel < 2 * lanes; ++pixel)
    (pixel / spec.step() % 2 ? second : first).push_back(pixel);
  return {vector::ShuffleOp::create(e.builder, e.loc, low, high, first),
          vector::ShuffleOp::create(e.builder, e.loc, low, high, second)};
}

Values LineWinogradEmitter::unsorted(Value first, Value second) {
  SmallVector<int64_t> low, high;
  int64_t seen[2] = {0, lanes};
  for (int64_t pixel = 0; pixel < 2 * lanes; ++pixel)
    (pixel < lanes ? low : high).push_back(seen[pixel / spec.step() % 2]++);
  return {vector::ShuffleOp::create(e.builder, e.loc, first, second, low),
          vector::ShuffleOp::create(e.builder, e.loc, first, second, high)};
}

Value LineWinogradEmitter::insidePlane(Value at) {
  return arith::AndIOp::create(e.builder, e.loc, e.firstLanes(e.sub(ops.inputSize[2], at), lanes),
                               e.notFirstLanes(e.sub(e.index(0), at), lanes));
}

Value LineWinogradEmitter::lanesAt(Value first, int64_t length, int64_t place) {
  Type i32 = e.builder.getI32Type();
  SmallVector<int32_t> numbers;
  for (int64_t lane = 0; lane < lanes; ++lane)
    numbers.push_back(static_cast<int32_t>(lane));
  auto vectorOf = [&](Value scalar) { return e.broadcast(scalar, lanes); };
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(e.builder, e.loc, value, 32);
  };
  // Counted from the row's first element, lest numbers are too large.
  Value start = arith::IndexCastOp::create(e.builder, e.loc, i32, e.rem(first, e.index(length)));
  Value number = arith::AddIOp::create(
      e.builder, e.loc, vectorOf(start),
      arith::ConstantOp::create(e.builder, e.loc, e.builder.getI32VectorAttr(numbers)));
  Value inRow = arith::RemUIOp::create(e.builder, e.loc, number, vectorOf(constant(length)));
  return arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::eq, inRow,
                               vectorOf(constant(place)));
}

// What is outside a row is its first pair's first input and its last pair's last one.
void LineWinogradEmitter::transformInput(const Place &place) {
  WinogradMath sums{e};
  Value zero = e.index(0), one = e.index(1), vectorZero = math.zero(e);
  e.loop(zero, place.vectors, one, [&](Value vector) {
    Value number = e.add(place.firstVector, vector);
    Value first = e.sub(pixelOf(number), e.index(spec.before()));
    Value pixels[4];
    Value masks[4];
    for (int64_t half = 0; half < 2; ++half)
      for (int64_t i = 0; i < 2; ++i) {
        pixels[2 * half + i] = e.add(first, half * 2 * spec.step() + i * far());
        masks[2 * half + i] = insidePlane(pixels[2 * half + i]);
      }
    Value isFirst, isLast;
    if (spec.withinRows()) {
      int64_t pairs = spec.width / 2;
      isFirst = lanesAt(e.mul(number, lanes), pairs, 0);
      isLast = lanesAt(e.mul(number, lanes), pairs, pairs - 1);
    }
    e.loop(zero, e.index(spec.channels), one, [&](Value channel) {
      Value plane = inputPlane(place, channel);
      Values inputs;
      for (int64_t half = 0; half < 2; ++half) {
        Values pair;
        for (int64_t i = 2 * half; i < 2 * half + 2; ++i)
          pair.push_back(e.load(ops.input, e.add(plane, pixels[i]), lanes, masks[i]));
        inputs.append(isSorted ? sorted(pair[0], pair[1]) : pair);
      }
      if (spec.withinRows()) {
        inputs[0] = arith::SelectOp::create(e.builder, e.loc, isFirst, vectorZero, inputs[0]);
        inputs[3] = arith::SelectOp::create(e.builder, e.loc, isLast, vectorZero, inputs[3]);
      }
      Value to = e.mul(e.add(e.mul(channel, plan.blockVectors), vector), lanes);
      for (auto [position, sum] : llvm::enumerate(sums.input(inputs)))
        e.store(sum, transformed, e.add(to, static_cast<int64_t>(position) * plan.inputStep));
    });
  });
}

Value LineWinogradEmitter::results(const Place &place) {
  WinogradMath sums{e};
  Value zero = e.index(0), one = e.index(1), vectorZero = math.zero(e);
  auto over = [&](Value size, ValueRange carried, Emitter::CarryingBody body) {
    return e.loop(zero, size, one, carried, body);
  };
  // Zero as long as all results are finite, as zero times infinity is NaN.
  Value finite = over(place.channels, vectorZero, [&](Value channel, ValueRange s0) {
    return over(place.vectors, s0, [&](Value vector, ValueRange s1) {
      Value at = productAt(channel, vector), check = s1[0];
      Values products;
      for (int64_t position = 0; position < kPositions; ++position)
        products.push_back(e.load(partial, e.add(at, position * plan.productStep), lanes));
      Values pair = sums.result(products);
      for (Value result : pair)
        check = e.fma(result, vectorZero, check);
      if (isSorted)
        pair = unsorted(pair[0], pair[1]);
      for (int64_t i = 0; i < 2; ++i)
        e.store(pair[i], partial, e.add(at, i * plan.productStep));
      return Values{check};
    });
  })[0];
  return sums.anyNaN(finite);
}

// A vector of pixels after the other, as Convolution.h would compute them.
void LineWinogradEmitter::direct(const Place &place) {
  constexpr int64_t taps = 3;
  int64_t panel = spec.convolution.panel();
  Value zero = e.index(0), one = e.index(1), channels = e.index(spec.channels);
  auto pixels = [&](Value output, Value pixel, Value to) {
    Value filters = e.add(e.mul(e.div(output, e.index(panel)), spec.channels * taps * panel),
                          e.add(e.rem(output, e.index(panel)), plan.plainFilters));
    Values sums(1, math.zero(e));
    sums = e.loop(zero, channels, e.index(kChannelBlock), sums, [&](Value first, ValueRange s0) {
      Value deep = e.min(e.index(kChannelBlock), e.sub(channels, first));
      Values carried(s0);
      for (int64_t tap = 0; tap < taps; ++tap) {
        Value at = e.sub(e.add(pixel, tap * spec.step()), e.index(spec.before()));
        Value inside = insidePlane(at);
        if (spec.withinRows() && tap != 1) {
          Value outside = lanesAt(pixel, spec.width, tap == 0 ? 0 : spec.width - 1);
          Value all = e.firstLanes(e.index(lanes), lanes);
          inside = arith::AndIOp::create(e.builder, e.loc, inside,
                                         arith::XOrIOp::create(e.builder, e.loc, outside, all));
        }
        Value weights = e.add(filters, e.add(e.mul(first, taps * panel), e.mul(deep, tap * panel)));
        carried = e.loop(zero, deep, one, carried, [&](Value channel, ValueRange s1) {
          Value x =
              e.load(ops.input, e.add(inputPlane(place, e.add(first, channel)), at), lanes, inside);
          Value weight = e.load(ops.filter, e.add(weights, e.mul(channel, panel)));
          return Values{e.fma(x, e.broadcast(weight, lanes), s1[0])};
        });
      }
      return carried;
    });
    e.store(sums[0], partial, to);
  };
  e.loop(zero, place.channels, one, [&](Value channel) {
    Value output = e.add(firstChannel(place), channel);
    e.loop(zero, place.vectors, one, [&](Value vector) {
      eachVector(place, vector, channel, [&](Value pixel, Value to) { pixels(output, pixel, to); });
    });
  });
}

} // namespace heddle::codegen
