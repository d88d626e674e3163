// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions and matrix products between dequantised operands run on the integers.
//
//   Conv(DequantizeLinear(x, sx, zx), DequantizeLinear(w, sw, zw), bias)
//     = (ConvInteger(x, w, zx, zw) as float) * (sx * sw) + bias
//
// which is exact up to the rounding of the products, as sums of bytes are. The scale is one number, or one
// a filter. What follows (activation, QuantizeLinear) fuses into the integer kernel as it does into a
// float one, and the dequantised operands are computed only where something else uses them.

#include "compiler/Passes.h"
#include "dialects/heddle/TensorDims.h"
#include "mlir/IR/Iterators.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_FUSEQUANTIZEDPASS
#include "compiler/Passes.h.inc"

namespace {

Dims dimsOf(Value value) { return getDims(cast<RankedTensorType>(value.getType())); }
Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }
bool isSingle(Value value) { return countElements(dimsOf(value)).isConstant(1); }

/// A dequantisation of bytes to f32 with one scale, or with one for each place of `axis`.
onnx::DequantizeLinearOp dequantizedBytes(Value value, std::optional<int64_t> axis) {
  auto op = value.getDefiningOp<onnx::DequantizeLinearOp>();
  if (!op || op.getBlockSize() != 0 || elementOf(op.getX()).getIntOrFloatBitWidth() != 8 ||
      !elementOf(op.getX()).isInteger() || !elementOf(op.getY()).isF32())
    return nullptr;
  bool perPlace = axis && static_cast<int64_t>(op.getAxis()) == *axis;
  return isSingle(op.getXScale()) || perPlace ? op : nullptr;
}

/// Filters are symmetric nearly always: their zero points are constants, all zero.
bool isZero(Value zeroPoint) {
  if (!zeroPoint)
    return true;
  auto constant = zeroPoint.getDefiningOp<onnx::ConstantOp>();
  auto elements = constant ? dyn_cast_or_null<DenseElementsAttr>(constant.getValueAttr()) : nullptr;
  return elements && llvm::all_of(elements.getValues<APInt>(),
                                  [](const APInt &value) { return value.isZero(); });
}

/// Builds what replaces one product.
class Rewriter {
public:
  explicit Rewriter(Operation *product)
      : b(product), loc(product->getLoc()),
        type(cast<RankedTensorType>(product->getResult(0).getType())) {}

  RankedTensorType sumType() {
    return RankedTensorType::get(type.getShape(), b.getI32Type(), type.getEncoding());
  }

  /// (sum as float) * (scale of x * scales of w); the latter as a tensor of `shape`.
  Value scaled(Value sum, Value xScale, Value wScale, ArrayRef<int64_t> shape) {
    auto real = onnx::CastOp::create(b, loc, type, sum, "up", /*saturate=*/1, /*to=*/1);
    auto scalesType = cast<RankedTensorType>(wScale.getType());
    Value one = viewed(xScale, {});
    Value scales = onnx::MulOp::create(b, loc, scalesType, wScale, one);
    return onnx::MulOp::create(b, loc, type, real, viewed(scales, shape));
  }

  Value plus(Value value, Value bias, ArrayRef<int64_t> shape) {
    return onnx::AddOp::create(b, loc, type, value, viewed(bias, shape));
  }

private:
  /// The same elements under another shape.
  Value viewed(Value value, ArrayRef<int64_t> shape) {
    auto from = cast<RankedTensorType>(value.getType());
    if (from.getShape() == shape)
      return value;
    auto shapeType = RankedTensorType::get({static_cast<int64_t>(shape.size())}, b.getI64Type());
    auto target = onnx::ConstantOp::create(b, loc, TypeRange{shapeType}, ValueRange{});
    target.setValueAttr(DenseElementsAttr::get(shapeType, shape));
    return onnx::ReshapeOp::create(b, loc, RankedTensorType::get(shape, from.getElementType()),
                                   value, target.getResult(), /*allowzero=*/0);
  }

public:
  OpBuilder b;
  Location loc;
  RankedTensorType type;
};

void rewrite(onnx::ConvOp conv) {
  auto x = dequantizedBytes(conv.getX(), std::nullopt);
  auto w = dequantizedBytes(conv.getW(), 0);
  bool onePoint = x && (!x.getXZeroPoint() || isSingle(x.getXZeroPoint()));
  std::optional<int64_t> filters = dimsOf(conv.getW())[0].asConstant();
  if (!w || !onePoint || !filters)
    return;
  Rewriter r(conv);
  OpBuilder &b = r.b;
  auto sum = onnx::ConvIntegerOp::create(
      b, r.loc, r.sumType(), x.getX(), w.getX(), x.getXZeroPoint(),
      isZero(w.getXZeroPoint()) ? Value() : w.getXZeroPoint(), conv.getAutoPadAttr(),
      conv.getDilationsAttr(), conv.getGroupAttr(), conv.getKernelShapeAttr(), conv.getPadsAttr(),
      conv.getStridesAttr());
  // One number a filter stands along the channels of the result.
  SmallVector<int64_t> channels(r.type.getRank() - 1, 1);
  channels[0] = *filters;
  SmallVector<int64_t> scaleShape;
  if (!isSingle(w.getXScale()))
    scaleShape = channels;
  Value result = r.scaled(sum, x.getXScale(), w.getXScale(), scaleShape);
  if (conv.getB())
    result = r.plus(result, conv.getB(), channels);
  conv.getResult().replaceAllUsesWith(result);
  conv.erase();
}

void rewrite(onnx::MatMulOp matmul) {
  auto a = dequantizedBytes(matmul.getA(), std::nullopt);
  auto w = dequantizedBytes(matmul.getB(), std::nullopt);
  bool onePoint = a && (!a.getXZeroPoint() || isSingle(a.getXZeroPoint()));
  if (!w || !onePoint || dimsOf(matmul.getB()).size() < 2)
    return;
  Rewriter r(matmul);
  auto sum = onnx::MatMulIntegerOp::create(
      r.b, r.loc, r.sumType(), a.getX(), w.getX(), a.getXZeroPoint(),
      isZero(w.getXZeroPoint()) ? Value() : w.getXZeroPoint());
  matmul.getResult().replaceAllUsesWith(r.scaled(sum, a.getXScale(), w.getXScale(), {}));
  matmul.erase();
}

struct FuseQuantized : impl::FuseQuantizedPassBase<FuseQuantized> {
  void runOnOperation() override {
    SmallVector<Operation *> products;
    getOperation()->walk([&](Operation *op) {
      if (isa<onnx::ConvOp, onnx::MatMulOp>(op))
        products.push_back(op);
    });
    for (Operation *op : products) {
      if (auto conv = dyn_cast<onnx::ConvOp>(op))
        rewrite(conv);
      else
        rewrite(cast<onnx::MatMulOp>(op));
    }
    // Dequantisations that nothing else uses.
    getOperation()->walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
      if (isOpTriviallyDead(op))
        op->erase();
    });
  }
};

} // namespace
} // namespace heddle
