// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.Conv with pixels in the lanes, where these fill vectors better than output channels do.

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

bool hasFullRows(Operation *op) {
  constexpr int64_t lanes = 16, tileChannels = 8;
  constexpr double worthIt = 1.15;
  auto conv = dyn_cast<onnx::ConvOp>(op);
  if (!conv || !isEmittedConvolution(op))
    return false;
  SpatialOperation space(op);
  std::optional<int64_t> width = space.outputSize(2).asConstant(),
                         filters = dimsOf(conv.getW())[0].asConstant();
  int64_t groups = conv.getGroup();
  bool isDepthwise = groups != 1 && dimsOf(conv.getW())[1].isConstant(1);
  if (!width || !filters || *width == 0 || *filters < groups || isDepthwise ||
      space.taps() == 1 || space.stride[2] != 1)
    return false;
  int64_t outputs = *filters / groups;
  return filled(*width, lanes) * filled(outputs, tileChannels) > worthIt * filled(outputs, lanes);
}

ContractionKernel ConvolutionKernelEmitter::emitPlane() {
  ConvolutionSpec spec = directSpec();
  PlanePlan plan = planPlaneConvolution(spec, target);
  KernelFrame frame(structured, name, resultElement());
  Emitter e(frame.b, frame.b.getLoc(), target);
  Epilogue epilogue(frame, op);
  requireMatchingFilter(frame);
  frame.guarded([&] {
    ConvolutionOperands operands = operandsIn(frame);
    operands.prefetch = [&](Emitter &, const PixelPosition &at) { space.prefetch(epilogue, at); };
    emitPlaneConvolution(
        e, spec, operands, frame.begin, frame.end, frame.scratch,
        [&](Value acc, const PixelPosition &at) { space.store(epilogue, acc, at, bias()); });
  });

  return blockKernel(frame, spec, plan);
}

} // namespace heddle
