// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.Conv, onnx.ConvInteger and onnx.ConvTranspose. There are six ways:
//   - windows that are the whole input: a product of few rows and the filters, in
//     SinglePixelKernel.cpp;
//   - windows of one element over large planes: a matrix product, in PointwiseKernel.cpp;
//   - one input channel a group (depthwise), not transposed: windows within a plane, pixels in the
//     lanes;
//   - few products a result, or rows that fill vectors better than output channels do: direct, with
//     pixels in the lanes, in PlaneConvolutionKernel.cpp;
//   - windows of 3 x 3, 3 x 1 and 1 x 3 that weights of many channels meet: Winograd's minimal
//     filtering, in WinogradKernel.cpp;
//   - all else: direct convolution, with output channels in the lanes. Filters are packed by a task
//     of their own: while compiling where they are weights, else before the convolution runs. Max
//     pooling or a depthwise convolution that follows may be part of it: PooledConvolutionKernel.cpp.

#include "compiler/codegen/MathExpansion.h"
#include "compiler/codegen/contraction/ConvolutionKernelEmitter.h"
#include "compiler/codegen/contraction/Precision.h"
#include "compiler/codegen/convolution/Window.h"
#include "compiler/codegen/loops/LoopSchedule.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {
ConvolutionKernelEmitter::ConvolutionKernelEmitter(func::FuncOp structured, Operation *op,
                                                   StringRef name, const Target &target)
    : structured(structured), op(op), name(name), target(target), space(op),
      filter(dimsOf(weights())),
      stored(cast<RankedTensorType>(weights().getType()).getElementType()),
      // With pixels in the lanes, weights are broadcast one by one.
      rounds(isa<onnx::ConvOp>(op) && !hasPixelsInLanes() && stored.isF32() &&
             roundsOperands(op, target)),
      packed(hasPixelsInLanes() ? stored : packedElement(op, stored, rounds)),
      transposed(isa<onnx::ConvTransposeOp>(op)), groups(groupCount()),
      inputs(transposed ? filter[0].floorDiv(groups) : filter[1]),
      outputs(transposed ? filter[1] : filter[0].floorDiv(groups)) {
  if (isWinograd())
    packed = packedElement(op, stored, rounds);
}

ContractionKernel ConvolutionKernelEmitter::emit() {
  bool depthwise = !transposed && inputs.isConstant(1) && groupCount() != 1;
  if (depthwise)
    return emitDepthwiseKernel();
  if (isWinograd()) {
    if (space.window == Spatial{1, 3, 3})
      return emitWinogradKernel();
    if (std::optional<LineWinogradSpec> lines = lineWinograd())
      return emitLineWinogradKernel(*lines);
  }
  return hasPixelsInLanes() ? emitPlane() : emitDirect();
}

Value ConvolutionKernelEmitter::bias() const {
  if (auto conv = dyn_cast<onnx::ConvTransposeOp>(op))
    return conv.getB();
  auto conv = dyn_cast<onnx::ConvOp>(op);
  return conv ? conv.getB() : Value();
}

int64_t ConvolutionKernelEmitter::groupCount() const {
  auto group = op->getAttrOfType<IntegerAttr>("group");
  return group ? group.getInt() : 1;
}

Type ConvolutionKernelEmitter::resultElement() {
  return cast<RankedTensorType>(structured.getResultTypes()[0]).getElementType();
}

void ConvolutionKernelEmitter::requireMatchingFilter(KernelFrame &frame) {
  frame.requireEqual(space.x[1], inputs * groups);
  frame.requireEqual(filter[0], filter[0].floorDiv(groups) * groups);
  for (unsigned axis = 0; axis < space.axes; ++axis)
    frame.requireEqual(filter[2 + axis], space.window[3 - space.axes + axis]);
  auto integer = dyn_cast<onnx::ConvIntegerOp>(op);
  Value zeroPoint = integer ? integer.getWZeroPoint() : Value();
  if (bias())
    frame.requireEqual(countElements(dimsOf(bias())), outputs * groups);
  if (zeroPoint && !countElements(dimsOf(zeroPoint)).isConstant(1))
    frame.requireEqual(countElements(dimsOf(zeroPoint)), filter[0]);
}

