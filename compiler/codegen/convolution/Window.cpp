// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/Window.h"

#include "compiler/codegen/convolution/PhasedPatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

constexpr int64_t kUnrolledTaps = 64; // larger windows are loops

int64_t taps(const WindowSpec &spec) {
  return spec.window[0] * spec.window[1] * spec.window[2];
}

/// What a grid point needs of its channel, before any of its pixels.
using WindowPrepare = llvm::function_ref<void(Value channel)>;

class WindowEmitter {
public:
  WindowEmitter(Emitter &e, const WindowSpec &spec, const WindowOperands &ops, Value scratch,
                Value fill, Value start, WindowPrepare prepare, WindowCombine combine,
                PixelSink sink)
      : e(e), spec(spec), ops(ops), plan(planWindow(spec, e.target)), fill(fill), prepare(prepare),
        combine(combine), sink(sink), lanes(e.lanesOf(spec.accumulator)),
        start(e.broadcast(start, lanes)), parked(e.view(scratch, int64_t(0), spec.accumulator)),
        patchBuffer(e.view(scratch, plan.rows * e.target.vectorBytes(), spec.accumulator)) {}

  void point(Value index);

private:
  struct Place {
    Value n, channel;
    PixelBlock block;
    PhasedPatch patch;
    Value planeOffset; // of the output plane at this depth
  };

  void tile(const Place &place, Value row, int64_t rows, Value column);
  Values unrolled(const Place &place, Value at, int64_t rows);
  Values looped(const Place &place, Value at, int64_t rows);
  void deliver(const Place &place, const Values &sums, Value row, Value column);

  Emitter &e;
  const WindowSpec &spec;
  const WindowOperands &ops;
  WindowPlan plan;
  Value fill;
  WindowPrepare prepare;
  WindowCombine combine;
  PixelSink sink;
  int64_t lanes;
  Value start, parked, patchBuffer;
};

void WindowEmitter::point(Value index) {
  auto &[od, oh, ow] = ops.outputSize;
  EvenSplit rowSplit(e, oh, plan.rowBlock), columnSplit(e, ow, plan.columnBlock);
  Value rest = index;
  auto next = [&](Value size) {
    Value digit = e.rem(rest, size);
    rest = e.div(rest, size);
    return digit;
  };
  Value columnPart = next(columnSplit.parts), rowPart = next(rowSplit.parts), depth = next(od);
  Value plane = rest;
  Place place;
  place.n = e.div(plane, ops.channels);
  place.channel = e.rem(plane, ops.channels);
  place.block = {depth, rowSplit.start(e, rowPart), rowSplit.length(e, rowPart),
                 columnSplit.start(e, columnPart), columnSplit.length(e, columnPart)};
  place.planeOffset = e.mul(e.mul(e.add(e.mul(plane, od), depth), oh), ow);
  Value inputPlane = plane;
  if (ops.multiplier) {
    Value inputChannels = e.div(ops.channels, ops.multiplier);
    inputPlane = e.add(e.mul(place.n, inputChannels), e.div(place.channel, ops.multiplier));
  }
  place.patch = emitPhasedPatch(e, spec, ops, inputPlane, place.block, patchBuffer, fill);
  if (prepare)
    prepare(place.channel);
  EvenSplit tiles(e, place.block.rows, plan.rows);
  e.loop(e.index(0), tiles.parts, e.index(1), [&](Value part) {
    Value row = tiles.start(e, part);
    e.specialize(tiles.length(e, part), tileLengths({}, plan.rowBlock, plan.rows),
                 [&](int64_t rows) {
                   e.loop(e.index(0), place.block.columns, e.index(lanes),
                          [&](Value column) { tile(place, row, rows, column); });
                 });
  });
}

void WindowEmitter::tile(const Place &place, Value row, int64_t rows, Value column) {
  Value at = e.add(e.mul(e.mul(row, spec.stride[1]), place.patch.rowStep), column);
  Values sums = taps(spec) <= kUnrolledTaps ? unrolled(place, at, rows) : looped(place, at, rows);
  deliver(place, sums, row, column);
}

// A loaded vector serves all rows of the tile whose windows contain it.
Values WindowEmitter::unrolled(const Place &place, Value at, int64_t rows) {
  Values sums(rows, start);
  auto [kd, kh, kw] = spec.window;
  int64_t lastRow = (rows - 1) * spec.stride[1] + (kh - 1) * spec.dilation[1];
  for (int64_t d = 0; d < kd; ++d)
    for (int64_t inRow = 0; inRow <= lastRow; ++inRow) {
      SmallVector<std::pair<int64_t, int64_t>> users; // output row, window row
      for (int64_t r = 0; r < rows; ++r) {
        int64_t offset = inRow - r * spec.stride[1];
        if (offset >= 0 && offset % spec.dilation[1] == 0 && offset / spec.dilation[1] < kh)
          users.push_back({r, offset / spec.dilation[1]});
      }
      if (users.empty())
        continue;
      Value rowAt = e.add(at, e.add(e.mul(place.patch.depthStep, d * spec.dilation[0]),
                                    e.mul(place.patch.rowStep, inRow)));
      for (int64_t w = 0; w < kw; ++w) {
        int64_t column = w * spec.dilation[2];
        Value from = e.add(rowAt, e.add(e.mul(place.patch.phaseStep, column % spec.stride[2]),
                                        column / spec.stride[2]));
        Value x = e.load(place.patch.buffer, from, lanes);
        for (auto [r, h] : users)
          sums[r] = combine(sums[r], x, place.channel, e.index((d * kh + h) * kw + w));
      }
    }
  return sums;
}

