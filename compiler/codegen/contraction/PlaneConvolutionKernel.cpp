// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.Conv with pixels in the lanes, where that takes less time than with output channels.

#include "compiler/codegen/contraction/ConvolutionKernelEmitter.h"
#include "compiler/codegen/convolution/PlaneConvolution.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

/// How much of vectors of `block` lanes so many elements fill.
static double filled(int64_t elements, int64_t block) {
  int64_t vectors = (elements + block - 1) / block;
  return static_cast<double>(elements) / static_cast<double>(vectors * block);
}

// Results of channels in the lanes are turned, which few products hide; a lone panel of channels asks
// for a broadcast with each product. Pixels in the lanes read all the input again for every few
// channels, from the second cache where what a row of windows reads is large. Of a row whose length only
// a run tells, a tenth is left over.
std::optional<DirectCosts> directCosts(Operation *op) {
  constexpr int64_t lanes = 16, tileChannels = 8, rowPixels = 128, firstCacheShare = 24 << 10;
  constexpr double turning = 16, delivering = 3, lonePanel = 1.1, secondCache = 1.15,
                   muchFuller = 1.15, unknownRow = 0.9;
  auto conv = dyn_cast<onnx::ConvOp>(op);
  if (!conv || !isEmittedConvolution(op))
    return std::nullopt;
  SpatialOperation space(op);
  std::optional<int64_t> width = space.outputSize(2).asConstant(),
                         filters = dimsOf(conv.getW())[0].asConstant(),
                         inputs = dimsOf(conv.getW())[1].asConstant();
  int64_t groups = conv.getGroup();
  bool isDepthwise = groups != 1 && inputs == 1;
  if (width == 0 || !filters || !inputs || *filters < groups || isDepthwise)
    return std::nullopt;
  int64_t outputs = *filters / groups;
  double depth = static_cast<double>(*inputs * space.taps());
  int64_t rowBytes = *inputs * space.window[0] * space.window[1] * rowPixels * space.stride[2] * 4;
  double row = width ? filled(*width, lanes) : unknownRow;
  double filledPixels = row * filled(outputs, tileChannels);
  DirectCosts costs;
  costs.channelsInLanes =
      (depth + turning) * (outputs <= lanes ? lonePanel : 1) / filled(outputs, lanes);
  costs.pixelsInLanes =
      (depth + delivering) * (rowBytes > firstCacheShare ? secondCache : 1) / filledPixels;
  costs.pixelsFillMore = filledPixels > muchFuller * filled(outputs, lanes);
  return costs;
}

// With few registers, tiles of channels are turned in small squares, and tiles of pixels are small: only
// what is left over of vectors counts.
std::optional<int64_t> registersForPixelsInLanes(Operation *op) {
  std::optional<DirectCosts> costs = directCosts(op);
  if (!costs || SpatialOperation(op).taps() == 1)
    return std::nullopt;
  if (costs->pixelsFillMore)
    return 16;
  return costs->pixelsInLanes < costs->channelsInLanes ? std::optional<int64_t>(32) : std::nullopt;
}

ContractionKernel ConvolutionKernelEmitter::emitPlane() {
  ConvolutionSpec spec = directSpec();
  PlanePlan plan = planPlaneConvolution(spec, target);
  ContractionKernel result = emitBlocks(
      spec, plan,
      [&](Emitter &e, const ConvolutionOperands &operands, KernelFrame &frame, PixelSink sink) {
        emitPlaneConvolution(e, spec, operands, frame.begin, frame.end, frame.scratch, sink);
      });
  result.packings = {emitPacking(spec)};
  return result;
}

} // namespace heddle
