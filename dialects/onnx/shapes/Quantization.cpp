// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions between floating point and quantised integers.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// A zero point has the dimensions of its scale; one number is one number whatever its rank.
static LogicalResult expectZeroPoint(Operation *op, const TensorFacts &scale,
                                     const TensorFacts &zeroPoint) {
  bool isOne = countElements(scale.dims).isConstant(1);
  if (isOne ? !countElements(zeroPoint.dims).isConstant(1) : scale.rank() != zeroPoint.rank())
    return op->emitOpError("expects a zero point like the scale, got ")
           << describe(scale.dims) << " and " << describe(zeroPoint.dims);
  for (auto [size, other] : llvm::zip(scale.dims, zeroPoint.dims))
    if (!isOne && failed(unifyDims(op, "sizes of the scale and the zero point", size, other)))
      return failure();
  return success();
}

/// A scale is a scalar, one number for each place along an axis, or for blocks along it.
template <typename Op>
static LogicalResult expectScale(Op op, ShapeContext &context, Value zeroPoint) {
  const TensorFacts &x = context.facts(op->getOperand(0));
  const TensorFacts &scale = context.facts(op->getOperand(1));
  int64_t blockSize = op.getBlockSize();
  if (blockSize < 0 || blockSize > INT32_MAX)
    return op.emitOpError("has blocks of ") << blockSize;
  if (zeroPoint && failed(expectZeroPoint(op, scale, context.facts(zeroPoint))))
    return failure();
  if (scale.rank() == 0 || (blockSize == 0 && scale.rank() == 1 && scale.dims[0].isConstant(1)))
    return success();
  FailureOr<int64_t> axis = normalizeAxis(op, int64_t(op.getAxis()), x.rank());
  if (failed(axis))
    return failure();
  if (blockSize != 0)
    return expectRank(op, "a scale for blocks", scale, x.rank());
  if (failed(expectRank(op, "a scale", scale, 1)))
    return failure();
  return success(
      succeeded(unifyDims(op, "sizes of the axis and the scale", x.dims[*axis], scale.dims[0])));
}

static LogicalResult inferQuantize(QuantizeLinearOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  if (failed(expectScale(op, context, op.getYZeroPoint())))
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
  if (failed(expectScale(op, context, op.getXZeroPoint())))
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
