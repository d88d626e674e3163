// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.MaxPool and onnx.AveragePool by way of the window emitter, with pixels in the lanes and what
// follows as an epilogue. Where rows have a few pixels only, and for other element types, pooling is
// a reduction like any other (kernels/lowering/Window.cpp).

#include "compiler/codegen/contraction/Emitters.h"
#include "compiler/codegen/contraction/SpatialOperation.h"
#include "compiler/codegen/convolution/Window.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

/// Rows below this leave most lanes empty.
static constexpr int64_t kShortestRow = 4;

bool isEmittedPooling(Operation *op) {
  Type element = cast<RankedTensorType>(op->getOperand(0).getType()).getElementType();
  auto window = op->getAttrOfType<DenseI64ArrayAttr>("kernel_shape");
  if (op->getNumResults() != 1 || !(element.isF32() || element.isF64()) ||
      !SpatialOperation::isResolved(op))
    return false;
  Dims dims = getDims(cast<RankedTensorType>(op->getResult(0).getType()));
  std::optional<int64_t> width = dims.back().asConstant();
  return dims.size() == static_cast<size_t>(window.size()) + 2 && (!width || *width >= kShortestRow);
}

FailureOr<ContractionKernel> emitPoolingKernel(func::FuncOp structured, Operation *pooling,
                                               StringRef name, const Target &target) {
  SpatialOperation space(pooling);
  Type type = space.element;
  WindowSpec spec{.element = type,
                  .accumulator = type,
                  .window = space.window,
                  .stride = space.stride,
                  .dilation = space.dilation,
                  .padding = space.padBefore};
  WindowPlan plan = planWindow(spec, target);
  KernelFrame frame(structured, name,
                    cast<RankedTensorType>(structured.getResultTypes()[0]).getElementType());
  Emitter e(frame.b, frame.b.getLoc(), target);
  Epilogue epilogue(frame, pooling);
  auto input = cast<BlockArgument>(pooling->getOperand(0));
  frame.guarded([&] {
    WindowOperands operands{.input = frame.buffers[input.getArgNumber()],
                            .n = frame.index(space.y[0]),
                            .channels = frame.index(space.y[1]),
                            .multiplier = {},
                            .inputSize = space.inputSizes(frame),
                            .outputSize = space.outputSizes(frame)};
    auto sink = [&](Value acc, const PixelPosition &at) { space.store(epilogue, acc, at); };
    if (auto average = dyn_cast<onnx::AveragePoolOp>(pooling)) {
      emitAveragePool(e, spec, operands, average.getCountIncludePad() != 0, space.padAfter,
                      frame.begin, frame.end, frame.scratch, sink);
      return;
    }
    emitMaxPool(e, spec, operands, frame.begin, frame.end, frame.scratch, sink);
  });
  return space.windowKernel(frame, plan, 1.0 / static_cast<double>(target.vectorBytes() / 4));
}

} // namespace heddle
