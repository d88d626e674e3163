// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.Conv by way of the direct convolution emitter. Filters are packed by a task of their own:
// while compiling where they are weights, else before the convolution runs.

#include "compiler/codegen/contraction/Emitters.h"
#include "compiler/codegen/contraction/Epilogue.h"
#include "compiler/codegen/convolution/Convolution.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {
namespace {

Dims dimsOf(Value value) { return getDims(cast<RankedTensorType>(value.getType())); }

/// Attributes of the last axes, aligned to depth, height, width.
Spatial spatial(std::optional<ArrayRef<int64_t>> values, unsigned axes, int64_t fallback) {
  Spatial all{1, 1, 1};
  for (unsigned axis = 0; axis < axes; ++axis)
    all[3 - axes + axis] = values && axis < values->size() ? (*values)[axis] : fallback;
  return all;
}

class ConvolutionKernelEmitter {
public:
  ConvolutionKernelEmitter(func::FuncOp structured, onnx::ConvOp op, StringRef name,
                           const Target &target)
      : structured(structured), op(op), name(name), target(target), x(dimsOf(op.getX())),
        w(dimsOf(op.getW())), y(dimsOf(op.getY())), axes(x.size() - 2) {
    element = cast<RankedTensorType>(op.getY().getType()).getElementType();
    spec.element = element;
    spec.window = spatial(op.getKernelShape(), axes, 1);
    spec.stride = spatial(op.getStrides(), axes, 1);
    spec.dilation = spatial(op.getDilations(), axes, 1);
    spec.padding = Spatial{0, 0, 0};
    spec.padded = false;
    if (auto pads = op.getPads()) {
      for (unsigned axis = 0; axis < axes; ++axis)
        spec.padding[3 - axes + axis] = (*pads)[axis];
      spec.padded = llvm::any_of(*pads, [](int64_t pad) { return pad != 0; });
    }
    plan = planConvolution(spec, target);
  }

  ContractionKernel emit();

private:
  DimExpr sizeAt(const Dims &dims, unsigned spatialAxis) const {
    return spatialAxis < 3 - axes ? DimExpr(1) : dims[2 + spatialAxis - (3 - axes)];
  }
  SpatialValues sizes(KernelFrame &frame, const Dims &dims) const {
    return {frame.index(sizeAt(dims, 0)), frame.index(sizeAt(dims, 1)),
            frame.index(sizeAt(dims, 2))};
  }
  DimExpr groups() const { return static_cast<int64_t>(op.getGroup()); }
  void emitProduct(KernelFrame &frame);
  void sink(KernelFrame &frame, Emitter &e, Epilogue &epilogue, Value acc,
            const PixelPosition &at);
  Packing emitPacking();

