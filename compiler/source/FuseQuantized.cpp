// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions and matrix products between dequantised operands run on the integers.
//
//   Conv(DequantizeLinear(x, sx, zx), DequantizeLinear(w, sw, zw), bias)
//     = (ConvInteger(x, w, zx, zw) as float) * (sx * sw) + bias
//
// which is exact up to the rounding of the products, as sums of bytes are. The scale is one number, or one
// a filter, or a column of what MatMul and Gemm multiply by. What follows (activation, QuantizeLinear)
// fuses into the integer kernel as it does into a float one, and the dequantised operands are computed
// only where something else uses them.

#include "compiler/Passes.h"
#include "compiler/source/Arithmetic.h"
#include "mlir/IR/Iterators.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_FUSEQUANTIZEDPASS
#include "compiler/Passes.h.inc"

namespace {

/// A dequantisation of bytes to f32 with one scale, or with one for each place of `axis`.
onnx::DequantizeLinearOp dequantizedBytes(Value value, std::optional<int64_t> axis) {
  auto op = value.getDefiningOp<onnx::DequantizeLinearOp>();
  if (!op || op.getBlockSize() != 0 || elementOf(op.getX()).getIntOrFloatBitWidth() != 8 ||
      !elementOf(op.getX()).isInteger() || !elementOf(op.getY()).isF32())
    return nullptr;
  int64_t places = op.getAxis(), rank = static_cast<int64_t>(dimsOf(op.getX()).size());
  bool perPlace = axis && (places < 0 ? places + rank : places) == *axis;
  return isSingle(op.getXScale()) || perPlace ? op : nullptr;
}

/// Weights are symmetric nearly always: their zero points are constants, all zero.
bool isZero(Value zeroPoint) {
  if (!zeroPoint)
    return true;
  auto constant = zeroPoint.getDefiningOp<onnx::ConstantOp>();
  auto elements = constant ? dyn_cast_or_null<DenseElementsAttr>(constant.getValueAttr()) : nullptr;
  return elements && llvm::all_of(elements.getValues<APInt>(),
                                  [](const APInt &value) { return value.isZero(); });
}

/// What has one scale and one zero point.
onnx::DequantizeLinearOp leftOperand(Value value) {
  auto a = dequantizedBytes(value, std::nullopt);
  return a && (!a.getXZeroPoint() || isSingle(a.getXZeroPoint())) ? a : nullptr;
}

RankedTensorType sumType(Operation *product) {
  Type type = product->getResult(0).getType();
  return withElement(type, IntegerType::get(type.getContext(), 32));
}

void rewrite(onnx::ConvOp conv) {
  auto x = leftOperand(conv.getX());
  auto w = dequantizedBytes(conv.getW(), 0);
  std::optional<int64_t> filters = dimsOf(conv.getW())[0].asConstant();
  if (!x || !w || !filters)
    return;
  Arithmetic m(conv);
  Value sum = onnx::ConvIntegerOp::create(
      m.b, m.loc, sumType(conv), x.getX(), w.getX(), x.getXZeroPoint(), w.getXZeroPoint(),
      conv.getAutoPadAttr(), conv.getDilationsAttr(), conv.getGroupAttr(),
      conv.getKernelShapeAttr(), conv.getPadsAttr(), conv.getStridesAttr());
  // One number a filter stands along the channels of the result.
  SmallVector<int64_t> channels(dimsOf(sum).size() - 1, 1);
  channels[0] = *filters;
  Value scale = m.mul(m.asScalar(w.getXScale()), m.asScalar(x.getXScale()));
  if (!isSingle(scale))
    scale = m.viewed(scale, channels);
  Value result = m.mul(m.toF32(sum), scale);
  if (conv.getB())
    result = m.add(result, m.viewed(conv.getB(), channels));
  conv.getResult().replaceAllUsesWith(result);
  conv.erase();
}

/// a x w on the integers, where both are dequantised: the left operand with one scale, the right one
/// with one or with one for each of its columns.
Value integerProduct(Operation *product, onnx::DequantizeLinearOp a, onnx::DequantizeLinearOp w,
                     bool transposed) {
  Arithmetic m(product);
  Value right = transposed ? m.transposed(w.getX(), {1, 0}) : w.getX();
  Value sum = onnx::MatMulIntegerOp::create(m.b, m.loc, sumType(product), a.getX(), right,
                                            a.getXZeroPoint(), w.getXZeroPoint());
  Value scale = m.mul(m.asScalar(w.getXScale()), m.asScalar(a.getXScale()));
  return m.mul(m.toF32(sum), scale);
}

void rewrite(onnx::MatMulOp matmul) {
  size_t rank = dimsOf(matmul.getB()).size();
  auto a = leftOperand(matmul.getA());
  auto w = dequantizedBytes(matmul.getB(), rank == 2 ? std::optional<int64_t>(1) : std::nullopt);
  if (!a || !w || rank < 2)
    return;
  matmul.getResult().replaceAllUsesWith(integerProduct(matmul, a, w, /*transposed=*/false));
  matmul.erase();
}

void rewrite(onnx::GemmOp gemm) {
  bool transposed = gemm.getTransB();
  auto a = leftOperand(gemm.getA());
  auto w = dequantizedBytes(gemm.getB(), transposed ? 0 : 1);
  bool isPlain = !gemm.getTransA() && gemm.getAlpha().convertToFloat() == 1 &&
                 gemm.getBeta().convertToFloat() == 1;
  if (!a || !w || !isPlain)
    return;
  Value result = integerProduct(gemm, a, w, transposed);
  if (gemm.getC())
    result = Arithmetic(gemm).add(result, gemm.getC());
  gemm.getResult().replaceAllUsesWith(result);
  gemm.erase();
}

/// Zero points that are zero need neither the sums of the other operand nor their subtraction.
void dropZeros(MutableOperandRange zeroPoint) {
  if (!zeroPoint.empty() && isZero(zeroPoint[0].get()))
    zeroPoint.clear();
}

struct FuseQuantized : impl::FuseQuantizedPassBase<FuseQuantized> {
  void runOnOperation() override {
    SmallVector<Operation *> products;
    getOperation()->walk([&](Operation *op) {
      if (isa<onnx::ConvOp, onnx::GemmOp, onnx::MatMulOp>(op))
        products.push_back(op);
    });
    for (Operation *op : products)
      TypeSwitch<Operation *>(op).Case<onnx::ConvOp, onnx::GemmOp, onnx::MatMulOp>(
          [](auto product) { rewrite(product); });
    getOperation()->walk([](Operation *op) {
      if (auto conv = dyn_cast<onnx::ConvIntegerOp>(op)) {
        dropZeros(conv.getXZeroPointMutable());
        dropZeros(conv.getWZeroPointMutable());
      } else if (auto matmul = dyn_cast<onnx::MatMulIntegerOp>(op)) {
        dropZeros(matmul.getAZeroPointMutable());
        dropZeros(matmul.getBZeroPointMutable());
      }
    });
    // Dequantisations that nothing else uses.
    getOperation()->walk<WalkOrder::PostOrder, ReverseIterator>([](Operation *op) {
      if (isOpTriviallyDead(op))
        op->erase();
    });
  }
};

} // namespace
} // namespace heddle
