// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Quantised operators in terms of integer products and element-wise operations, which fuse:
//
//   QLinearConv(x, w, B)     = Quantize((ConvInteger(x, w) + B) as float * (sx * sw / sy))
//   QLinearMatMul(a, b)      = Quantize(MatMulInteger(a, b) as float * (sa * sb / sy))
//   DynamicQuantizeLinear(x) = Quantize(x) with a scale from the range of x, which is found row by
//                              row, so that many threads look for it
//   MaxPool of bytes         = MaxPool of the floats that they are, as bytes again
//
// The product of the scales is one number, one a filter, or one a row or column: constants nearly
// always, multiplied while compiling. Quantisations by known scales are marked where products with
// the reciprocal give the same integers.

#include "compiler/Passes.h"
#include "compiler/codegen/QuotientMath.h"
#include "compiler/source/Arithmetic.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_EXPANDQUANTIZEDPASS
#include "compiler/Passes.h.inc"

namespace {

bool isByte(Value value) { return elementOf(value).isInteger(8); }

/// Rounds products of the scale `factor` into the type of `zeroPoint`.
Value requantized(Arithmetic &m, Value sum, Value factor, Value zeroPoint) {
  return m.quantized(m.mul(m.toF32(sum), factor), m.number(1), m.asScalar(zeroPoint));
}

void expand(onnx::QLinearConvOp conv) {
  std::optional<int64_t> filters = dimsOf(conv.getW())[0].asConstant();
  bool perFilter = !isSingle(conv.getWScale());
  if (!isSingle(conv.getXScale()) || !isSingle(conv.getYScale()) ||
      !isSingle(conv.getYZeroPoint()) || !isByte(conv.getX()) || !isByte(conv.getW()) ||
      ((perFilter || conv.getB()) && !filters))
    return;
  Arithmetic m(conv);
  auto type = cast<RankedTensorType>(conv.getY().getType());
  Value sum = onnx::ConvIntegerOp::create(
      m.b, m.loc, withElement(type, m.b.getI32Type()), conv.getX(), conv.getW(),
      conv.getXZeroPoint(), conv.getWZeroPoint(), conv.getAutoPadAttr(), conv.getDilationsAttr(),
      conv.getGroupAttr(), conv.getKernelShapeAttr(), conv.getPadsAttr(), conv.getStridesAttr());
  SmallVector<int64_t> channels(type.getRank() - 1, 1);
  if (filters)
    channels[0] = *filters;
  if (conv.getB())
    sum = m.add(sum, m.viewed(conv.getB(), channels));
  Value scales = m.asScalar(conv.getWScale());
  Value factor = m.div(m.mul(scales, m.asScalar(conv.getXScale())), m.asScalar(conv.getYScale()));
  if (perFilter)
    factor = m.viewed(factor, channels);
  conv.getY().replaceAllUsesWith(requantized(m, sum, factor, conv.getYZeroPoint()));
  conv.erase();
}

void expand(onnx::QLinearMatMulOp matmul) {
  bool matrices = dimsOf(matmul.getA()).size() >= 2 && dimsOf(matmul.getB()).size() >= 2;
  bool oneScale = isSingle(matmul.getAScale()) && isSingle(matmul.getBScale());
  if (!isSingle(matmul.getYScale()) || !isSingle(matmul.getYZeroPoint()) ||
      !isByte(matmul.getA()) || !isByte(matmul.getB()) || (!matrices && !oneScale))
    return;
  Arithmetic m(matmul);
  Value sum = onnx::MatMulIntegerOp::create(
      m.b, m.loc, withElement(matmul.getY().getType(), m.b.getI32Type()), matmul.getA(),
      matmul.getB(), matmul.getAZeroPoint(), matmul.getBZeroPoint());
  // A vector has a number for each row of A; one for each column of B stands there already.
  Value rows = m.toF32(m.asScalar(matmul.getAScale()));
  if (dimsOf(rows).size() == 1) {
    Dims dims = dimsOf(rows);
    dims.push_back(1);
    rows = onnx::UnsqueezeOp::create(m.b, m.loc, tensorWithDims(dims, elementOf(rows)), rows,
                                     m.integers({1}));
  }
  Value columns = m.toF32(m.asScalar(matmul.getBScale()));
  Value factor = m.div(m.mul(rows, columns), m.toF32(m.asScalar(matmul.getYScale())));
  matmul.getY().replaceAllUsesWith(requantized(m, sum, factor, matmul.getYZeroPoint()));
  matmul.erase();
}

template <typename Reduce>
Value reduced(Arithmetic &m, Value x, ArrayRef<int64_t> axes, const Dims &dims, bool keepDims) {
  return Reduce::create(m.b, m.loc, tensorWithDims(dims, elementOf(x)), x, m.integers(axes),
                        keepDims,
                        /*noop_with_empty_axes=*/0);
}

/// The greatest element, and the least with its sign changed, as a vector of both. Rows come first,
/// each of which is read from memory once.
Value range(Arithmetic &m, Value x) {
  Dims dims = dimsOf(x), pair = dims;
  dims.back() = 1;
  pair.back() = 2;
  Value most = reduced<onnx::ReduceMaxOp>(m, x, {-1}, dims, /*keepDims=*/true);
  Value least = reduced<onnx::ReduceMinOp>(m, x, {-1}, dims, /*keepDims=*/true);
  auto places = RankedTensorType::get({2}, m.b.getI1Type());
  auto isFirst = onnx::ConstantOp::create(m.b, m.loc, TypeRange{places}, ValueRange{});
  isFirst.setValueAttr(DenseElementsAttr::get(places, ArrayRef<bool>{true, false}));
  Value ofRows =
      onnx::WhereOp::create(m.b, m.loc, tensorWithDims(pair, elementOf(x)), isFirst, most,
                            onnx::NegOp::create(m.b, m.loc, least.getType(), least));
  if (dims.size() == 1)
    return ofRows;
  auto rows = llvm::to_vector(llvm::seq<int64_t>(0, dims.size() - 1));
  return reduced<onnx::ReduceMaxOp>(m, ofRows, rows, {2}, /*keepDims=*/false);
}

void expand(onnx::DynamicQuantizeLinearOp quantize) {
  Value x = quantize.getX();
  if (dimsOf(x).empty() || !elementOf(x).isF32())
    return;
  Arithmetic m(quantize);
  auto scalar = RankedTensorType::get({}, m.b.getF32Type());
  Value zero = m.number(0);
  // The range has zero in it.
  Value both = range(m, x);
  auto above = [&](int64_t place) -> Value { // of zero, or zero
    Value bound = m.viewed(m.sliced(both, 0, place, place + 1), {});
    return onnx::MaxOp::create(m.b, m.loc, scalar, ValueRange{bound, zero});
  };
  Value most = above(0), depth = above(1), size = m.add(most, depth);
  Value empty = onnx::EqualOp::create(m.b, m.loc, withElement(scalar, m.b.getI1Type()), size, zero);
  Value scale =
      onnx::WhereOp::create(m.b, m.loc, scalar, empty, m.number(1), m.div(size, m.number(255)));
  auto byte = RankedTensorType::get({}, elementOf(quantize.getYZeroPoint()));
  auto first = onnx::ConstantOp::create(m.b, m.loc, TypeRange{byte}, ValueRange{});
  first.setValueAttr(DenseElementsAttr::get(byte, APInt(8, 0)));
  Value zeroPoint = m.quantized(m.div(depth, scale), m.number(1), first.getResult());
  quantize.getY().replaceAllUsesWith(m.quantized(x, scale, zeroPoint));
  quantize.getYScale().replaceAllUsesWith(scale);
  quantize.getYZeroPoint().replaceAllUsesWith(zeroPoint);
  quantize.erase();
}

/// As floats, which hold bytes: windows of these have vectors.
void expand(onnx::MaxPoolOp pool) {
  if (!isByte(pool.getX()) || pool.getIndices())
    return;
  Arithmetic m(pool);
  auto type = cast<RankedTensorType>(pool.getY().getType());
  Value x = m.toF32(pool.getX());
  auto copy = cast<onnx::MaxPoolOp>(m.b.clone(*pool));
  copy->setOperand(0, x);
  copy.getY().setType(withElement(type, m.b.getF32Type()));
  int64_t number = type.getElementType().isUnsignedInteger() ? 2 : 3; // uint8, int8
  pool.getY().replaceAllUsesWith(
      onnx::CastOp::create(m.b, m.loc, type, copy.getY(), "up", /*saturate=*/1, number));
  pool.erase();
}

/// By a scale whose reciprocal kernels may multiply with, to the same integers.
bool dividesByKnownScale(onnx::QuantizeLinearOp op) {
  auto constant = op.getYScale().getDefiningOp<onnx::ConstantOp>();
  auto scale = constant ? dyn_cast_or_null<DenseElementsAttr>(constant.getValueAttr()) : nullptr;
  return scale && scale.getNumElements() == 1 && scale.getElementType().isF32() &&
         elementOf(op.getY()).getIntOrFloatBitWidth() == 8 &&
         codegen::hasReciprocal(*scale.value_begin<float>());
}

struct ExpandQuantized : impl::ExpandQuantizedPassBase<ExpandQuantized> {
  void runOnOperation() override {
    SmallVector<Operation *> found;
    getOperation()->walk([&](Operation *op) {
      if (isa<onnx::QLinearConvOp, onnx::QLinearMatMulOp, onnx::DynamicQuantizeLinearOp,
              onnx::MaxPoolOp>(op))
        found.push_back(op);
    });
    for (Operation *op : found)
      TypeSwitch<Operation *>(op)
          .Case<onnx::QLinearConvOp, onnx::QLinearMatMulOp, onnx::DynamicQuantizeLinearOp,
                onnx::MaxPoolOp>([](auto quantized) { expand(quantized); });
    getOperation()->walk([](onnx::QuantizeLinearOp op) {
      if (dividesByKnownScale(op))
        op->setAttr(codegen::kRoundedQuotient, UnitAttr::get(op.getContext()));
    });
  }
};

} // namespace
} // namespace heddle
