// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/PlaneConvolution.h"

#include "compiler/codegen/convolution/FilterLayout.h"
#include "compiler/codegen/convolution/InputPatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

class PlaneEmitter {
public:
  PlaneEmitter(Emitter &e, const ConvolutionSpec &spec, const ConvolutionOperands &ops,
               Value scratch, PixelSink sink)
      : e(e), spec(spec), ops(ops), plan(planPlaneConvolution(spec, e.target)), sink(sink),
        scratch(scratch), math(e.target, spec.element), lanes(e.lanesOf(spec.element)),
        panel(planConvolution(spec, e.target).panel),
        taps(spec.window[0] * spec.window[1] * spec.window[2]),
        parked(e.view(scratch, int64_t(0), spec.element)), inputs(e.div(ops.ic, ops.groups)),
        outputs(e.div(ops.oc, ops.groups)) {}

  void point(Value index, Value begin);

private:
  /// What the channels of a tile have in common.
  struct Channels {
    Value n, first, count; // of all groups; those that exist
    Value filter;          // where the first one's weights are
    PixelBlock block;
    InputPatch patch;
    Value rowVectors; // vectors that a row of the block takes
  };

  void tiles(const Channels &channels);
  void accumulate(const Channels &channels, Value first, int64_t vectors);
  void eachResult(const Channels &channels, Value first, Value vectors,
                  llvm::function_ref<void(const PixelPosition &, Value parkedAt)> body);
  Value row(const Channels &channels, Value vector) { return e.div(vector, channels.rowVectors); }
  Value column(const Channels &channels, Value vector) {
    return e.mul(e.rem(vector, channels.rowVectors), lanes);
  }

  Emitter &e;
  const ConvolutionSpec &spec;
  const ConvolutionOperands &ops;
  PlanePlan plan;
  PixelSink sink;
  Value scratch;
  TileMath math;
  int64_t lanes, panel, taps;
  Value parked;
  Value inputs, outputs; // channels of a group
};

// Points run over the channel blocks first: they share a patch.
void PlaneEmitter::point(Value index, Value begin) {
  EvenSplit rowSplit(e, ops.outputSize[1], plan.rowBlock);
  EvenSplit columnSplit(e, ops.outputSize[2], plan.columnBlock);
  EvenSplit tileSplit(e, e.ceilDiv(outputs, plan.channels), plan.channelBlock / plan.channels);
  Value rest = index;
  auto next = [&](Value size) {
    Value digit = e.rem(rest, size);
    rest = e.div(rest, size);
    return digit;
  };
  Value tilePart = next(tileSplit.parts), columnPart = next(columnSplit.parts);
  Value rowPart = next(rowSplit.parts), depth = next(ops.outputSize[0]);
  Value group = next(ops.groups), n = rest;
  Channels channels;
  channels.n = n;
  channels.block = {depth, rowSplit.start(e, rowPart), rowSplit.length(e, rowPart),
                    columnSplit.start(e, columnPart), columnSplit.length(e, columnPart)};
  channels.rowVectors = e.ceilDiv(channels.block.columns, lanes);
  Value firstPlane = e.add(e.mul(n, ops.ic), e.mul(group, inputs));
  Value refill =
      arith::OrIOp::create(e.builder, e.loc, e.equal(index, begin), e.equal(tilePart, e.index(0)));
  channels.patch =
      spec.padded ? patchCopied(e, spec, ops.input, firstPlane, inputs, ops.inputSize,
                                channels.block, e.view(scratch, plan.patchOffset, spec.element),
                                refill)
                  : patchInPlace(e, spec, ops.input, firstPlane, ops.inputSize, channels.block);
  Value panels = e.mul(group, e.ceilDiv(outputs, panel));
  Value firstTile = tileSplit.start(e, tilePart);
  e.loop(e.index(0), tileSplit.length(e, tilePart), e.index(1), [&](Value tile) {
    Value first = e.mul(e.add(firstTile, tile), plan.channels);
    channels.first = e.add(e.mul(group, outputs), first);
    channels.count = e.min(e.index(plan.channels), e.sub(outputs, first));
    Value panelAt = e.add(panels, e.div(first, e.index(panel)));
    channels.filter = e.add(e.mul(panelAt, panelSize(e, math, inputs, taps, panel)),
                            e.rem(first, e.index(panel)));
    tiles(channels);
  });
}

void PlaneEmitter::tiles(const Channels &channels) {
  EvenSplit split(e, e.mul(channels.block.rows, channels.rowVectors), plan.vectors);
  e.loop(e.index(0), split.parts, e.index(1), [&](Value part) {
    Value first = split.start(e, part), vectors = split.length(e, part);
    if (ops.prefetch)
      eachResult(channels, first, vectors,
                 [&](const PixelPosition &at, Value) { ops.prefetch(e, at); });
    e.specialize(vectors, tileLengths({}, plan.vectors, plan.vectors),
                 [&](int64_t count) { accumulate(channels, first, count); });
    eachResult(channels, first, vectors, [&](const PixelPosition &at, Value parkedAt) {
      sink(e.load(parked, parkedAt, lanes), at);
    });
  });
}

