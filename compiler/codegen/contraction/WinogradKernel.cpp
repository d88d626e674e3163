// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.Conv of windows of 3 x 3, 3 x 1 and 1 x 3 by Winograd's minimal filtering, where weights can
// be transformed while compiling and that takes less time. Results differ from those of the other
// ways by rounding.

#include "compiler/codegen/contraction/ConvolutionKernelEmitter.h"
#include "compiler/codegen/contraction/Precision.h"
#include "compiler/codegen/loops/LoopSchedule.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

bool isUsuallyWinograd(Operation *op) {
  auto usual = op->getAttrOfType<BoolAttr>(kWinograd);
  return usual && usual.getValue();
}

/// Windows along one dimension; those within rows make results for all pixels of a row.
static bool isLine(const SpatialOperation &space) {
  Spatial pads{0, 0, 1};
  return space.window == Spatial{1, 3, 1} ||
         (space.window == Spatial{1, 1, 3} && space.padBefore == pads && space.padAfter == pads);
}

bool mayBeWinograd(Operation *op) {
  auto conv = dyn_cast<onnx::ConvOp>(op);
  if (!conv || !isEmittedConvolution(op) || conv.getGroup() != 1)
    return false;
  SpatialOperation space(op);
  Spatial ones{1, 1, 1};
  Dims filter = dimsOf(conv.getW());
  // Weights that are stored in fewer bits are transformed at each run, of squares only.
  bool isSquare = space.window == Spatial{1, 3, 3};
  return space.axes == 2 && space.element.isF32() &&
         (isSquare || (isLine(space) && !op->hasAttr(kWeightsFit))) && space.stride == ones &&
         space.dilation == ones && filter[0].asConstant() && filter[1].asConstant() &&
         !op->hasAttr(kRoundsOperands);
}

// In multiply-adds of a vector, as measured: to transform an input and to put a pair of results
// together; direct windows within rows read a copy with pads.
static bool isFasterLineWinograd(Operation *op) {
  constexpr int64_t lanes = 16, tileChannels = 8;
  constexpr double input = 36, result = 16, copied = 24, worthwhile = 0.9;
  SpatialOperation space(op);
  Dims filter = dimsOf(cast<onnx::ConvOp>(op).getW());
  std::optional<int64_t> height = space.outputSize(1).asConstant(),
                         width = space.outputSize(2).asConstant();
  std::optional<DirectCosts> costs = directCosts(op);
  if (!costs || !height || !width)
    return false;
  int64_t outputs = *filter[0].asConstant(), channels = *filter[1].asConstant();
  int64_t vectors = (*height * *width + 2 * lanes - 1) / (2 * lanes);
  auto depth = static_cast<double>(channels);
  auto tiled = static_cast<double>((outputs + tileChannels - 1) / tileChannels * tileChannels);
  double ofVector = tiled * (LineWinogradPlan::kPositions * depth + result) + input * depth;
  double ofResult =
      (std::min(costs->channelsInLanes, costs->pixelsInLanes) * static_cast<double>(outputs) +
       (space.window[2] == 3 ? copied * depth : 0)) /
      lanes;
  return ofVector * static_cast<double>(vectors) <
         worthwhile * ofResult * static_cast<double>(*height * *width);
}

// In multiply-adds of a vector, as measured: products of a position wait for their operands a
// little, those of a lone panel of channels for broadcasts as well; a row of up to 16 tiles is
// transformed for each channel, and the results of a tile for each panel of channels. Planes of any
// size count as large ones. Filters become larger, and large planes are read again at the edges of
// blocks: a small gain is none. Filters of fewer bits are transformed at each run, 16 channels' of
// an input channel at a time.
bool isFasterWinograd(Operation *op) {
  constexpr int64_t lanes = 16, usualSize = 56;
  constexpr double product = 1.1, lonePanel = 1.35, inputRow = 50, result = 130, turning = 16,
                   filter = 400, worthwhile = 0.85;
  SpatialOperation space(op);
  if (isLine(space))
    return isFasterLineWinograd(op);
  Dims weights = dimsOf(cast<onnx::ConvOp>(op).getW());
  int64_t outputs = *weights[0].asConstant(), channels = *weights[1].asConstant();
  int64_t height = space.outputSize(1).asConstant().value_or(usualSize);
  int64_t width = space.outputSize(2).asConstant().value_or(usualSize);
  int64_t panels = (outputs + lanes - 1) / lanes, down = (height + 1) / 2, across = (width + 1) / 2;
  double depth = static_cast<double>(channels);
  double ofProduct = WinogradPlan::kPositions * product * (panels == 1 ? lonePanel : 1);
  double ofTiles = static_cast<double>(down * across * panels) * (ofProduct * depth + result);
  double ofRows = static_cast<double>(down * ((across + lanes - 1) / lanes)) * inputRow * depth;
  double ofFilters = op->hasAttr(kWeightsFit) ? static_cast<double>(panels) * filter * depth : 0;
  double ofResult = static_cast<double>(panels) * (9 * depth + turning);
  if (std::optional<DirectCosts> costs = directCosts(op))
    ofResult = std::min(costs->channelsInLanes, costs->pixelsInLanes) *
               static_cast<double>(outputs) / lanes;
  return ofTiles + ofRows + ofFilters < worthwhile * ofResult * static_cast<double>(height * width);
}