Values WindowEmitter::looped(const Place &place, Value at, int64_t rows) {
  auto [kd, kh, kw] = spec.window;
  Value zero = e.index(0), one = e.index(1);
  return e.loop(zero, e.index(kd), one, Values(rows, start), [&](Value d, ValueRange s0) {
    Value depthAt = e.add(at, e.mul(e.mul(d, spec.dilation[0]), place.patch.depthStep));
    return e.loop(zero, e.index(kh), one, s0, [&](Value h, ValueRange s1) {
      Value rowAt = e.add(depthAt, e.mul(e.mul(h, spec.dilation[1]), place.patch.rowStep));
      return e.loop(zero, e.index(kw), one, s1, [&](Value w, ValueRange s2) {
        Values sums(s2);
        Value column = e.mul(w, spec.dilation[2]), stride = e.index(spec.stride[2]);
        Value from = e.add(e.add(rowAt, e.mul(e.rem(column, stride), place.patch.phaseStep)),
                           e.div(column, stride));
        Value tap = e.add(e.mul(e.add(e.mul(d, kh), h), kw), w);
        for (int64_t r = 0; r < rows; ++r) {
          Value rowFrom = e.add(from, e.mul(place.patch.rowStep, r * spec.stride[1]));
          Value x = e.load(place.patch.buffer, rowFrom, lanes);
          sums[r] = combine(sums[r], x, place.channel, tap);
        }
        return sums;
      });
    });
  });
}

void WindowEmitter::deliver(const Place &place, const Values &sums, Value row, Value column) {
  Value left = e.sub(place.block.columns, column);
  Value firstColumn = e.add(place.block.column, column);
  auto position = [&](Value r, Value mask) {
    Value outRow = e.add(e.add(place.block.row, row), r);
    PixelPosition at{place.n, place.channel, {place.block.depth, outRow, firstColumn},
                     {},      mask,          lanes};
    at.offset = e.add(e.add(place.planeOffset, e.mul(outRow, ops.outputSize[2])), firstColumn);
    return at;
  };
  if (e.target.hasAvx512()) {
    Value mask = e.firstLanes(left, lanes);
    for (auto [r, sum] : llvm::enumerate(sums))
      sink(sum, position(e.index(r), mask));
    return;
  }
  // Without mask registers full vectors get code of their own, once for all rows.
  for (auto [r, sum] : llvm::enumerate(sums))
    e.store(sum, parked, e.index(r * lanes));
  e.loop(e.index(0), e.index(sums.size()), e.index(1), [&](Value r) {
    Value sum = e.load(parked, e.mul(r, lanes), lanes);
    e.when(
        e.less(left, e.index(lanes)), [&] { sink(sum, position(r, e.firstLanes(left, lanes))); },
        [&] { sink(sum, position(r, {})); });
  });
}

} // namespace

// Differences of bytes are 255 at most.
Type WindowSpec::byteAccumulator(MLIRContext *context, const Spatial &window) {
  int64_t largest = window[0] * window[1] * window[2] * 255 * 255;
  return largest <= (int64_t(1) << 24) ? Type(Float32Type::get(context))
                                       : Type(IntegerType::get(context, 32));
}

WindowPlan planWindow(const WindowSpec &spec, const Target &target) {
  WindowPlan plan;
  int64_t bytes = spec.accumulator.getIntOrFloatBitWidth() / 8;
  int64_t lanes = target.vectorBytes() / bytes;
  plan.rowBlock = 32;
  plan.columnBlock = std::max<int64_t>(112, lanes);
  plan.rows = 4;
  plan.scratchBytes = plan.rows * target.vectorBytes() +
                      phasedPatchElements(spec, plan.rowBlock, plan.columnBlock, lanes) * bytes;
  plan.weightsOffset = plan.scratchBytes;
  if (spec.element != spec.accumulator)
    plan.scratchBytes += taps(spec) * bytes;
  return plan;
}

void emitWindow(Emitter &e, const WindowSpec &spec, const WindowOperands &operands, Value begin,
                Value end, Value scratch, Value fill, Value start, WindowCombine combine,
                PixelSink sink) {
  WindowEmitter window(e, spec, operands, scratch, fill, start, nullptr, combine, sink);
  e.loop(begin, end, e.index(1), [&](Value index) { window.point(index); });
}