template <typename Operands>
void ConvolutionKernelEmitter::addZeroPoints(Emitter &e, Epilogue &epilogue, Type as,
                                             Operands &operands) {
  auto integer = dyn_cast<onnx::ConvIntegerOp>(op);
  if (!integer)
    return;
  auto scalar = [&epilogue, as](Emitter &e, Value zeroPoint, Value channel, bool isSigned) {
    Dims dims = getDims(cast<RankedTensorType>(zeroPoint.getType()));
    Place place(dims.size(), Element{e.index(0)});
    if (channel && !countElements(dims).isConstant(1))
      place.back() = {channel};
    Value byte = epilogue.operandAt(zeroPoint, place, 1, nullptr).value;
    Type i32 = e.builder.getI32Type();
    Value number = isSigned ? Value(arith::ExtSIOp::create(e.builder, e.loc, i32, byte))
                            : Value(arith::ExtUIOp::create(e.builder, e.loc, i32, byte));
    return as.isF32() ? Value(arith::SIToFPOp::create(e.builder, e.loc, as, number)) : number;
  };
  if (Value zeroPoint = integer.getXZeroPoint()) {
    Value number = scalar(e, zeroPoint, nullptr, inputSigned());
    operands.inputZeroPoint = [=](Emitter &) { return number; };
  }
  if (Value zeroPoint = integer.getWZeroPoint())
    operands.filterZeroPoint = [=, this](Emitter &e, Value channel) {
      return scalar(e, zeroPoint, channel, filterSigned());
    };
}

ConvolutionSpec ConvolutionKernelEmitter::directSpec() {
  ConvolutionSpec spec{.element = stored,
                       .window = space.window,
                       .stride = space.stride,
                       .dilation = space.dilation,
                       .padding = space.padBefore,
                       .pairs = rounds};
  Spatial none{0, 0, 0};
  spec.padded = space.padBefore != none || space.padAfter != none;
  spec.transposed = transposed;
  spec.computesInput = computesInput();
  // Finite weights may be rounded to infinity.
  spec.skipsPads = spec.padded && !rounds && op->hasAttr(kSkipsPads);
  if (auto integer = dyn_cast<onnx::ConvIntegerOp>(op)) {
    spec.inputSigned = inputSigned();
    spec.filterSigned = filterSigned();
    // Which zero point an operand holds is not known here.
    spec.filterCentered = !integer.getWZeroPoint() && spec.filterSigned;
  }
  return spec;
}

/// An operand of the function that the input is computed from, of the same sizes.
static Value imageOf(Value input) {
  Dims dims = dimsOf(input);
  SmallVector<Value> pending{input};
  while (!pending.empty()) {
    Value value = pending.pop_back_val();
    if (Operation *maker = value.getDefiningOp())
      llvm::copy_if(maker->getOperands(), std::back_inserter(pending),
                    [](Value operand) { return isa<RankedTensorType>(operand.getType()); });
    else if (dimsOf(value) == dims)
      return value;
  }
  return {};
}

ConvolutionOperands ConvolutionKernelEmitter::operandsIn(KernelFrame &frame) {
  return {.input = bufferOf(frame, computesInput() ? imageOf(input()) : input()),
          .filter = bufferOf(frame, weights()),
          .n = frame.index(space.x[0]),
          .groups = frame.index(groups),
          .ic = frame.index(space.x[1]),
          .oc = frame.index(space.y[1]),
          .inputSize = space.inputSizes(frame),
          .outputSize = space.outputSizes(frame)};
}

bool ConvolutionKernelEmitter::joinsRows() {
  Value result = structured.getBody().front().getTerminator()->getOperand(0);
  return space.axes > 1 && joinableDimensions(result)[space.axes];
}

/// Of rows that fit in a tile.
int64_t ConvolutionKernelEmitter::narrowWidth(int64_t tilePixels) {
  std::optional<int64_t> width = space.outputSize(2).asConstant();
  bool isNarrow = width && *width > 0 && *width <= tilePixels && !transposed &&
                  isa<FloatType>(stored) && joinsRows();
  return isNarrow ? *width : 0;
}

ContractionKernel ConvolutionKernelEmitter::emitDirect() {
  ConvolutionSpec spec = directSpec();
  if (!transposed && isPointwise(structured, space, input()))
    space.joinPlane();
  else
    spec.narrowWidth = narrowWidth(planConvolution(spec, target).pixels);
  ConvolutionPlan plan = planConvolution(spec, target);
  ContractionKernel result = emitBlocks(
      spec, plan,
      [&](Emitter &e, const ConvolutionOperands &operands, KernelFrame &frame, PixelSink sink) {
        emitConvolution(e, spec, operands, frame.begin, frame.end, frame.scratch, sink);
      });
  result.packings = {emitPacking(spec)};
  return result;
}

