// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/contraction/SpatialOperation.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

/// Values [from, from + axes) of an attribute as the last ones of depth, height, width.
static Spatial spatial(Operation *op, StringRef name, unsigned axes, unsigned from,
                       int64_t fallback) {
  Spatial all{fallback, fallback, fallback};
  auto values = op->getAttrOfType<DenseI64ArrayAttr>(name);
  for (unsigned axis = 0; values && !values.empty() && axis < axes; ++axis)
    all[3 - axes + axis] = values[from + axis];
  return all;
}

SpatialOperation::SpatialOperation(Operation *op)
    : x(dimsOf(op->getOperand(0))), y(dimsOf(op->getResult(0))), axes(x.size() - 2),
      element(cast<RankedTensorType>(op->getResult(0).getType()).getElementType()) {
  window = spatial(op, "kernel_shape", axes, 0, 1);
  stride = spatial(op, "strides", axes, 0, 1);
  dilation = spatial(op, "dilations", axes, 0, 1);
  padBefore = spatial(op, "pads", axes, 0, 0);
  padAfter = spatial(op, "pads", axes, axes, 0);
  if (auto runs = op->getAttrOfType<DenseI64ArrayAttr>(kShuffledRuns))
    shuffledRuns.assign(runs.asArrayRef().begin(), runs.asArrayRef().end());
}

DimExpr SpatialOperation::sizeOf(const Dims &dims, unsigned axis) const {
  if (planeJoined)
    return axis == 2 ? countElements(ArrayRef(dims).drop_front(2)) : DimExpr(1);
  return axis < 3 - axes ? DimExpr(1) : dims[2 + axis - (3 - axes)];
}

SpatialValues SpatialOperation::sizes(KernelFrame &frame, const Dims &dims) const {
  return {frame.index(sizeOf(dims, 0)), frame.index(sizeOf(dims, 1)), frame.index(sizeOf(dims, 2))};
}

Value SpatialOperation::withBias(Epilogue &epilogue, Value pixels, const PixelPosition &at,
                                 Value bias) const {
  return bias ? epilogue.plus(pixels,
                              epilogue.operandAt(bias, Element{at.channel}, at.lanes, at.mask))
              : pixels;
}

Value SpatialOperation::storedChannel(Epilogue &epilogue, Value channel) const {
  if (shuffledRuns.empty())
    return channel;
  ImplicitLocOpBuilder &b = epilogue.builder();
  auto index = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, value); };
  Value length = index(shuffledRuns[1]);
  Value run = b.createOrFold<arith::DivUIOp>(channel, length),
        inRun = b.createOrFold<arith::RemUIOp>(channel, length);
  return b.createOrFold<arith::AddIOp>(b.createOrFold<arith::MulIOp>(inRun, index(shuffledRuns[0])),
                                       run);
}

Place SpatialOperation::placeOf(Epilogue &epilogue, const PixelPosition &at, bool isVector) const {
  return placeOf(storedChannel(epilogue, at.channel), at, isVector);
}

Place SpatialOperation::placeOf(Value channel, const PixelPosition &at, bool isVector) const {
  Place place{Element{at.n}, Element{channel}};
  for (unsigned axis = 3 - axes; axis < 3; ++axis)
    place.push_back(
        {at.pixel[axis], axis == 2 && isVector ? Element::Contiguous : Element::Uniform});
  return place;
}

Value SpatialOperation::evaluate(Epilogue &epilogue, Value pixels, const PixelPosition &at,
                                 Value bias) const {
  pixels = withBias(epilogue, pixels, at, bias);
  return epilogue.vectorOf(
      epilogue.evaluate(pixels, placeOf(epilogue, at, /*isVector=*/true), at.lanes, at.mask));
}

void SpatialOperation::store(Epilogue &epilogue, Value pixels, const PixelPosition &at,
                             Value bias) const {
  bool isVector = isa<VectorType>(pixels.getType());
  epilogue.store(withBias(epilogue, pixels, at, bias), placeOf(epilogue, at, isVector), at.lanes,
                 at.mask);
}

Value SpatialOperation::inputAt(Epilogue &epilogue, Value input, const PixelPosition &at) const {
  Place place = placeOf(at.channel, at, /*isVector=*/true);
  return epilogue.vectorOf(epilogue.operandAt(input, place, at.lanes, at.mask));
}

void SpatialOperation::prefetch(Epilogue &epilogue, const PixelPosition &at) const {
  epilogue.prefetch(placeOf(epilogue, at, /*isVector=*/false));
}

bool SpatialOperation::isResolved(Operation *op) {
  unsigned rank = dimsOf(op->getOperand(0)).size();
  auto autoPad = op->getAttrOfType<StringAttr>("auto_pad");
  return rank >= 3 && rank <= 5 && op->getAttr("kernel_shape") &&
         (!autoPad || autoPad.getValue() == "NOTSET");
}

ContractionKernel SpatialOperation::windowKernel(const KernelFrame &frame,
                                                 const codegen::WindowPlan &plan,
                                                 double nanosecondsPerElement) const {
  ContractionKernel result;
  result.kernel.function = frame.function;
  result.kernel.grid = y[0] * y[1] * outputSize(0) * outputSize(1).ceilDiv(plan.rowBlock) *
                       outputSize(2).ceilDiv(plan.columnBlock);
  result.kernel.pointElements = DimExpr::min(outputSize(1), plan.rowBlock) *
                                DimExpr::min(outputSize(2), plan.columnBlock) * taps();
  result.kernel.nanosecondsPerElement = nanosecondsPerElement;
  result.scratchBytes = plan.scratchBytes;
  return result;
}

} // namespace heddle
