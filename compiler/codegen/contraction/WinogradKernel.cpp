// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.Conv of 3 x 3 windows by Winograd's minimal filtering, where weights can be transformed while
// compiling and that takes less time. Results differ from those of the other ways by rounding.

#include "compiler/codegen/contraction/ConvolutionKernelEmitter.h"
#include "compiler/codegen/contraction/Precision.h"
#include "compiler/codegen/convolution/Winograd.h"
#include "compiler/codegen/loops/LoopSchedule.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

bool isUsuallyWinograd(Operation *op) {
  auto usual = op->getAttrOfType<BoolAttr>(kWinograd);
  return usual && usual.getValue();
}

bool mayBeWinograd(Operation *op) {
  auto conv = dyn_cast<onnx::ConvOp>(op);
  if (!conv || !isEmittedConvolution(op) || conv.getGroup() != 1)
    return false;
  SpatialOperation space(op);
  Spatial ones{1, 1, 1};
  Dims filter = dimsOf(conv.getW());
  // Weights that are stored in fewer bits stay so.
  return space.axes == 2 && space.element.isF32() && space.window == Spatial{1, 3, 3} &&
         space.stride == ones && space.dilation == ones && filter[0].asConstant() &&
         filter[1].asConstant() && !op->hasAttr(kWeightsFit) && !op->hasAttr(kRoundsOperands);
}

// In multiply-adds of a vector, as measured: products of a position wait for their operands a little,
// those of a lone panel of channels for broadcasts as well; a row of up to 16 tiles is transformed for
// each channel, and the results of a tile for each panel of channels. Planes of any size count as large
// ones. Filters become larger, and large planes are read again at the edges of blocks: a small gain is
// none.
bool isFasterWinograd(Operation *op) {
  constexpr int64_t lanes = 16, usualSize = 56;
  constexpr double product = 1.1, lonePanel = 1.35, inputRow = 50, result = 130, turning = 16,
                   worthwhile = 0.85;
  SpatialOperation space(op);
  Dims filter = dimsOf(cast<onnx::ConvOp>(op).getW());
  int64_t outputs = *filter[0].asConstant(), channels = *filter[1].asConstant();
  int64_t height = space.outputSize(1).asConstant().value_or(usualSize);
  int64_t width = space.outputSize(2).asConstant().value_or(usualSize);
  int64_t panels = (outputs + lanes - 1) / lanes, down = (height + 1) / 2, across = (width + 1) / 2;
  double depth = static_cast<double>(channels);
  double ofProduct = WinogradPlan::kPositions * product * (panels == 1 ? lonePanel : 1);
  double ofTiles = static_cast<double>(down * across * panels) * (ofProduct * depth + result);
  double ofRows = static_cast<double>(down * ((across + lanes - 1) / lanes)) * inputRow * depth;
  double ofResult = static_cast<double>(panels) * (9 * depth + turning);
  if (std::optional<DirectCosts> costs = directCosts(op))
    ofResult = std::min(costs->channelsInLanes, costs->pixelsInLanes) *
               static_cast<double>(outputs) / lanes;
  return ofTiles + ofRows < worthwhile * ofResult * static_cast<double>(height * width);
}

bool ConvolutionKernelEmitter::isWinograd() {
  auto usual = op->getAttrOfType<BoolAttr>(kWinograd);
  // Sizes that a schedule does not want to be known.
  if (!usual || !inputs.asConstant() || !outputs.asConstant())
    return false;
  return target.choose("convolution.winograd", usual.getValue() ? 1 : 0, {0, 1}) != 0;
}

ContractionKernel ConvolutionKernelEmitter::emitWinogradKernel() {
  Value final = structured.getBody().front().getTerminator()->getOperand(0);
  WinogradSpec spec{.convolution = directSpec(),
                    .channels = *inputs.asConstant(),
                    .outputs = *outputs.asConstant(),
                    .height = space.outputSize(1).asConstant(),
                    .width = space.outputSize(2).asConstant(),
                    .joinsRows = joinableDimensions(final)[space.axes]};
  WinogradPlan plan = planWinograd(spec, target);
  ContractionKernel result =
      emitBlocks(spec.convolution, plan,
                 [&](Emitter &e, const ConvolutionOperands &operands, KernelFrame &frame,
                     PixelSink sink) {
                   emitWinograd(e, spec, operands, frame.begin, frame.end, frame.scratch, sink);
                 });
  constexpr double timeOfDirect = 0.55;
  result.kernel.nanosecondsPerElement *= timeOfDirect;
  result.packing = packPanels(outputs.ceilDiv(plan.panel), plan.packedElements,
                              [&](Emitter &e, KernelFrame &frame) {
                                emitPackWinograd(e, spec, frame.buffers[0], frame.buffers[1],
                                                 frame.begin, frame.end);
                              });
  return result;
}

} // namespace heddle
