// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions between floating point and quantised integers.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// A scale is a scalar, one number for each place along an axis, or for blocks along it.
template <typename Op>
static LogicalResult expectScale(Op op, const TensorFacts &x, const TensorFacts &scale) {
  if (countElements(scale.dims).isConstant(1) || scale.rank() == 0)
    return success();
  FailureOr<int64_t> axis = normalizeAxis(op, int64_t(op.getAxis()), x.rank());
  if (failed(axis))
    return failure();
  if (op.getBlockSize() != 0)
    return expectRank(op, "a scale for blocks", scale, x.rank());
  if (failed(expectRank(op, "a scale", scale, 1)))
    return failure();
  return success(
      succeeded(unifyDims(op, "sizes of the axis and the scale", x.dims[*axis], scale.dims[0])));
}

static LogicalResult inferQuantize(QuantizeLinearOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  if (failed(expectScale(op, x, context.facts(op.getYScale()))))
    return failure();
  FailureOr<Type> type = Type(IntegerType::get(op.getContext(), 8, IntegerType::Unsigned));
  if (const TensorFacts *zero = optionalFacts(context, op.getYZeroPoint()))
    type = zero->elementType;
  else if (op.getOutputDtype())
    type = elementTypeOf(op, int64_t(op.getOutputDtype()));
  if (failed(type))
    return failure();
  context.setFacts(op.getY(), *type, x.dims);
  return success();
}

static LogicalResult inferDequantize(DequantizeLinearOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX()), &scale = context.facts(op.getXScale());
  if (failed(expectScale(op, x, scale)))
    return failure();
  FailureOr<Type> type = scale.elementType;
  if (op.getOutputDtype())
    type = elementTypeOf(op, int64_t(op.getOutputDtype()));
  if (failed(type))
    return failure();
  context.setFacts(op.getY(), *type, x.dims);
  return success();
}

static LogicalResult inferDynamicQuantize(DynamicQuantizeLinearOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  Type u8 = IntegerType::get(op.getContext(), 8, IntegerType::Unsigned);
  context.setFacts(op.getY(), u8, x.dims);
  context.setFacts(op.getYScale(), Float32Type::get(op.getContext()), {});
  context.setFacts(op.getYZeroPoint(), u8, {});
  return success();
}

void heddle::onnx::attachQuantizationShapes(MLIRContext *context) {
  attachRules<inferQuantize, inferDequantize, inferDynamicQuantize>(context);
}
