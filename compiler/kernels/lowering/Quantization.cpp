// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear on integers of 8 and 16 bits, and
// tables of what is between two of them. Scales and zero points are one for the tensor, one for
// each place of an axis, or one for each block of an axis.

#include "compiler/codegen/QuotientMath.h"
#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/ReductionSpace.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace heddle;

namespace {

bool isQuantized(Value tensor, unsigned mostBits) {
  auto type = dyn_cast<IntegerType>(elementTypeOf(tensor));
  return type && type.getWidth() >= 8 && type.getWidth() <= mostBits;
}

/// Where the scale or the zero point of a place is found.
class Scaling {
public:
  Scaling(KernelBuilder &builder, Operation *op) : b(builder), op(op) {
    Value source = op->getOperand(0), scale = op->getOperand(1);
    rank = rankOf(source);
    axis = positiveAxis(op->getAttrOfType<IntegerAttr>("axis").getInt(), rank);
    blockSize = op->getAttrOfType<IntegerAttr>("block_size").getInt();
    isScalar = rankOf(scale) == 0 ||
               (rankOf(scale) == 1 && b.dims(scale)[0].isConstant(1) && blockSize == 0);
  }

  /// Where map() may read the tensor; blocks have no such place.
  bool isBlocked() const { return blockSize > 0 && !isScalar; }
  AffineMap placeIn(Value tensor) const {
    if (!isScalar)
      return b.alongAxes(rank, axis);
    SmallVector<AffineExpr> first(static_cast<size_t>(rankOf(tensor)), b.getAffineConstantExpr(0));
    return AffineMap::get(rank, 0, first, b.getContext());
  }
  /// Scales and zero points have a place for each block.
  void requireBlocks() const {
    SmallVector<DimExpr> dims = b.dims(op->getOperand(0));
    dims[axis] = dims[axis].ceilDiv(blockSize);
    for (Value operand : op->getOperands().drop_front())
      for (auto [dim, blocks] : llvm::zip(b.dims(operand), dims))
        b.requireEqual(dim, blocks);
  }
  Value elementOfBlock(Value tensor) const {
    SmallVector<Value> at;
    for (int64_t i = 0; i < rank; ++i)
      at.push_back(b.placeIndex(i));
    IndexMath ix(b);
    return b.element(tensor, replaceIndex(at, axis, ix.div(at[axis], blockSize)));
  }

private:
  KernelBuilder &b;
  Operation *op;
  int64_t rank, axis, blockSize;
  bool isScalar;
};

/// `body` of the operand's element, its scale, and its zero point or null.
Value mapScaled(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                function_ref<Value(Value x, Value scale, Value zeroPoint)> body) {
  Scaling scaling(b, op);
  Value result = op->getResult(0);
  SmallVector<DimExpr> dims = b.dims(result);
  AffineMap same = b.identity(dims.size());
  Type type = signlessType(elementTypeOf(result));
  if (scaling.isBlocked()) {
    scaling.requireBlocks();
    return b.mapAt(dims, type, operands[0], same, [&](ValueRange v) {
      Value zeroPoint = operands.size() > 2 ? scaling.elementOfBlock(operands[2]) : Value();
      return body(v[0], scaling.elementOfBlock(operands[1]), zeroPoint);
    });
  }
  SmallVector<AffineMap> places{same};
  for (Value operand : operands.drop_front())
    places.push_back(scaling.placeIn(operand));
  return b.mapAt(dims, type, operands, places,
                 [&](ValueRange v) { return body(v[0], v[1], v.size() > 2 ? v[2] : Value()); });
}

Value toInt32(KernelBuilder &b, Value value, Signedness signedness) {
  return ScalarMath(b, signedness).cast(value, b.getI32Type(), Signedness::Signed);
}

/// round(quotient) + zeroPoint in the range of a type, which is clamped to before it is rounded to
/// an integer, to even: no float is beyond the integers then, and one instruction rounds and converts.
/// NaN counts as the greatest.
Value saturated(KernelBuilder &b, Value quotient, Value zeroPoint, Type type) {
  ScalarMath m(b);
  Type compute = quotient.getType();
  unsigned width = type.getIntOrFloatBitWidth();
  bool isUnsigned = type.isUnsignedInteger();
  int64_t low = isUnsigned ? 0 : -(int64_t(1) << (width - 1));
  int64_t high = low + (int64_t(1) << width) - 1;
  Value lowest = m.constantInt(compute, low), highest = m.constantInt(compute, high);
  if (zeroPoint) {
    Value offset = m.cast(zeroPoint, compute, Signedness::Signed);
    lowest = m.sub(lowest, offset);
    highest = m.sub(highest, offset);
  }
  Value bounded = m.select(m.less(quotient, highest), quotient, highest);
  bounded = m.select(m.less(lowest, bounded), bounded, lowest);
  Value integer = arith::FPToSIOp::create(b, b.getI32Type(), math::RoundEvenOp::create(b, bounded));
  if (zeroPoint)
    integer = arith::AddIOp::create(b, integer, zeroPoint);
  return arith::TruncIOp::create(b, signlessType(type), integer);
}

std::optional<AccessPattern> quantizePattern(Operation *op) {
  auto quantize = cast<onnx::QuantizeLinearOp>(op);
  Type x = elementTypeOf(quantize.getX());
  bool fits = isa<FloatType>(x) || (x.isSignlessInteger(32));
  if (!isComputable(op) || !fits || !isQuantized(quantize.getY(), 16) ||
      !hasFloatElements(quantize.getYScale()))
    return std::nullopt;
  return AccessPattern::Elementwise;
}

/// The type a quotient is rounded to: that of the scale, unless the attribute names one (by the
/// numbers of the model format).
Type quotientType(KernelBuilder &b, onnx::QuantizeLinearOp quantize) {
  switch (quantize.getPrecision()) {
  case 1:
    return b.getF32Type();
  case 10:
    return b.getF16Type();
  case 11:
    return b.getF64Type();
  case 16:
    return b.getBF16Type();
  default:
    return elementTypeOf(quantize.getYScale());
  }
}

LogicalResult lowerQuantize(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                            SmallVectorImpl<Value> &results) {
  auto quantize = cast<onnx::QuantizeLinearOp>(op);
  Type type = elementTypeOf(quantize.getY()), quotient = quotientType(b, quantize);
  Signedness signedness = signednessOf(type);
  ScalarMath m(b);
  results.push_back(mapScaled(b, op, operands, [&](Value x, Value scale, Value zeroPoint) {
    Value ratio =
        m.div(m.cast(x, quotient, Signedness::Signed), m.cast(scale, quotient, Signedness::Signed));
    if (op->hasAttr(codegen::kRoundedQuotient) && quotient.isF32())
      ratio.getDefiningOp()->setAttr(codegen::kRoundedQuotient, b.getUnitAttr());
    Value offset = zeroPoint ? toInt32(b, zeroPoint, signedness) : Value();
    return saturated(b, m.widen(ratio), offset, type);
  }));
  return success();
}

std::optional<AccessPattern> dequantizePattern(Operation *op) {
  auto dequantize = cast<onnx::DequantizeLinearOp>(op);
  if (!isComputable(op) || !isQuantized(dequantize.getX(), 32) ||
      !hasFloatElements(dequantize.getXScale()) || !hasFloatElements(dequantize.getY()))
    return std::nullopt;
  return AccessPattern::Elementwise;
}

/// (x - zero point) * scale
LogicalResult lowerDequantize(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                              SmallVectorImpl<Value> &results) {
  auto dequantize = cast<onnx::DequantizeLinearOp>(op);
  Type type = elementTypeOf(dequantize.getY());
  Signedness signedness = signednessOf(elementTypeOf(dequantize.getX()));
  ScalarMath m(b);
  results.push_back(mapScaled(b, op, operands, [&](Value x, Value scale, Value zeroPoint) {
    Value difference = toInt32(b, x, signedness);
    if (zeroPoint)
      difference = m.sub(difference, toInt32(b, zeroPoint, signedness));
    Value factor = m.widen(scale);
    Value product = m.mul(m.cast(difference, factor.getType(), Signedness::Signed), factor);
    return m.cast(product, type, Signedness::Signed);
  }));
  return success();
}

std::optional<AccessPattern> lookUpPattern(Operation *) { return AccessPattern::Elementwise; }

LogicalResult lowerLookUp(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                          SmallVectorImpl<Value> &results) {
  Value table = operands[1];
  results.push_back(b.map(op->getResult(0), operands[0], [&](ValueRange byte) -> Value {
    return LookUpOp::create(b, elementTypeOf(table), byte[0], table);
  }));
  return success();
}

std::optional<AccessPattern> dynamicQuantizePattern(Operation *op) {
  if (!isComputable(op) || !elementTypeOf(op->getOperand(0)).isF32())
    return std::nullopt;
  return AccessPattern::Reduction;
}

/// Three results: ui8 elements, the scale that maps the range of x with 0 in it to 0..255, and the
/// zero point. A tensor of zeros has the scale 1.
LogicalResult lowerDynamicQuantize(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                   SmallVectorImpl<Value> &results) {
  Value source = op->getOperand(0);
  Type ui8 = elementTypeOf(op->getResult(0)), f32 = b.getF32Type();
  int64_t rank = rankOf(source);
  ReductionSpace space(b, source, llvm::to_vector(llvm::seq<int64_t>(0, rank)));
  ScalarMath m(b);
  Value zero = m.zero(f32);
  Value most = space.reduce(ReductionKind::Max, operands[0], false);
  Value least = space.reduce(ReductionKind::Min, operands[0], false);
  AffineMap scalar = b.identity(0);
  Value scale = b.mapAt({}, f32, {most, least}, {scalar, scalar}, [&](ValueRange v) {
    Value range = m.sub(m.max(v[0], zero), m.min(v[1], zero));
    Value isEmpty = m.equal(range, zero);
    return m.select(isEmpty, m.one(f32), m.div(range, m.constantInt(f32, 255)));
  });
  Value zeroPoint =
      b.mapAt({}, signlessType(ui8), {least, scale}, {scalar, scalar}, [&](ValueRange v) {
        return saturated(b, m.div(m.neg(m.min(v[0], zero)), v[1]), {}, ui8);
      });
  AffineMap everywhere = b.alongAxes(rank, {});
  results.push_back(b.mapAt(b.dims(source), signlessType(ui8), {operands[0], scale, zeroPoint},
                            {b.identity(rank), everywhere, everywhere}, [&](ValueRange v) {
                              return saturated(b, m.div(v[0], v[1]),
                                               toInt32(b, v[2], Signedness::Unsigned), ui8);
                            }));
  results.push_back(scale);
  results.push_back(zeroPoint);
  return success();
}

} // namespace

void heddle::addQuantizationLowerings(StructuredLoweringTable &table) {
  addLowering(table, "QuantizeLinear", {quantizePattern, lowerQuantize});
  addLowering(table, "DequantizeLinear", {dequantizePattern, lowerDequantize});
  table[LookUpOp::getOperationName()] = {lookUpPattern, lowerLookUp};
  addLowering(table, "DynamicQuantizeLinear", {dynamicQuantizePattern, lowerDynamicQuantize});
}
