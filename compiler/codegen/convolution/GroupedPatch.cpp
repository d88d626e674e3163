// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/GroupedPatch.h"

#include "compiler/codegen/matmul/ByteOperands.h"
#include "compiler/codegen/matmul/PairOperands.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

constexpr int64_t kPixels = 16; // copied at once

// Elements of two vectors in turns.
Value interleave(Emitter &e, Value a, Value b) {
  int64_t lanes = cast<VectorType>(a.getType()).getNumElements();
  SmallVector<int64_t> order;
  for (int64_t l = 0; l < lanes; ++l) {
    order.push_back(l);
    order.push_back(lanes + l);
  }
  return vector::ShuffleOp::create(e.builder, e.loc, a, b, order);
}

Value asWords(Emitter &e, Value elements, unsigned bits) {
  auto type = VectorType::get({kPixels}, e.builder.getIntegerType(bits));
  return vector::BitCastOp::create(e.builder, e.loc, type, elements);
}

Value interleaveFour(Emitter &e, const Values &channels) {
  Value low = asWords(e, interleave(e, channels[0], channels[1]), 16);
  Value high = asWords(e, interleave(e, channels[2], channels[3]), 16);
  return asWords(e, interleave(e, low, high), 32);
}

/// How the channels of a step become one vector of 32-bit elements.
struct Grouping {
  int64_t channels;
  Value outside; // a vector: what a channel has where windows leave the input
  llvm::function_ref<Value(Value loaded, Value mask)> inside; // masked-off lanes are zero
  llvm::function_ref<Value(const Values &channels)> combine;
};

InputPatch copied(Emitter &e, const ConvolutionSpec &spec, const GroupedPatchSource &from,
                  const Grouping &grouping) {
  const SpatialValues &size = from.inputSize;
  PatchGeometry g(e, spec, from.block, rowsStandClose(spec, kPixels) ? 1 : kPixels);
  InputPatch patch;
  patch.buffer = e.view(from.scratch, from.byteOffset, e.builder.getI32Type());
  patch.start = e.index(0);
  patch.rowStep = g.rowStep;
  patch.depthStep = e.mul(g.height, patch.rowStep);
  patch.channelStep = e.mul(patch.depthStep, g.depth);

  InputPatch source = patchInPlace(e, spec, from.input, from.firstPlane, size, from.block);
  Value zero = e.index(0);
  Type elements = grouping.outside.getType();
  Value zeros = e.zero(elements);
  auto copyVector = [&](Value group, Value depth, Value row, Value column, Value mask) {
    Value rowInside = g.inside(e, depth, row, size);
    Value at = e.add(e.add(source.start, e.mul(depth, source.depthStep)),
                     e.add(e.mul(row, source.rowStep), column));
    Values all;
    for (int64_t c = 0; c < grouping.channels; ++c) {
      Value channel = e.add(e.mul(group, grouping.channels), c);
      Value exists = e.less(channel, from.channels);
      Value both = arith::AndIOp::create(e.builder, e.loc, rowInside, exists);
      all.push_back(e.choose(
          both, elements,
          [&] {
            Value offset = e.add(at, e.mul(channel, source.channelStep));
            SpatialValues pixel{e.add(g.depth0, depth), e.add(g.row0, row),
                                e.add(g.column0, column)};
            Value elements = from.read ? from.read({{}, channel, pixel, offset, mask, kPixels})
                                       : e.load(from.input, offset, kPixels, mask);
            return Values{grouping.inside(elements, mask)};
          },
          [&] { return Values{e.select(exists, grouping.outside, zeros)}; })[0]);
    }
    Value to = e.add(e.add(e.mul(group, patch.channelStep), e.mul(depth, patch.depthStep)),
                     e.add(e.mul(row, patch.rowStep), column));
    e.store(grouping.combine(all), patch.buffer, to);
  };
  // A row at a time, as in patchCopied.
  auto copyRow = [&](Value group, Value depth, Value row) {
    e.loop(zero, patch.rowStep, e.index(kPixels), [&](Value column) {
      Value first = e.add(g.column0, column);
      Value mask =
          arith::AndIOp::create(e.builder, e.loc, e.firstLanes(e.sub(size[2], first), kPixels),
                                e.notFirstLanes(e.sub(zero, first), kPixels));
      copyVector(group, depth, row, column, mask);
    });
  };
  e.when(from.refill, [&] {
    e.loop(zero, e.ceilDiv(from.channels, grouping.channels), e.index(1), [&](Value group) {
      e.loop(zero, e.index(g.depth), e.index(1), [&](Value depth) {
        e.loop(zero, g.height, e.index(1), [&](Value row) { copyRow(group, depth, row); });
      });
    });
  });
  return patch;
}

} // namespace

InputPatch bytePatchCopied(Emitter &e, const ConvolutionSpec &spec, const GroupedPatchSource &from,
                           Value fill) {
  Value fills = e.broadcast(fill, kPixels);
  auto inside = [&](Value data, Value mask) -> Value {
    if (spec.inputSigned)
      data = flipTopBit(e, data);
    return arith::SelectOp::create(e.builder, e.loc, mask, data, fills);
  };
  return copied(e, spec, from,
                {4, fills, inside, [&](const Values &four) { return interleaveFour(e, four); }});
}

InputPatch pairPatchCopied(Emitter &e, const ConvolutionSpec &spec,
                           const GroupedPatchSource &from) {
  Type words = e.vector(e.builder.getI32Type(), kPixels);
  auto asInteger = [&](Value f32) -> Value {
    Value rounded = asWords(e, roundToBf16(e, f32), 16);
    return arith::ExtUIOp::create(e.builder, e.loc, words, rounded);
  };
  auto combine = [&](const Values &two) -> Value {
    Value sixteen = arith::ConstantOp::create(
        e.builder, e.loc, DenseElementsAttr::get(cast<ShapedType>(words), int32_t(16)));
    Value high = arith::ShLIOp::create(e.builder, e.loc, asInteger(two[1]), sixteen);
    return arith::OrIOp::create(e.builder, e.loc, asInteger(two[0]), high);
  };
  Value zeros = e.zero(e.vector(e.builder.getF32Type(), kPixels));
  auto inside = [&](Value data, Value mask) {
    return from.read ? e.select(mask, data, zeros) : data;
  };
  return copied(e, spec, from, {2, zeros, inside, combine});
}

} // namespace heddle::codegen
