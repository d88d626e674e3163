// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.MaxPool and onnx.AveragePool by way of the window emitter, with pixels in the lanes and what
// follows as an epilogue. Windows along one axis that divide it evenly divide the tensor, which is
// then one row. Elements of f16 and bf16 are widened as they are copied, and averages are sums of
// f32. Where other rows have a few pixels only, and for other element types, pooling is a reduction
// like any other (kernels/lowering/Window.cpp).

#include "compiler/codegen/contraction/Emitters.h"
#include "compiler/codegen/contraction/SpatialOperation.h"
#include "compiler/codegen/convolution/Window.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

/// Rows below this leave most lanes empty.
static constexpr int64_t kShortestRow = 4;

/// The only axis with windows; nothing where there are several or none.
static std::optional<unsigned> pooledAxis(const SpatialOperation &space) {
  std::optional<unsigned> found;
  for (unsigned axis = 0; axis < 3; ++axis) {
    if (space.window[axis] == 1 && space.stride[axis] == 1)
      continue;
    if (found)
      return std::nullopt;
    found = axis;
  }
  return found;
}

bool hasEvenWindows(Operation *op) {
  if (!isa<onnx::MaxPoolOp, onnx::AveragePoolOp>(op) || !SpatialOperation::isResolved(op))
    return false;
  SpatialOperation space(op);
  Spatial none{0, 0, 0};
  std::optional<unsigned> pooled = pooledAxis(space);
  if (!pooled || space.padBefore != none || space.padAfter != none ||
      (space.window[*pooled] - 1) * space.dilation[*pooled] >= space.stride[*pooled] ||
      space.inputSize(*pooled) != space.outputSize(*pooled) * space.stride[*pooled])
    return false;
  for (unsigned axis = *pooled + 1; axis < 3; ++axis)
    if (!space.inputSize(axis).isConstant(1))
      return false;
  return true;
}

bool isEmittedPooling(Operation *op) {
  Type element = cast<RankedTensorType>(op->getOperand(0).getType()).getElementType();
  auto window = op->getAttrOfType<DenseI64ArrayAttr>("kernel_shape");
  if (op->getNumResults() != 1 ||
      !isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(element) ||
      !SpatialOperation::isResolved(op))
    return false;
  Dims dims = getDims(cast<RankedTensorType>(op->getResult(0).getType()));
  if (dims.size() != static_cast<size_t>(window.size()) + 2)
    return false;
  std::optional<int64_t> width = dims.back().asConstant();
  return !width || *width >= kShortestRow || op->hasAttr(kEvenWindows) || hasEvenWindows(op);
}

namespace {

class PoolingKernelEmitter {
public:
  PoolingKernelEmitter(func::FuncOp structured, Operation *op, StringRef name, const Target &target)
      : op(op), target(target), space(op),
        frame(structured, name,
              cast<RankedTensorType>(structured.getResultTypes()[0]).getElementType()),
        e(frame.b, frame.b.getLoc(), target), epilogue(frame, op),
        accumulator(space.element.isF64() ? space.element : e.builder.getF32Type()),
        input(frame.buffers[cast<BlockArgument>(op->getOperand(0)).getArgNumber()]) {}

  ContractionKernel emit() {
    return op->hasAttr(kEvenWindows) && epilogue.joins(0, space.y.size() - 1) ? emitRow()
                                                                              : emitPlanes();
  }

private:
  ContractionKernel emitPlanes();
  ContractionKernel emitRow();
  void emitWindows(const WindowSpec &spec, const WindowOperands &operands, PixelSink sink);
  double cost() const { return 1.0 / static_cast<double>(target.vectorBytes() / 4); }

  Operation *op;
  const Target &target;
  SpatialOperation space;
  KernelFrame frame;
  Emitter e;
  Epilogue epilogue;
  Type accumulator;
  Value input;
};

void PoolingKernelEmitter::emitWindows(const WindowSpec &spec, const WindowOperands &operands,
                                       PixelSink sink) {
  auto narrowed = [&](Value acc, const PixelPosition &at) {
    sink(e.convertFloat(acc, space.element), at);
  };
  if (auto average = dyn_cast<onnx::AveragePoolOp>(op))
    emitAveragePool(e, spec, operands, average.getCountIncludePad() != 0, space.padAfter,
                    frame.begin, frame.end, frame.scratch, narrowed);
  else
    emitMaxPool(e, spec, operands, frame.begin, frame.end, frame.scratch, narrowed);
}

ContractionKernel PoolingKernelEmitter::emitPlanes() {
  WindowSpec spec{.element = space.element,
                  .accumulator = accumulator,
                  .window = space.window,
                  .stride = space.stride,
                  .dilation = space.dilation,
                  .padding = space.padBefore};
  frame.guarded([&] {
    WindowOperands operands{.input = input,
                            .n = frame.index(space.y[0]),
                            .channels = frame.index(space.y[1]),
                            .multiplier = {},
                            .inputSize = space.inputSizes(frame),
                            .outputSize = space.outputSizes(frame)};
    emitWindows(spec, operands,
                [&](Value acc, const PixelPosition &at) { space.store(epilogue, acc, at); });
  });
  return space.windowKernel(frame, planWindow(spec, target), cost());
}

/// All of the tensor as one row.
ContractionKernel PoolingKernelEmitter::emitRow() {
  unsigned axis = *pooledAxis(space);
  WindowSpec spec{.element = space.element,
                  .accumulator = accumulator,
                  .window = {1, 1, space.window[axis]},
                  .stride = {1, 1, space.stride[axis]},
                  .dilation = {1, 1, space.dilation[axis]}};
  WindowPlan plan = planWindow(spec, target);
  DimExpr pixels = countElements(space.y);
  frame.requireEqual(space.inputSize(axis), space.outputSize(axis) * space.stride[axis]);
  frame.guarded([&] {
    Value one = e.index(1);
    WindowOperands operands{.input = input,
                            .n = one,
                            .channels = one,
                            .multiplier = {},
                            .inputSize = {one, one, frame.index(countElements(space.x))},
                            .outputSize = {one, one, frame.index(pixels)}};
    emitWindows(spec, operands, [&](Value acc, const PixelPosition &at) {
      Place place(space.y.size(), Element{e.index(0)});
      place.back() = {at.pixel[2], Element::Contiguous};
      epilogue.store(acc, place, at.lanes, at.mask);
    });
  });
  ContractionKernel result;
  result.kernel.function = frame.function;
  result.kernel.grid = pixels.ceilDiv(plan.columnBlock);
  result.kernel.pointElements = DimExpr::min(pixels, plan.columnBlock) * space.taps();
  result.kernel.nanosecondsPerElement = cost();
  result.scratchBytes = plan.scratchBytes;
  return result;
}

} // namespace

FailureOr<ContractionKernel> emitPoolingKernel(func::FuncOp structured, Operation *pooling,
                                               StringRef name, const Target &target) {
  return PoolingKernelEmitter(structured, pooling, name, target).emit();
}

} // namespace heddle
