// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/WindowEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace heddle::codegen {
static constexpr int64_t kUnrolledTaps = 64; // larger windows are loops

// Masks cost nothing in AVX-512. A copy pays where windows are far apart, and for windows that are read in
// loops; of wide ones every second column would be sorted out too often, and tiles of heights that only a
// run tells would all sort in code of their own.
bool WindowEmitter::readsInPlace() const {
  bool alternates = spec.stride[2] == 2 && spec.window[2] <= 3 && spec.dilation[2] == 1 &&
                    matchPattern(fill, m_AnyZeroFloat()) && getConstantIntValue(ops.outputSize[1]);
  return e.target.hasAvx512() && (spec.stride[2] == 1 || alternates) &&
         spec.element == spec.accumulator && spec.taps() <= kUnrolledTaps;
}

void WindowEmitter::fillRow() {
  int64_t length = spec.stride[2] * lanes + (spec.window[2] - 1) * spec.dilation[2];
  for (int64_t at = 0; at < length; at += lanes)
    e.store(e.broadcast(fill, lanes), patchBuffer, e.index(at));
}

PhasedPatch WindowEmitter::planeInPlace(Value plane, const Place &place) {
  auto &[depth, height, width] = ops.inputSize;
  PhasedPatch patch;
  patch.buffer = ops.input;
  patch.rowStep = width;
  patch.depthStep = e.mul(height, width);
  patch.phaseStep = e.index(0);
  Value rows = e.mul(e.add(e.mul(plane, depth), place.depth), height);
  patch.start = e.add(e.mul(e.add(rows, place.row), width), place.column);
  return patch;
}

Values WindowEmitter::columnMasks(const Place &place, Value column) {
  Values masks;
  bool alternates = spec.stride[2] == 2;
  int64_t vectors = alternates ? (spec.window[2] + 1) / 2 * 2 : spec.window[2];
  for (int64_t v = 0; v < vectors; ++v) {
    int64_t offset = alternates ? v / 2 * 2 + v % 2 * lanes : v * spec.dilation[2];
    Value first = e.add(e.add(place.column, e.mul(column, spec.stride[2])), offset);
    masks.push_back(arith::AndIOp::create(e.builder, e.loc,
                                          e.firstLanes(e.sub(ops.inputSize[2], first), lanes),
                                          e.notFirstLanes(e.sub(e.index(0), first), lanes)));
  }
  return masks;
}

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
  auto inputAt = [&](Value at, int axis) {
    return e.sub(e.mul(at, spec.stride[axis]), e.index(spec.padding[axis]));
  };
  place.depth = inputAt(depth, 0);
  place.row = inputAt(place.block.row, 1);
  place.column = inputAt(place.block.column, 2);
  if (inPlace) {
    place.patch = planeInPlace(inputPlane, place);
  } else {
    place.patch = phasedPatch(e, spec, place.block, patchBuffer);
    fillPhasedPatch(e, spec, ops, inputPlane, place.block, place.patch, fill);
  }
  if (prepare)
    prepare(place.channel);
  if (joined)
    return joinedRows(place);
  EvenSplit tiles(e, place.block.rows, plan.rows);
  SmallVector<int64_t> known;
  if (std::optional<int64_t> rows = getConstantIntValue(oh))
    known.push_back(*rows);
  e.loop(e.index(0), tiles.parts, e.index(1), [&](Value part) {
    Value row = tiles.start(e, part);
    e.specialize(tiles.length(e, part), tileLengths(known, plan.rowBlock, plan.rows),
                 [&](int64_t rows) {
                   e.loop(e.index(0), place.block.columns, e.index(lanes),
                          [&](Value column) { tile(place, row, rows, column); });
                 });
  });
}

void WindowEmitter::tile(const Place &place, Value row, int64_t rows, Value column) {
  Value firstRow = e.mul(row, spec.stride[1]);
  Value at = e.add(place.patch.start, e.mul(firstRow, place.patch.rowStep));
  at = e.add(at, inPlace ? e.mul(column, spec.stride[2]) : column);
  if (inPlace) {
    tileRow = e.add(place.row, firstRow);
    tileMasks = columnMasks(place, column);
  }
  Values sums = spec.taps() > kUnrolledTaps ? looped(place, at, rows)
                : isMaximum                 ? maxima(place, at, rows)
                                            : unrolled(place, at, rows);
  deliver(place, sums, row, column);
}

