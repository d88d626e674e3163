// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.MaxPool, or a depthwise onnx.Conv, of what a direct convolution and its epilogue make, where
// that is large and nothing else reads it, so that it is not written to memory and read back.

#include "compiler/codegen/contraction/ConvolutionKernelEmitter.h"
#include "compiler/codegen/convolution/PooledConvolution.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

static bool isStatic(Value value) {
  return cast<RankedTensorType>(value.getType()).hasStaticShape();
}

/// Results that the second cache does not keep until windows read them. Weighted ones cost more,
/// and gain where results leave a cache of 2 MiB.
static bool isLarge(Value value, bool pools) {
  int64_t fewestElements = pools ? 64 << 10 : 512 << 10;
  return cast<RankedTensorType>(value.getType()).getNumElements() >= fewestElements;
}

/// A window for each channel, by itself.
static bool isDepthwise(Operation *op) {
  auto conv = dyn_cast<onnx::ConvOp>(op);
  if (!conv || conv->hasAttr(kShuffledRuns) || !isEmittedConvolution(op) ||
      !isStatic(conv.getW()) || (conv.getB() && !isStatic(conv.getB())))
    return false;
  Dims filter = dimsOf(conv.getW());
  return conv.getGroup() != 1 && filter[1].isConstant(1) && filter[0] == conv.getGroup();
}

bool isPooledConvolution(Operation *convolution, Operation *pooling) {
  auto conv = dyn_cast<onnx::ConvOp>(convolution);
  bool pools = isa<onnx::MaxPoolOp>(pooling) && isEmittedPooling(pooling);
  if (!conv || conv->hasAttr(kShuffledRuns) || !(pools || isDepthwise(pooling)) ||
      !isEmittedConvolution(conv) || conv.getGroup() != 1 || !isStatic(conv.getX()) ||
      !isStatic(conv.getY()) || !isStatic(pooling->getResult(0)) || !isLarge(conv.getY(), pools) ||
      isUsuallyWinograd(conv)) // which gains more
    return false;
  SpatialOperation convolved(conv), pooled(pooling);
  Spatial ones{1, 1, 1};
  return convolved.element.isF32() && pooled.element.isF32() && convolved.axes == 2 &&
         pooled.axes == 2 && (convolved.taps() > 1) == pools && pooled.dilation == ones &&
         pooled.stride[1] <= pooled.window[1] &&
         llvm::all_of(pooled.padBefore, [](int64_t pad) { return pad >= 0; });
}

// With few registers, tiles of channels are turned in small squares, and tiles of pixels are small.
bool ConvolutionKernelEmitter::fillsLanesWithPixels() const {
  std::optional<DirectCosts> costs = directCosts(op);
  return space.taps() == 1 && costs && !rounds && target.vectorRegisters() >= 32 &&
         costs->pixelsInLanes < costs->channelsInLanes;
}

ContractionKernel ConvolutionKernelEmitter::emitPooled(Operation *pooling) {
  SpatialOperation pooled(pooling);
  auto windows = dyn_cast<onnx::ConvOp>(pooling); // null: their maximum
  auto size = [](const DimExpr &dim) { return *dim.asConstant(); };
  PooledSpec spec{.convolution = directSpec(),
                  .window = {.element = stored,
                             .accumulator = stored,
                             .window = pooled.window,
                             .stride = pooled.stride,
                             .dilation = pooled.dilation,
                             .padding = pooled.padBefore},
                  .channels = size(inputs),
                  .height = size(space.outputSize(1)),
                  .width = size(space.outputSize(2)),
                  .outputs = size(outputs),
                  .pooledHeight = size(pooled.outputSize(1)),
                  .pooledWidth = size(pooled.outputSize(2)),
                  .pixelsInLanes = hasPixelsInLanes() || fillsLanesWithPixels(),
                  .weighted = static_cast<bool>(windows)};
  PooledPlan plan = planPooledConvolution(spec, target);
  KernelFrame frame(structured, name, buffers());
  Emitter e(frame.b, frame.b.getLoc(), target);
  Epilogue before(frame, op, pooling->getOperand(0)), after(frame, pooling);
  requireMatchingFilter(frame);
  frame.guarded([&] {
    emitPooledConvolution(
        e, spec, operandsIn(frame), windows ? bufferOf(frame, windows.getW()) : Value(),
        frame.begin, frame.end, frame.scratch,
        [&](Value acc, const PixelPosition &at) { return space.evaluate(before, acc, at, bias()); },
        [&](Value result, const PixelPosition &at) {
          pooled.store(after, result, at, windows ? windows.getB() : Value());
        });
  });

  ContractionKernel result;
  result.kernel.function = frame.function;
  result.kernel.grid = space.y[0] * plan.pointsOfImage;
  result.kernel.pointElements =
      DimExpr(plan.rowBlock * pooled.stride[1] * plan.columnBlock * pooled.stride[2]) *
      DimExpr::min(outputs, plan.channelBlock) * inputs * space.taps();
  result.kernel.nanosecondsPerElement = nanosecondsPerProduct();
  result.scratchBytes = plan.scratchBytes;
  result.packings = {emitPacking(spec.convolution)};
  return result;
}

FailureOr<ContractionKernel> emitPooledConvolutionKernel(func::FuncOp structured,
                                                         Operation *convolution, Operation *pooling,
                                                         StringRef name, const Target &target) {
  return ConvolutionKernelEmitter(structured, convolution, name, target).emitPooled(pooling);
}

} // namespace heddle