  func::FuncOp structured;
  onnx::ConvOp op;
  StringRef name;
  const Target &target;
  Dims x, w, y;
  unsigned axes;
  Type element;
  ConvolutionSpec spec;
  ConvolutionPlan plan;
};

void ConvolutionKernelEmitter::sink(KernelFrame &frame, Emitter &e, Epilogue &epilogue, Value acc,
                                    const PixelPosition &at) {
  bool isVector = isa<VectorType>(acc.getType());
  if (op.getB()) {
    Element bias = epilogue.operandAt(op.getB(), Element{at.channel}, at.lanes, at.mask);
    Value value = isVector ? e.broadcast(bias.value, at.lanes) : bias.value;
    acc = arith::AddFOp::create(e.builder, e.loc, acc, value);
  }
  // Rows and planes are contiguous: joined, an epilogue of whole channels needs one offset only.
  Element column{at.pixel[2], isVector ? Element::Contiguous : Element::Uniform};
  Place place{Element{at.n}, Element{at.channel}};
  for (unsigned axis = 3 - axes; axis < 3; ++axis)
    place.push_back(axis == 2 ? column : Element{at.pixel[axis]});
  epilogue.store(acc, place, at.lanes, at.mask);
}

void ConvolutionKernelEmitter::emitProduct(KernelFrame &frame) {
  Emitter e(frame.b, frame.b.getLoc(), target);
  Epilogue epilogue(frame, op);
  frame.guarded([&] {
    auto bufferOf = [&](Value operand) {
      return frame.buffers[cast<BlockArgument>(operand).getArgNumber()];
    };
    ConvolutionOperands operands{.input = bufferOf(op.getX()),
                                 .filter = bufferOf(op.getW()),
                                 .n = frame.index(x[0]),
                                 .groups = frame.index(groups()),
                                 .ic = frame.index(x[1]),
                                 .oc = frame.index(y[1]),
                                 .inputSize = sizes(frame, x),
                                 .outputSize = sizes(frame, y)};
    emitConvolution(e, spec, operands, frame.begin, frame.end, frame.scratch,
                    [&](Value acc, const PixelPosition &at) {
                      sink(frame, e, epilogue, acc, at);
                    });
  });
}

Packing ConvolutionKernelEmitter::emitPacking() {
  DimExpr channels = w[1], perGroup = y[1].floorDiv(groups());
  int64_t taps = spec.window[0] * spec.window[1] * spec.window[2];
  DimExpr panels = groups() * perGroup.ceilDiv(plan.panel);
  Packing packing{cast<BlockArgument>(op.getW()).getArgNumber(), {},
                  panels * plan.panel * channels * taps, element};
  KernelFrame frame(structured, (name + "_pack").str(), {element, element});
  Emitter e(frame.b, frame.b.getLoc(), target);
  frame.guarded([&] {
    emitPackFilter(e, spec, frame.buffers[0], frame.buffers[1], frame.index(groups()),
                   frame.index(y[1]), frame.index(channels), frame.begin, frame.end);
  });
  packing.kernel.function = frame.function;
  packing.kernel.grid = panels;
  packing.kernel.pointElements = channels * taps * plan.panel;
  packing.kernel.nanosecondsPerElement = 0.5;
  return packing;
}

ContractionKernel ConvolutionKernelEmitter::emit() {
  ContractionKernel result;
  KernelFrame frame(structured, name,
                    cast<RankedTensorType>(structured.getResultTypes()[0]).getElementType());
  emitProduct(frame);
  DimExpr perGroup = y[1].floorDiv(groups());
  DimExpr rows = sizeAt(y, 1), columns = sizeAt(y, 2);
  result.kernel.function = frame.function;
  result.kernel.grid = y[0] * groups() * sizeAt(y, 0) * rows.ceilDiv(plan.rowBlock) *
                       columns.ceilDiv(plan.columnBlock) * perGroup.ceilDiv(plan.channelBlock);
  int64_t taps = spec.window[0] * spec.window[1] * spec.window[2];
  result.kernel.pointElements = DimExpr::min(rows, plan.rowBlock) *
                                DimExpr::min(columns, plan.columnBlock) *
                                DimExpr::min(perGroup, plan.channelBlock) * w[1] * taps;
  result.kernel.nanosecondsPerElement =
      (element.isF64() ? 2.0 : 1.0) * 0.5 / static_cast<double>(target.vectorBytes() / 4);
  result.scratchBytes = DimExpr(plan.scratchFixed) + DimExpr(plan.scratchPerChannel) * w[1];
  result.packing = emitPacking();
  return result;
}

} // namespace

bool isEmittedConvolution(Operation *op) {
  auto conv = cast<onnx::ConvOp>(op);
  Type element = cast<RankedTensorType>(conv.getY().getType()).getElementType();
  if (!element.isF32() && !element.isF64())
    return false;
  unsigned rank = dimsOf(conv.getX()).size();
  // onnx-resolve-padding writes windows and pads out where they are known.
  return rank >= 3 && rank <= 5 && conv.getKernelShape() && conv.getAutoPad() == "NOTSET";
}

FailureOr<ContractionKernel> emitConvolutionKernel(func::FuncOp structured, Operation *contraction,
                                                   StringRef name, const Target &target) {
  return ConvolutionKernelEmitter(structured, cast<onnx::ConvOp>(contraction), name, target).emit();
}

} // namespace heddle
