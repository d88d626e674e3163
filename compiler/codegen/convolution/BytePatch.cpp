// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/BytePatch.h"

#include "compiler/codegen/matmul/ByteOperands.h"

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

Value interleaveFour(Emitter &e, const Values &channels) {
  auto words = VectorType::get({kPixels}, e.builder.getI16Type());
  auto result = VectorType::get({kPixels}, e.builder.getI32Type());
  Value low =
      vector::BitCastOp::create(e.builder, e.loc, words, interleave(e, channels[0], channels[1]));
  Value high =
      vector::BitCastOp::create(e.builder, e.loc, words, interleave(e, channels[2], channels[3]));
  return vector::BitCastOp::create(e.builder, e.loc, result, interleave(e, low, high));
}

} // namespace

InputPatch bytePatchCopied(Emitter &e, const ConvolutionSpec &spec, Value input, Value firstPlane,
                           Value channels, const SpatialValues &size, const PixelBlock &block,
                           Value scratch, int64_t byteOffset, Value fill, Value refill) {
  PatchGeometry g(e, spec, block, kPixels);
  InputPatch patch;
  patch.buffer = e.view(scratch, byteOffset, e.builder.getI32Type());
  patch.start = e.index(0);
  patch.rowStep = g.rowStep;
  patch.depthStep = e.mul(g.height, patch.rowStep);
  patch.channelStep = e.mul(patch.depthStep, g.depth);

  InputPatch source = patchInPlace(e, spec, input, firstPlane, size, block);
  Value zero = e.index(0);
  Type bytes = e.vector(e.builder.getI8Type(), kPixels);
  Value fills = e.broadcast(fill, kPixels), zeros = e.zero(bytes);
  e.when(refill, [&] {
    e.loop(zero, patch.rowStep, e.index(kPixels), [&](Value column) {
      Value from = e.add(g.column0, column);
      Value mask =
          arith::AndIOp::create(e.builder, e.loc, e.firstLanes(e.sub(size[2], from), kPixels),
                                e.notFirstLanes(e.sub(zero, from), kPixels));
      e.loop(zero, e.ceilDiv(channels, 4), e.index(1), [&](Value group) {
        e.loop(zero, e.index(g.depth), e.index(1), [&](Value depth) {
          e.loop(zero, g.height, e.index(1), [&](Value row) {
            Value inside = g.inside(e, depth, row, size);
            Value at = e.add(e.add(source.start, e.mul(depth, source.depthStep)),
                             e.add(e.mul(row, source.rowStep), column));
            Values four;
            for (int64_t c = 0; c < 4; ++c) {
              Value channel = e.add(e.mul(group, 4), c);
              Value exists = e.less(channel, channels);
              Value outside = e.select(exists, fills, zeros);
              Value both = arith::AndIOp::create(e.builder, e.loc, inside, exists);
              four.push_back(e.choose(
                  both, bytes,
                  [&] {
                    Value offset = e.add(at, e.mul(channel, source.channelStep));
                    Value data = e.load(input, offset, kPixels, mask);
                    if (spec.inputSigned)
                      data = flipTopBit(e, data);
                    return Values{arith::SelectOp::create(e.builder, e.loc, mask, data, fills)};
                  },
                  [&] { return Values{outside}; })[0]);
            }
            Value to = e.add(e.add(e.mul(group, patch.channelStep), e.mul(depth, patch.depthStep)),
                             e.add(e.mul(row, patch.rowStep), column));
            e.store(interleaveFour(e, four), patch.buffer, to);
          });
        });
      });
    });
  });
  return patch;
}

} // namespace heddle::codegen
