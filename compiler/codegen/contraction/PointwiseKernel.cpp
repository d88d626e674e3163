// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.Conv with windows of one element as a matrix product for each group of each image: its filters
// times its pixels. Pixels are in the lanes, so results are long runs of a plane, and filters need no
// packing. For few pixels (most planes below 128) or many channels direct convolution is the faster
// one.

#include "compiler/codegen/contraction/Emitters.h"
#include "compiler/codegen/contraction/SpatialOperation.h"
#include "compiler/codegen/loops/LoopSchedule.h"
#include "compiler/codegen/matmul/Matmul.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

static bool hasUnitWindows(const SpatialOperation &space) {
  Spatial none{0, 0, 0};
  return space.taps() == 1 && space.stride == Spatial{1, 1, 1} && space.padBefore == none &&
         space.padAfter == none;
}

bool isPointwise(func::FuncOp structured, const SpatialOperation &space, Value input) {
  Value result = structured.getBody().front().getTerminator()->getOperand(0);
  auto joinsPlane = [&](Value tensor) {
    SmallVector<bool> joins = joinableDimensions(tensor);
    return llvm::all_of(ArrayRef(joins).slice(2, space.axes - 1), [](bool join) { return join; });
  };
  return hasUnitWindows(space) && joinsPlane(result) && joinsPlane(input);
}

// Of an image that the second cache keeps, a copy takes as long as a task of its own. Filters that are
// much larger than the image are read once where it is read in place.
bool mayComputeInput(Operation *op) {
  constexpr int64_t secondCacheShare = 256 << 10;
  auto conv = dyn_cast<onnx::ConvOp>(op);
  if (!conv || conv.getGroup() != 1 || !isEmittedConvolution(op) || hasSinglePixel(op) ||
      !isFasterDirect(op))
    return false;
  SpatialOperation space(op);
  std::optional<int64_t> image = countElements(space.x).asConstant();
  std::optional<int64_t> pixels = countElements(ArrayRef(space.y).drop_front(2)).asConstant();
  std::optional<int64_t> outputs = space.y[1].asConstant();
  int64_t bytes = space.element.getIntOrFloatBitWidth() / 8;
  return hasUnitWindows(space) && image && pixels && outputs && *image * bytes > secondCacheShare &&
         *outputs < 2 * *pixels;
}

bool isEmittedPointwise(func::FuncOp structured, Operation *op, const Target &target) {
  auto conv = dyn_cast<onnx::ConvOp>(op);
  if (!conv)
    return false;
  bool depthwise = conv.getGroup() != 1 && dimsOf(conv.getW())[1].isConstant(1);
  return !depthwise && isa<BlockArgument>(conv.getX()) &&
         isPointwise(structured, SpatialOperation(op), conv.getX()) &&
         target.choose("pointwise.product", op->hasAttr(kFasterDirect) ? 0 : 1, {0, 1});
}

FailureOr<ContractionKernel> emitPointwiseKernel(func::FuncOp structured, Operation *op,
                                                 StringRef name, const Target &target) {
  auto conv = cast<onnx::ConvOp>(op);
  SpatialOperation space(op);
  space.joinPlane();
  Dims filter = dimsOf(conv.getW());
  DimExpr groups = static_cast<int64_t>(conv.getGroup());
  DimExpr batch = space.y[0] * groups, m = space.y[1].floorDiv(groups), n = space.outputSize(2);
  DimExpr k = filter[1];
  Type type = space.element;
  MatmulSpec spec{type, type, type, MatrixLayout::RowMajor, MatrixLayout::RowMajor};
  std::optional<int64_t> rows = m.asConstant(), pixels = n.asConstant(), depth = k.asConstant();
  if (rows && pixels && depth) {
    spec.rows = {*rows};
    spec.columns = {*pixels};
    spec.inPlace = type.isF32() && staysInFirstCache(*depth, *pixels);
  }
  MatmulPlan plan = planMatmul(spec, target);

  KernelFrame frame(structured, name,
                    cast<RankedTensorType>(structured.getResultTypes()[0]).getElementType());
  Emitter e(frame.b, frame.b.getLoc(), target);
  Epilogue epilogue(frame, op);
  frame.requireEqual(space.x[1], k * groups);
  frame.requireEqual(filter[0], m * groups);
  if (conv.getB())
    frame.requireEqual(countElements(dimsOf(conv.getB())), filter[0]);
  for (const DimExpr &extent : ArrayRef(filter).drop_front(2))
    frame.requireEqual(extent, 1);
  frame.guarded([&] {
    auto bufferOf = [&](Value operand) {
      return frame.buffers[cast<BlockArgument>(operand).getArgNumber()];
    };
    MatmulOperands operands{.a = bufferOf(conv.getW()),
                            .b = bufferOf(conv.getX()),
                            .batch = frame.index(batch),
                            .m = frame.index(m),
                            .n = frame.index(n),
                            .k = frame.index(k)};
    Value groupCount = frame.index(groups);
    auto groupOf = [&](Emitter &inner, Value batch) {
      return groups.isConstant(1) ? inner.index(0) : inner.rem(batch, groupCount);
    };
    operands.batchOffsets = [&](Emitter &inner, Value batch) {
      return BatchOffsets{inner.mul(groupOf(inner, batch), frame.index(m * k)),
                          inner.mul(batch, frame.index(n * k))};
    };
    auto pixels = [&](Emitter &inner, const MatmulPosition &at) {
      return PixelPosition{inner.div(at.batch, groupCount),
                           inner.add(inner.mul(groupOf(inner, at.batch), operands.m), at.m),
                           {inner.index(0), inner.index(0), at.n},
                           at.offset,
                           at.mask,
                           at.lanes};
    };
    operands.prefetch = [&](Emitter &inner, const MatmulPosition &at) {
      space.prefetch(epilogue, pixels(inner, at));
    };
    emitMatmul(e, spec, operands, frame.begin, frame.end, frame.scratch,
               [&](Value acc, const MatmulPosition &at) {
                 space.store(epilogue, acc, pixels(e, at), conv.getB());
               });
  });
  ContractionKernel result;
  result.kernel.function = frame.function;
  result.kernel.grid = batch * m.ceilDiv(plan.mBlock) * n.ceilDiv(plan.nBlock);
  result.kernel.pointElements = DimExpr::min(m, plan.mBlock) * DimExpr::min(n, plan.nBlock) * k;
  result.kernel.nanosecondsPerElement =
      (type.isF64() ? 2.0 : 1.0) * 0.16 / static_cast<double>(target.vectorBytes() / 4);
  result.scratchBytes = DimExpr(plan.scratchFixed) + DimExpr(plan.scratchPerK) * k;
  return result;
}

} // namespace heddle