void PlaneEmitter::accumulate(const Channels &channels, Value first, int64_t vectors) {
  const InputPatch &patch = channels.patch;
  Values starts, masks(vectors);
  for (int64_t v = 0; v < vectors; ++v) {
    Value vector = e.add(first, v), from = column(channels, vector);
    Value down = e.mul(e.mul(row(channels, vector), spec.stride[1]), patch.rowStep);
    starts.push_back(e.add(patch.start, e.add(down, from)));
    // A copy has room for lanes past its end, the input has not.
    if (!spec.padded)
      masks[v] = e.firstLanes(e.sub(channels.block.columns, from), lanes);
  }
  auto [kd, kh, kw] = spec.window;
  Value zero = e.index(0), one = e.index(1);
  Values sums(plan.channels * vectors, math.zero(e));
  sums = e.loop(zero, inputs, e.index(kChannelBlock), sums, [&](Value block, ValueRange s0) {
    Value depth = e.min(e.index(kChannelBlock), e.sub(inputs, block));
    Value filterBlock = e.add(channels.filter, e.mul(block, taps * panel));
    Value inputBlock = e.mul(block, patch.channelStep), tapStep = e.mul(depth, panel);
    auto over = [&](int64_t size, ValueRange carried, Emitter::CarryingBody body) {
      return size == 1 ? body(zero, carried) : e.loop(zero, e.index(size), one, carried, body);
    };
    return over(kd, s0, [&](Value d, ValueRange s1) {
      Value planeAt = e.add(inputBlock, e.mul(e.mul(d, spec.dilation[0]), patch.depthStep));
      return over(kh, s1, [&](Value h, ValueRange s2) {
        Value rowAt = e.add(planeAt, e.mul(e.mul(h, spec.dilation[1]), patch.rowStep));
        Value tapRow = e.mul(e.add(e.mul(d, kh), h), kw);
        return over(kw, s2, [&](Value w, ValueRange s3) {
          Value tapAt = e.add(rowAt, e.mul(w, spec.dilation[2]));
          Value filter = e.add(filterBlock, e.mul(e.add(tapRow, w), tapStep));
          return e.loop(zero, depth, one, s3, [&](Value channel, ValueRange carried) {
            Values next(carried), pixels;
            Value inputAt = e.add(tapAt, e.mul(channel, patch.channelStep));
            for (int64_t v = 0; v < vectors; ++v)
              pixels.push_back(e.load(patch.buffer, e.add(starts[v], inputAt), lanes, masks[v]));
            Value weightsAt = e.add(filter, e.mul(channel, panel));
            for (int64_t c = 0; c < plan.channels; ++c) {
              Value weight = e.broadcast(e.load(ops.filter, e.add(weightsAt, c)), lanes);
              for (int64_t v = 0; v < vectors; ++v) {
                Value &sum = next[c * vectors + v];
                sum = e.fma(pixels[v], weight, sum);
              }
            }
            return next;
          });
        });
      });
    });
  });
  for (int64_t c = 0; c < plan.channels; ++c)
    for (int64_t v = 0; v < vectors; ++v)
      e.store(sums[c * vectors + v], parked, e.index((v * plan.channels + c) * lanes));
}

void PlaneEmitter::eachResult(
    const Channels &channels, Value first, Value vectors,
    llvm::function_ref<void(const PixelPosition &, Value parkedAt)> body) {
  auto &[od, oh, ow] = ops.outputSize;
  const PixelBlock &block = channels.block;
  Value planeSize = e.mul(e.mul(od, oh), ow), one = e.index(1);
  e.loop(e.index(0), vectors, one, [&](Value v) {
    Value vector = e.add(first, v), from = column(channels, vector);
    PixelPosition at;
    at.n = channels.n;
    at.pixel = {block.depth, e.add(block.row, row(channels, vector)), e.add(block.column, from)};
    at.mask = e.firstLanes(e.sub(block.columns, from), lanes);
    at.lanes = lanes;
    Value inPlane = e.add(e.mul(e.add(e.mul(block.depth, oh), at.pixel[1]), ow), at.pixel[2]);
    e.loop(e.index(0), channels.count, one, [&](Value c) {
      at.channel = e.add(channels.first, c);
      at.offset = e.add(e.mul(e.add(e.mul(channels.n, ops.oc), at.channel), planeSize), inPlane);
      body(at, e.mul(e.add(e.mul(v, plan.channels), c), lanes));
    });
  });
}

} // namespace

PlanePlan planPlaneConvolution(const ConvolutionSpec &spec, const Target &target) {
  PlanePlan plan;
  int64_t bytes = spec.element.getIntOrFloatBitWidth() / 8, lanes = target.vectorBytes() / bytes;
  plan.vectors = 3;
  plan.channels = target.vectorRegisters() >= 32 ? 8 : 4;
  plan.rowBlock = 8;
  plan.columnBlock = 2 * plan.vectors * lanes;
  plan.channelBlock = 4 * plan.channels;
  plan.patchOffset = plan.scratchFixed = plan.channels * plan.vectors * target.vectorBytes();
  plan.scratchPerChannel = 0;
  if (spec.padded) {
    // The last row's last vector may reach past the copy.
    plan.scratchFixed += target.vectorBytes();
    plan.scratchPerChannel = patchElements(spec, plan.rowBlock, plan.columnBlock, lanes) * bytes;
  }
  return plan;
}

void emitPlaneConvolution(Emitter &e, const ConvolutionSpec &spec,
                          const ConvolutionOperands &operands, Value begin, Value end,
                          Value scratch, PixelSink sink) {
  PlaneEmitter plane(e, spec, operands, scratch, sink);
  e.loop(begin, end, e.index(1), [&](Value index) { plane.point(index, begin); });
}

} // namespace heddle::codegen
