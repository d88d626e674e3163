// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/InputPatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

// How far the elements of a window are apart, at most.
int64_t span(const ConvolutionSpec &spec, int dim) {
  return (spec.window[dim] - 1) * spec.dilation[dim];
}

// First input coordinate that output coordinate `at` reads; may be negative.
Value firstRead(Emitter &e, const ConvolutionSpec &spec, int dim, Value at) {
  int64_t stride = spec.stride[dim], padding = spec.padding[dim];
  if (!spec.transposed)
    return e.sub(e.mul(at, stride), e.index(padding));
  // Rounded down, of a number that may be negative.
  int64_t back = (span(spec, dim) + stride - 1) / stride;
  Value shifted = e.add(at, padding - span(spec, dim) + back * stride);
  return e.sub(e.div(shifted, e.index(stride)), e.index(back));
}

// Number of input coordinates that `outputs` coordinates from `at` read.
Value readLength(Emitter &e, const ConvolutionSpec &spec, int dim, Value at, Value outputs) {
  Value others = e.sub(outputs, e.index(1));
  if (!spec.transposed)
    return e.add(e.mul(others, spec.stride[dim]), span(spec, dim) + 1);
  Value last = e.div(e.add(e.add(at, others), spec.padding[dim]), e.index(spec.stride[dim]));
  return e.add(e.sub(last, firstRead(e, spec, dim, at)), 1);
}

// Its upper bound.
int64_t maxReadLength(const ConvolutionSpec &spec, int dim, int64_t outputs) {
  if (!spec.transposed)
    return (outputs - 1) * spec.stride[dim] + span(spec, dim) + 1;
  return (outputs - 1 + span(spec, dim) + spec.stride[dim] - 1) / spec.stride[dim] + 1;
}

} // namespace

bool rowsStandClose(const ConvolutionSpec &spec, int64_t lanes) {
  return spec.narrowWidth != 0 && maxReadLength(spec, 2, spec.narrowWidth) <= lanes;
}

int64_t patchElements(const ConvolutionSpec &spec, int64_t rows, int64_t columns, int64_t lanes) {
  int64_t width = maxReadLength(spec, 2, columns);
  if (!rowsStandClose(spec, lanes))
    width = (width + lanes - 1) / lanes * lanes;
  return maxReadLength(spec, 0, 1) * maxReadLength(spec, 1, rows) * width;
}

PatchGeometry::PatchGeometry(Emitter &e, const ConvolutionSpec &spec, const PixelBlock &block,
                             int64_t lanes)
    : depth(maxReadLength(spec, 0, 1)), height(readLength(e, spec, 1, block.row, block.rows)),
      rowStep(e.mul(e.ceilDiv(readLength(e, spec, 2, block.column, block.columns), lanes), lanes)),
      depth0(firstRead(e, spec, 0, block.depth)), row0(firstRead(e, spec, 1, block.row)),
      column0(firstRead(e, spec, 2, block.column)) {}

Value PatchGeometry::inside(Emitter &e, Value depth, Value row, const SpatialValues &size) const {
  auto within = [&](Value at, Value size) -> Value {
    // Negative coordinates are large unsigned ones.
    return arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::ult, at, size);
  };
  return arith::AndIOp::create(e.builder, e.loc, within(e.add(depth0, depth), size[0]),
                               within(e.add(row0, row), size[1]));
}

InputPatch patchInPlace(Emitter &e, const ConvolutionSpec &spec, Value input, Value firstPlane,
                        const SpatialValues &size, const PixelBlock &block) {
  InputPatch patch;
  patch.buffer = input;
  patch.rowStep = size[2];
  patch.depthStep = e.mul(size[1], size[2]);
  patch.channelStep = e.mul(size[0], patch.depthStep);
  patch.start = e.mul(firstPlane, patch.channelStep);
  patch.start = e.add(patch.start, e.mul(firstRead(e, spec, 0, block.depth), patch.depthStep));
  patch.start = e.add(patch.start, e.mul(firstRead(e, spec, 1, block.row), patch.rowStep));
  patch.start = e.add(patch.start, firstRead(e, spec, 2, block.column));
  return patch;
}