void WindowEmitter::eachRow(const Place &place, Value at, int64_t rows,
                            llvm::function_ref<void(const TileRow &)> body) {
  int64_t lastRow = (rows - 1) * spec.stride[1] + (spec.window[1] - 1) * spec.dilation[1];
  for (int64_t d = 0; d < spec.window[0]; ++d)
    for (int64_t inRow = 0; inRow <= lastRow; ++inRow) {
      TileRow row{place.patch.buffer, {}, d, {}};
      for (int64_t r = 0; r < rows; ++r) {
        int64_t offset = inRow - r * spec.stride[1];
        if (offset >= 0 && offset % spec.dilation[1] == 0 &&
            offset / spec.dilation[1] < spec.window[1])
          row.users.push_back({r, offset / spec.dilation[1]});
      }
      if (row.users.empty())
        continue;
      row.at = e.add(at, e.add(e.mul(place.patch.depthStep, d * spec.dilation[0]),
                               e.mul(place.patch.rowStep, inRow)));
      if (inPlace) {
        // Negative coordinates are large unsigned ones.
        auto isInside = [&](Value at, Value size) -> Value {
          return arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::ult, at, size);
        };
        Value inside = arith::AndIOp::create(
            e.builder, e.loc, isInside(e.add(tileRow, inRow), ops.inputSize[1]),
            isInside(e.add(place.depth, d * spec.dilation[0]), ops.inputSize[0]));
        row.buffer = e.select(inside, ops.input, patchBuffer);
        row.at = e.select(inside, row.at, e.index(0));
      }
      body(row);
    }
}

// Two vectors hold the columns of a tap and of the one beside it.
Value WindowEmitter::alternate(const TileRow &row, int64_t tap) {
  Values halves;
  for (int64_t half : {0, 1})
    halves.push_back(e.load(row.buffer, e.add(row.at, tap / 2 * 2 + half * lanes), lanes,
                            tileMasks[tap / 2 * 2 + half]));
  SmallVector<int64_t> order;
  for (int64_t lane = 0; lane < lanes; ++lane)
    order.push_back(2 * lane + tap % 2);
  return vector::ShuffleOp::create(e.builder, e.loc, halves[0], halves[1], order);
}

Value WindowEmitter::load(const Place &place, const TileRow &row, int64_t tap) {
  if (inPlace && spec.stride[2] == 2)
    return alternate(row, tap);
  int64_t column = tap * spec.dilation[2];
  Value from = e.add(row.at, e.add(e.mul(place.patch.phaseStep, column % spec.stride[2]),
                                   column / spec.stride[2]));
  if (!inPlace)
    return e.load(row.buffer, from, lanes);
  Value x = e.load(row.buffer, from, lanes, tileMasks[tap]);
  if (matchPattern(fill, m_AnyZeroFloat())) // as what a mask leaves out is
    return x;
  return arith::SelectOp::create(e.builder, e.loc, tileMasks[tap], x, e.broadcast(fill, lanes));
}

bool WindowEmitter::rotatesRows() const {
  constexpr int64_t mostRows = 3;
  int64_t reach = (spec.window[2] - 1) * spec.dilation[2];
  auto leavesRoom = [&](Value size) {
    return getConstantIntValue(size).value_or(lanes) + reach <= lanes;
  };
  return inPlace && spec.stride[2] == 1 && spec.window[1] <= mostRows &&
         leavesRoom(ops.inputSize[2]) && leavesRoom(ops.outputSize[2]) &&
         matchPattern(fill, m_AnyZeroFloat());
}

// What is beside the row is zero.
Value WindowEmitter::rotated(Value row, int64_t tap) {
  SmallVector<int64_t> order;
  for (int64_t lane = 0; lane < lanes; ++lane)
    order.push_back((lanes + lane + tap * spec.dilation[2] - spec.padding[2]) % lanes);
  return vector::ShuffleOp::create(e.builder, e.loc, row, row, order);
}

// A loaded vector serves all rows of the tile whose windows contain it.
Values WindowEmitter::unrolled(const Place &place, Value at, int64_t rows) {
  Values sums(rows, start);
  bool rotates = rotatesRows();
  eachRow(place, at, rows, [&](const TileRow &row) {
    Value whole;
    if (rotates)
      whole = e.load(row.buffer, e.add(row.at, spec.padding[2]), lanes,
                     e.firstLanes(ops.inputSize[2], lanes));
    for (int64_t w = 0; w < spec.window[2]; ++w) {
      Value x = rotates ? rotated(whole, w) : load(place, row, w);
      for (auto [r, h] : row.users) {
        int64_t tap = (row.depth * spec.window[1] + h) * spec.window[2] + w;
        sums[r] = combine(sums[r], x, place.channel, e.index(tap));
      }
    }
  });
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
  plan.rowBlock = target.choose("window.rowBlock", 32, {8, 16, 64});
  plan.columnBlock = std::max(target.choose("window.columnBlock", 112, {64, 224}), lanes);
  plan.rows = target.choose("window.rows", target.vectorRegisters() >= 32 ? 8 : 4, {2, 3, 4, 6, 8});
  plan.scratchBytes = plan.rows * target.vectorBytes() +
                      phasedPatchElements(spec, plan.rowBlock, plan.columnBlock, lanes) * bytes;
  plan.weightsOffset = plan.scratchBytes;
  if (spec.element != spec.accumulator)
    plan.scratchBytes += spec.taps() * bytes;
  return plan;
}

void emitWindow(Emitter &e, const WindowSpec &spec, const WindowOperands &operands, Value begin,
                Value end, Value scratch, Value fill, Value start, WindowCombine combine,
                PixelSink sink) {
  WindowEmitter(e, spec, operands, scratch, fill, start, nullptr, combine, sink).run(begin, end);
}

} // namespace heddle::codegen
