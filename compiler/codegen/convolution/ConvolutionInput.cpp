// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where a direct convolution reads its input: in place or in a copy, which may be computed as it is made.

#include "compiler/codegen/convolution/ConvolutionEmitter.h"
#include "compiler/codegen/convolution/GroupedPatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace heddle::codegen {

Value ConvolutionEmitter::firstPlane(const Place &place) {
  return e.add(e.mul(place.n, ops.ic), e.mul(place.group, groupChannels));
}

InputPatch ConvolutionEmitter::patchOf(const Place &place, Value refill) {
  PatchReader read;
  if (spec.computesInput)
    read = [&](PixelPosition at) {
      at.n = place.n;
      at.channel = e.add(e.mul(place.group, groupChannels), at.channel);
      return ops.inputAt(e, at);
    };
  GroupedPatchSource source{ops.input, firstPlane(place), groupChannels, ops.inputSize, place.block,
                            scratch,   plan.patchOffset,  refill,        read};
  if (math.isPairs())
    return pairPatchCopied(e, spec, source);
  if (math.isBytes()) {
    Value fill = arith::TruncIOp::create(e.builder, e.loc, e.builder.getI8Type(), inputZero);
    return bytePatchCopied(e, spec, source, fill);
  }
  if (patchIsCopied())
    return patchCopied(e, spec, ops.input, firstPlane(place), groupChannels, ops.inputSize,
                       place.block, e.view(scratch, plan.patchOffset, spec.element), refill, read);
  return patchInPlace(e, spec, ops.input, firstPlane(place), ops.inputSize, place.block);
}

bool ConvolutionEmitter::asksForInput() const {
  constexpr int64_t firstCacheShare = 24 << 10, line = 64; // bytes
  if ((patchIsCopied() && !spec.computesInput) || spec.window != Spatial{1, 1, 1})
    return false;
  std::optional<int64_t> inputs = getConstantIntValue(steps);
  int64_t pixelBytes = plan.pixels * spec.stride[2] * elementBytes();
  int64_t ofChannel = plan.panels * plan.panel * elementBytes() + pixelBytes + line;
  return !inputs || *inputs * ofChannel > firstCacheShare;
}

void ConvolutionEmitter::askForInput(Value input, int64_t pixels, int64_t rowPixels,
                                     llvm::function_ref<Value(int64_t)> pixelAt) {
  int64_t linePixels = std::max<int64_t>(1, 64 / elementBytes() / spec.stride[2]);
  for (int64_t p = 0; p < pixels; ++p) {
    int64_t column = p % rowPixels;
    if (column % linePixels == 0 || column + 1 == rowPixels || p + 1 == pixels)
      e.prefetch(input, pixelAt(p), Emitter::Cache::First);
  }
}

} // namespace heddle::codegen