ContractionKernel ConvolutionKernelEmitter::emitBlocks(
    const ConvolutionSpec &spec, const ConvolutionBlocks &blocks,
    function_ref<void(Emitter &, const ConvolutionOperands &, KernelFrame &, PixelSink)> emit,
    std::optional<DimExpr> openRowBlock) {
  KernelFrame frame(structured, name, buffers());
  Emitter e(frame.b, frame.b.getLoc(), target);
  Epilogue epilogue(frame, op);
  requireMatchingFilter(frame);
  frame.guarded([&] {
    ConvolutionOperands operands = operandsIn(frame);
    addZeroPoints(e, epilogue, spec.accumulator(), operands);
    operands.prefetch = [&](Emitter &, const PixelPosition &at) { space.prefetch(epilogue, at); };
    if (computesInput())
      operands.inputAt = [&](Emitter &, const PixelPosition &at) {
        return space.inputAt(epilogue, input(), at);
      };
    emit(e, operands, frame,
         [&](Value acc, const PixelPosition &at) { space.store(epilogue, acc, at, bias()); });
  });

  ContractionKernel result;
  DimExpr rows = space.outputSize(1), columns = space.outputSize(2);
  DimExpr rowBlock = openRowBlock.value_or(blocks.rowBlock);
  result.kernel.function = frame.function;
  result.kernel.grid = space.y[0] * groups * space.outputSize(0) * rows.ceilDiv(rowBlock) *
                       columns.ceilDiv(blocks.columnBlock) * outputs.ceilDiv(blocks.channelBlock);
  result.kernel.pointElements =
      DimExpr::min(rows, rowBlock) * DimExpr::min(columns, blocks.columnBlock) *
      DimExpr::min(outputs, blocks.channelBlock) * inputs * space.tapsOfPixel(transposed);
  result.kernel.nanosecondsPerElement = nanosecondsPerProduct();
  result.scratchBytes = DimExpr(blocks.scratchFixed) + DimExpr(blocks.scratchPerChannel) * inputs;
  return result;
}

ContractionKernel ConvolutionKernelEmitter::emitDepthwiseKernel() {
  bool isBytes = isa<onnx::ConvIntegerOp>(op);
  WindowSpec spec{.element = stored,
                  .accumulator = isBytes
                                     ? WindowSpec::byteAccumulator(op->getContext(), space.window)
                                     : space.element,
                  .window = space.window,
                  .stride = space.stride,
                  .dilation = space.dilation,
                  .padding = space.padBefore,
                  .joinsRows = joinsRows(),
                  .inputSigned = inputSigned(),
                  .filterSigned = filterSigned()};
  WindowPlan plan = planWindow(spec, target);
  KernelFrame frame(structured, name, resultElement());
  Emitter e(frame.b, frame.b.getLoc(), target);
  Epilogue epilogue(frame, op);
  requireMatchingFilter(frame);
  frame.guarded([&] {
    WindowOperands operands{.input = bufferOf(frame, input()),
                            .n = frame.index(space.y[0]),
                            .channels = frame.index(space.y[1]),
                            .multiplier = frame.index(space.y[1].floorDiv(groups)),
                            .inputSize = space.inputSizes(frame),
                            .outputSize = space.outputSizes(frame)};
    addZeroPoints(e, epilogue, spec.accumulator, operands);
    emitDepthwise(e, spec, operands, bufferOf(frame, weights()), frame.begin, frame.end,
                  frame.scratch, [&](Value acc, const PixelPosition &at) {
                    if (isBytes && spec.accumulator.isF32()) {
                      auto sums = arith::FPToSIOp::create(e.builder, e.loc,
                                                          e.vector(space.element, at.lanes), acc);
                      sums->setAttr(kWholeNumbers, e.builder.getUnitAttr());
                      acc = sums;
                    }
                    space.store(epilogue, acc, at, bias());
                  });
  });
  return space.windowKernel(frame, plan, 2 * nanosecondsPerProduct());
}

bool isEmittedConvolution(Operation *op) {
  if (auto integer = dyn_cast<onnx::ConvIntegerOp>(op)) {
    Value zeroPoint = integer.getXZeroPoint();
    bool onePoint =
        !zeroPoint ||
        countElements(getDims(cast<RankedTensorType>(zeroPoint.getType()))).isConstant(1);
    return onePoint && SpatialOperation::isResolved(op);
  }
  Type element = cast<RankedTensorType>(op->getResult(0).getType()).getElementType();
  bool isPlain = (element.isF32() || element.isF64()) && SpatialOperation::isResolved(op);
  if (auto conv = dyn_cast<onnx::ConvTransposeOp>(op); conv && isPlain) {
    SpatialOperation space(op);
    // A tile holds results of every phase of the stride.
    constexpr int64_t kMostPhases = 16;
    return !conv.getOutputShape() && space.stride[2] <= kMostPhases &&
           llvm::all_of(space.padBefore, [](int64_t pad) { return pad >= 0; });
  }
  return isPlain;
}

FailureOr<ContractionKernel> emitConvolutionKernel(func::FuncOp structured, Operation *contraction,
                                                   StringRef name, const Target &target) {
  if (contraction->hasAttr(kSinglePixel))
    return emitSinglePixelKernel(structured, contraction, name, target);
  // Filters stored in fewer bits are packed.
  bool narrow = contraction->hasAttr(kWeightsFit) || roundsOperands(contraction, target);
  if (!narrow && isEmittedPointwise(structured, contraction, target))
    return emitPointwiseKernel(structured, contraction, name, target);
  return ConvolutionKernelEmitter(structured, contraction, name, target).emit();
}

} // namespace heddle