std::optional<LineWinogradSpec> ConvolutionKernelEmitter::lineWinograd() {
  std::optional<int64_t> height = space.outputSize(1).asConstant(),
                         width = space.outputSize(2).asConstant();
  Value final = structured.getBody().front().getTerminator()->getOperand(0);
  if (!height || !width || *height * *width == 0 || !joinableDimensions(final)[space.axes])
    return std::nullopt;
  LineWinogradSpec spec{directSpec(), *inputs.asConstant(), *outputs.asConstant(), *height, *width};
  return spec.fits(target) ? std::optional(spec) : std::nullopt;
}

ContractionKernel ConvolutionKernelEmitter::emitLineWinogradKernel(const LineWinogradSpec &spec) {
  space.joinPlane();
  LineWinogradPlan plan = planLineWinograd(spec, target);
  ContractionKernel result = emitBlocks(
      spec.convolution, plan,
      [&](Emitter &e, const ConvolutionOperands &operands, KernelFrame &frame, PixelSink sink) {
        emitLineWinograd(e, spec, operands, frame.begin, frame.end, frame.scratch, sink);
      });
  constexpr double timeOfDirect = 0.7;
  result.kernel.nanosecondsPerElement *= timeOfDirect;
  result.packings.push_back(packTransformed(
      plan.packedElements, spec.convolution,
      [&](Emitter &e, KernelFrame &frame, Value outputs, Value channels) {
        emitPackLineWinograd(e, spec.convolution, frame.buffers[0], frame.buffers[1], outputs,
                             channels, frame.begin, frame.end);
      }));
  return result;
}

bool ConvolutionKernelEmitter::isWinograd() const {
  auto usual = op->getAttrOfType<BoolAttr>(kWinograd);
  // Sizes that a schedule does not want to be known.
  if (!usual || !inputs.asConstant() || !outputs.asConstant())
    return false;
  return target.choose("convolution.winograd", usual.getValue() ? 1 : 0, {0, 1}) != 0;
}

/// Rows of results that a grid point has at most where their width is not known.
static DimExpr openRowBlock(const WinogradPlan &plan, const DimExpr &width) {
  DimExpr across = DimExpr::max(width.ceilDiv(2), 1);
  return DimExpr(plan.blockTiles()).floorDiv(across.ceilDiv(across.ceilDiv(plan.columnTiles))) * 2;
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
  ContractionKernel result = emitBlocks(
      spec.convolution, plan,
      [&](Emitter &e, ConvolutionOperands operands, KernelFrame &frame, PixelSink sink) {
        if (transformsEachRun())
          operands.plainFilter = frame.buffers[frame.buffers.size() - 2];
        emitWinograd(e, spec, operands, frame.begin, frame.end, frame.scratch, sink);
      },
      spec.width ? plan.rowBlock : openRowBlock(plan, space.outputSize(2)));
  constexpr double timeOfDirect = 0.55;
  result.kernel.nanosecondsPerElement *= timeOfDirect;
  if (!transformsEachRun()) {
    result.packings.push_back(
        packTransformed(plan.packedElements, spec.convolution,
                        [&](Emitter &e, KernelFrame &frame, Value outputs, Value channels) {
                          emitPackWinograd(e, spec.convolution, frame.buffers[0], frame.buffers[1],
                                           outputs, channels, frame.begin, frame.end);
                        }));
    return result;
  }
  result.packings = {emitPacking(spec.convolution)};
  result.unpacking = emitTransform(spec, plan);
  return result;
}

} // namespace heddle