InputPatch patchCopied(Emitter &e, const ConvolutionSpec &spec, Value input, Value firstPlane,
                       Value channels, const SpatialValues &size, const PixelBlock &block,
                       Value target, Value refill, const PatchReader &read) {
  int64_t lanes = e.lanesOf(spec.element);
  PatchGeometry g(e, spec, block, rowsStandClose(spec, lanes) ? 1 : lanes);
  InputPatch patch;
  patch.buffer = target;
  patch.start = e.index(0);
  patch.rowStep = g.rowStep;
  patch.depthStep = e.mul(g.height, patch.rowStep);
  patch.channelStep = e.mul(patch.depthStep, g.depth);

  InputPatch source = patchInPlace(e, spec, input, firstPlane, size, block);
  Value zero = e.index(0), one = e.index(1), step = e.index(lanes);
  auto maskAt = [&](Value column) -> Value {
    Value first = e.add(g.column0, column);
    return arith::AndIOp::create(e.builder, e.loc, e.firstLanes(e.sub(size[2], first), lanes),
                                 e.notFirstLanes(e.sub(zero, first), lanes));
  };
  // The row of the next channel is asked for: it is a plane away, and rows are too short for the CPU
  // to see where they lead. Narrow ones lie together.
  bool asks = spec.narrowWidth == 0;
  auto ask = [&](Value from, Value column) {
    e.prefetch(input, e.add(e.add(from, source.channelStep), column), Emitter::Cache::First);
  };
  // A row of the patch: where it is in the input, there and in the copy.
  struct Row {
    Value channel, depth, row, from, to;
  };
  auto copyVector = [&](const Row &at, Value column, Value mask) {
    if (asks)
      ask(at.from, column);
    Value offset = e.add(at.from, column), elements;
    if (read) {
      SpatialValues pixel{e.add(g.depth0, at.depth), e.add(g.row0, at.row),
                          e.add(g.column0, column)};
      elements = read({{}, at.channel, pixel, offset, mask, lanes});
      if (spec.padded) // a pad is zero, whatever would be computed of it
        elements = e.select(mask, elements, e.zero(elements.getType()));
    } else {
      elements = e.load(input, offset, lanes, mask);
    }
    e.store(e.convertFloat(elements, spec.element), target, e.add(at.to, column));
  };
  auto clearRow = [&](Value to) {
    Value zeros = e.zero(e.vector(spec.element, lanes));
    e.loop(zero, patch.rowStep, step,
           [&](Value column) { e.store(zeros, target, e.add(to, column)); });
  };
  Value lastColumn = e.sub(readLength(e, spec, 2, block.column, block.columns), one);
  // Windows that are wide apart do not read what lies between their rows.
  bool skipsRows = !spec.transposed && spec.dilation[1] > 1;
  Value takenRows = e.add(e.mul(e.sub(block.rows, one), spec.stride[1]), one);
  // A row at a time: its lines are used up before others take their places.
  auto eachRow = [&](llvm::function_ref<void(const Row &)> copyRow) {
    e.loop(zero, channels, one, [&](Value channel) {
      Value fromChannel = e.add(source.start, e.mul(channel, source.channelStep));
      e.loop(zero, e.index(g.depth), one, [&](Value depth) {
        Value from = e.add(fromChannel, e.mul(depth, source.depthStep));
        Value to = e.add(e.mul(channel, patch.channelStep), e.mul(depth, patch.depthStep));
        e.loop(zero, g.height, one, [&](Value row) {
          Value toRow = e.add(to, e.mul(row, patch.rowStep));
          Value fromRow = e.add(from, e.mul(row, source.rowStep));
          auto copyOrClear = [&] {
            e.when(
                g.inside(e, depth, row, size),
                [&] {
                  copyRow({channel, depth, row, fromRow, toRow});
                  if (asks)
                    ask(fromRow, lastColumn);
                },
                [&] { clearRow(toRow); });
          };
          if (!skipsRows)
            return copyOrClear();
          e.when(e.less(e.rem(row, e.index(spec.dilation[1])), takenRows), copyOrClear);
        });
      });
    });
  };
  // All rows have the same masks, which are made once for those of a few vectors.
  auto copyShortRows = [&](int64_t vectors) {
    Values columns, masks;
    for (int64_t v = 0; v < vectors; ++v) {
      columns.push_back(e.index(v * lanes));
      masks.push_back(maskAt(columns.back()));
    }
    eachRow([&](const Row &row) {
      for (auto [column, mask] : llvm::zip(columns, masks))
        copyVector(row, column, mask);
    });
  };
  auto copyLongRows = [&] {
    eachRow([&](const Row &row) {
      e.loop(zero, patch.rowStep, step,
             [&](Value column) { copyVector(row, column, maskAt(column)); });
    });
  };
  e.when(refill, [&] {
    // Each is code of its own, so a few.
    SmallVector<int64_t> shortRows{1};
    if (spec.narrowWidth == 0)
      shortRows.append({2, 4, 8});
    Value vectors = e.ceilDiv(patch.rowStep, lanes);
    Value isShort = arith::ConstantIntOp::create(e.builder, e.loc, 0, 1);
    for (int64_t count : shortRows)
      isShort = arith::OrIOp::create(e.builder, e.loc, isShort, e.equal(vectors, e.index(count)));
    e.when(
        isShort, [&] { e.specialize(vectors, shortRows, copyShortRows); }, copyLongRows);
  });
  return patch;
}

// Of windows with depth, the first plane only.
PatchAhead::PatchAhead(Emitter &e, const ConvolutionSpec &spec, Value input, Value firstPlane,
                       Value channels, const SpatialValues &inputSize, const PixelBlock &block,
                       Value exists, Value turns)
    : source(patchInPlace(e, spec, input, firstPlane, inputSize, block)),
      height(readLength(e, spec, 1, block.row, block.rows)),
      width(readLength(e, spec, 2, block.column, block.columns)),
      rows(e.select(exists, e.mul(channels, height), e.index(0))),
      share(e.div(e.add(rows, e.sub(turns, e.index(1))), turns)),
      lineElements(64 * 8 / cast<MemRefType>(input.getType()).getElementTypeBitWidth()) {}

void PatchAhead::prefetch(Emitter &e, Value turn) const {
  Value first = e.mul(turn, share);
  e.loop(first, e.min(rows, e.add(first, share)), e.index(1), [&](Value row) {
    Value at = e.add(e.mul(e.div(row, height), source.channelStep),
                     e.mul(e.rem(row, height), source.rowStep));
    at = e.add(source.start, at);
    e.loop(e.index(0), width, e.index(lineElements), [&](Value column) {
      e.prefetch(source.buffer, e.add(at, column), Emitter::Cache::Second);
    });
    e.prefetch(source.buffer, e.add(at, e.sub(width, e.index(1))), Emitter::Cache::Second);
  });
}

} // namespace heddle::codegen
