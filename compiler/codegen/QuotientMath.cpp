// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/QuotientMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace heddle::codegen {

bool hasReciprocal(float divisor) {
  // Far from these the reciprocal, its low part and their products are normal numbers.
  if (!(divisor >= 0x1p-64f && divisor <= 0x1p64f))
    return false;
  constexpr uint32_t margin = 32; // twice what is needed
  uint32_t low = llvm::bit_cast<uint32_t>(divisor) & 0xffff;
  return low == 0 || (low > margin && low < 0x10000 - margin);
}

namespace {

struct MultiplyByReciprocal : OpRewritePattern<arith::DivFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::DivFOp division, PatternRewriter &rewriter) const override {
    auto divisors = division.getRhs().getDefiningOp<vector::BroadcastOp>();
    if (!division->hasAttr(kRoundedQuotient) || !divisors ||
        !divisors.getSource().getType().isF32())
      return failure();
    ImplicitLocOpBuilder b(division.getLoc(), rewriter);
    Type f32 = b.getF32Type(), i32 = b.getI32Type();
    Value divisor = divisors.getSource();
    auto fma = [&](Value x, Value y, Value z) { return math::FmaOp::create(b, x, y, z); };
    auto number = [&](float value) {
      return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
    };
    Value one = number(1), zero = number(0), negative = arith::NegFOp::create(b, divisor);
    // The greatest float below the reciprocal: both parts have the same sign, so that products with
    // infinities are not opposite ones.
    Value high = arith::DivFOp::create(b, one, divisor);
    Value isBelow =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, fma(negative, high, one), zero);
    Value bits = arith::BitcastOp::create(b, i32, high);
    Value before = arith::SubIOp::create(b, bits, arith::ConstantIntOp::create(b, 1, 32));
    high = arith::SelectOp::create(b, isBelow, high, arith::BitcastOp::create(b, f32, before));
    Value low = arith::MulFOp::create(b, fma(negative, high, one), high);
    auto everywhere = [&](Value part) -> Value {
      return vector::BroadcastOp::create(b, division.getType(), part);
    };
    Value small = arith::MulFOp::create(b, division.getLhs(), everywhere(low));
    rewriter.replaceOp(division, fma(division.getLhs(), everywhere(high), small));
    return success();
  }
};

} // namespace

void populateQuotientPatterns(RewritePatternSet &patterns, const Target &target) {
  if (target.has("fma"))
    patterns.add<MultiplyByReciprocal>(patterns.getContext());
}

} // namespace heddle::codegen