void emitDepthwise(Emitter &e, const WindowSpec &spec, const WindowOperands &operands, Value filter,
                   Value begin, Value end, Value scratch, PixelSink sink) {
  int64_t lanes = e.lanesOf(spec.accumulator);
  Value zero = e.zero(spec.accumulator);
  // Bytes are converted once for all pixels of a point; what the accumulators hold is read in place.
  bool converts = spec.element != spec.accumulator;
  Value weights =
      converts ? e.view(scratch, planWindow(spec, e.target).weightsOffset, spec.accumulator) : filter;
  auto convert = [&](Value channel) {
    e.loop(e.index(0), e.index(taps(spec)), e.index(1), [&](Value tap) {
      Value weight = e.load(filter, e.add(e.mul(channel, taps(spec)), tap));
      weight = windowElement(e, spec, weight, spec.filterSigned);
      if (operands.filterZeroPoint)
        weight = windowDifference(e, weight, operands.filterZeroPoint(e, channel));
      e.store(weight, weights, tap);
    });
  };
  auto combine = [&](Value sum, Value x, Value channel, Value tap) -> Value {
    Value at = converts ? tap : e.add(e.mul(channel, taps(spec)), tap);
    Value weight = e.broadcast(e.load(weights, at), lanes);
    if (isa<FloatType>(spec.accumulator))
      return e.fma(x, weight, sum);
    return arith::AddIOp::create(e.builder, e.loc, sum,
                                 arith::MulIOp::create(e.builder, e.loc, x, weight));
  };
  WindowEmitter window(e, spec, operands, scratch, zero, zero,
                       converts ? WindowPrepare(convert) : WindowPrepare(), combine, sink);
  e.loop(begin, end, e.index(1), [&](Value index) { window.point(index); });
}

void emitAveragePool(Emitter &e, const WindowSpec &spec, const WindowOperands &operands,
                     bool includePadding, const Spatial &paddingAfter, Value begin, Value end,
                     Value scratch, PixelSink sink) {
  Value zero = e.zero(spec.accumulator);
  int64_t lanes = e.lanesOf(spec.accumulator);
  auto i64 = e.builder.getI64Type();
  // Elements of a window at an output coordinate that count, along one axis: those with
  // low <= first + k * dilation < high.
  auto counted = [&](int dim, Value at, bool vector) {
    auto constant = [&](int64_t value) -> Value {
      Value scalar = arith::ConstantIntOp::create(e.builder, e.loc, value, 64);
      return vector ? e.broadcast(scalar, lanes) : scalar;
    };
    auto add = [&](Value a, Value b) { return e.builder.createOrFold<arith::AddIOp>(e.loc, a, b); };
    auto sub = [&](Value a, Value b) { return e.builder.createOrFold<arith::SubIOp>(e.loc, a, b); };
    Value size = arith::IndexCastOp::create(e.builder, e.loc, i64, operands.inputSize[dim]);
    Value position = arith::IndexCastOp::create(e.builder, e.loc, i64, at);
    if (vector) {
      SmallVector<int64_t> steps(lanes);
      for (int64_t l = 0; l < lanes; ++l)
        steps[l] = l;
      Value lane = arith::ConstantOp::create(e.builder, e.loc, e.builder.getI64VectorAttr(steps));
      size = e.broadcast(size, lanes);
      position = add(e.broadcast(position, lanes), lane);
    }
    Value first = sub(arith::MulIOp::create(e.builder, e.loc, position, constant(spec.stride[dim])),
                      constant(spec.padding[dim]));
    Value low = constant(includePadding ? -spec.padding[dim] : 0);
    Value high = includePadding ? add(size, constant(paddingAfter[dim])) : size;
    Value count = constant(0);
    for (int64_t k = 0; k < spec.window[dim]; ++k) {
      Value x = add(first, constant(k * spec.dilation[dim]));
      Value inside = arith::AndIOp::create(
          e.builder, e.loc,
          arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::sge, x, low),
          arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::slt, x, high));
      count =
          add(count, arith::SelectOp::create(e.builder, e.loc, inside, constant(1), constant(0)));
    }
    return count;
  };
  auto add = [&](Value sum, Value x, Value, Value) -> Value {
    return arith::AddFOp::create(e.builder, e.loc, sum, x);
  };
  emitWindow(e, spec, operands, begin, end, scratch, zero, zero, add,
             [&](Value sum, const PixelPosition &at) {
               Value rows = arith::MulIOp::create(e.builder, e.loc, counted(0, at.pixel[0], false),
                                                  counted(1, at.pixel[1], false));
               Value count = arith::MulIOp::create(e.builder, e.loc, e.broadcast(rows, lanes),
                                                   counted(2, at.pixel[2], true));
               Value divisor = arith::SIToFPOp::create(e.builder, e.loc, sum.getType(), count);
               sink(arith::DivFOp::create(e.builder, e.loc, sum, divisor), at);
             });
}

} // namespace heddle::codegen
