// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/MathExpansion.h"

#include "compiler/codegen/ByteTables.h"
#include "compiler/codegen/FloatMath.h"
#include "compiler/codegen/HalfFloats.h"
#include "compiler/codegen/QuotientMath.h"
#include "compiler/codegen/WideMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

// Without the instruction a fused multiply-add is a call per lane; no operation asks for the
// fusion.
template <typename FmaOp> struct UnfuseMultiplyAdd : OpRewritePattern<FmaOp> {
  using OpRewritePattern<FmaOp>::OpRewritePattern;
  LogicalResult matchAndRewrite(FmaOp op, PatternRewriter &rewriter) const override {
    Value product =
        arith::MulFOp::create(rewriter, op.getLoc(), op->getOperand(0), op->getOperand(1));
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op->getOperand(2));
    return success();
  }
};

// Sums of bytes that were added up as floats, where floats are wanted.
struct KeepWholeNumbers : OpRewritePattern<arith::SIToFPOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::SIToFPOp op, PatternRewriter &rewriter) const override {
    auto integers = op.getIn().getDefiningOp<arith::FPToSIOp>();
    if (!integers || !integers->hasAttr(kWholeNumbers) ||
        integers.getIn().getType() != op.getType())
      return failure();
    rewriter.replaceOp(op, integers.getIn());
    return success();
  }
};

// One instruction rounds to even, as is usual, and converts.
struct ConvertRounded : OpRewritePattern<arith::FPToSIOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::FPToSIOp op, PatternRewriter &rewriter) const override {
    auto rounded = op.getIn().getDefiningOp<math::RoundEvenOp>();
    Type from = getElementTypeOrSelf(op.getIn()), to = getElementTypeOrSelf(op.getType());
    if (!rounded || !(from.isF32() || from.isF64()) || !to.isInteger(32))
      return failure();
    rewriter.replaceOpWithNewOp<LLVM::LrintOp>(op, op.getType(), rounded.getOperand());
    return success();
  }
};

// One instruction of x86, which gives its second operand where neither is greater: NaN stays NaN,
// and of two zeros either will do.
struct MaximumWithZero : OpRewritePattern<arith::MaximumFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::MaximumFOp op, PatternRewriter &rewriter) const override {
    Value x = op.getLhs(), zero = op.getRhs(); // where constants are
    if (!matchPattern(zero, m_AnyZeroFloat()))
      return failure();
    Value less = arith::CmpFOp::create(rewriter, op.getLoc(), arith::CmpFPredicate::OLT, x, zero);
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, less, zero, x);
    return success();
  }
};

class MathExpansionPass : public PassWrapper<MathExpansionPass, OperationPass<ModuleOp>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(MathExpansionPass)

  explicit MathExpansionPass(const Target &target) : target(target) {}
  StringRef getArgument() const override { return "heddle-expand-math"; }
  StringRef getDescription() const override { return "expand elementary functions to arithmetic"; }

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<KeepWholeNumbers, ConvertRounded, MaximumWithZero>(&getContext());
    // MLIR's polynomials are good to 5 units in the last place for these, and fast.
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return llvm::is_contained({"math.log", "math.tanh", "math.erfc"}, name);
    });
    populateFloatMathPatterns(patterns);
    populateWideMathPatterns(patterns);
    populateHalfFloatPatterns(patterns, target);
    populateByteTablePatterns(patterns, target);
    populateQuotientPatterns(patterns, target);
    if (!target.has("fma"))
      patterns.add<UnfuseMultiplyAdd<math::FmaOp>, UnfuseMultiplyAdd<vector::FMAOp>>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }

private:
  Target target;
};

} // namespace

std::unique_ptr<Pass> createMathExpansionPass(const Target &target) {
  return std::make_unique<MathExpansionPass>(target);
}

} // namespace heddle::codegen
