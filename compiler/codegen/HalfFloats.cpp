// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/HalfFloats.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

bool isHalf(Type type) { return type.isF16() || type.isBF16(); }

Type withElement(Type like, Type element) {
  if (auto shaped = dyn_cast<ShapedType>(like))
    return shaped.clone(element);
  return element;
}

template <typename Op> struct ThroughF32 : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    Type from = getElementTypeOrSelf(op.getIn().getType()), to = getElementTypeOrSelf(op.getType());
    if (!(from.isF64() && isHalf(to)) && !(to.isF64() && isHalf(from)))
      return failure();
    Type middle = withElement(op.getType(), rewriter.getF32Type());
    Value f32 = Op::create(rewriter, op.getLoc(), middle, op.getIn());
    rewriter.replaceOp(op, Op::create(rewriter, op.getLoc(), op.getType(), f32).getResult());
    return success();
  }
};

// Integer arithmetic on i32 of one shape.
struct Words {
  PatternRewriter &rewriter;
  Location loc;
  Type like;
  Type i32() const { return withElement(like, rewriter.getI32Type()); }
  Value constant(uint32_t value) const {
    TypedAttr scalar = rewriter.getI32IntegerAttr(int32_t(value));
    if (auto shaped = dyn_cast<ShapedType>(i32()))
      scalar = DenseElementsAttr::get(shaped, Attribute(scalar));
    return arith::ConstantOp::create(rewriter, loc, scalar);
  }
  template <typename Op> Value op(Value a, Value b) const {
    return Op::create(rewriter, loc, a, b);
  }
  template <typename Op> Value op(Value a, uint32_t b) const { return op<Op>(a, constant(b)); }
  Value below(Value a, uint32_t limit) const {
    return arith::CmpIOp::create(rewriter, loc, arith::CmpIPredicate::ult, a, constant(limit));
  }
  Value select(Value test, Value a, Value b) const {
    return arith::SelectOp::create(rewriter, loc, test, a, b);
  }
  Value bitcast(Value a, Type element) const {
    return arith::BitcastOp::create(rewriter, loc, withElement(like, element), a);
  }
};

struct ExtendF16 : OpRewritePattern<arith::ExtFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::ExtFOp op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getIn().getType()).isF16() ||
        !getElementTypeOrSelf(op.getType()).isF32())
      return failure();
    Words w{rewriter, op.getLoc(), op.getType()};
    Value half = arith::ExtUIOp::create(rewriter, w.loc, w.i32(),
                                        w.bitcast(op.getIn(), rewriter.getI16Type()));
    Value size = w.op<arith::AndIOp>(half, 0x7fff);
    Value sign = w.op<arith::ShLIOp>(w.op<arith::AndIOp>(half, 0x8000), 16);
    Value normal = w.op<arith::AddIOp>(w.op<arith::ShLIOp>(size, 13), 112u << 23);
    Value special = w.op<arith::AddIOp>(normal, 112u << 23); // infinity and NaN
    // A denormal is its bits times 2^-24: as a float, with the exponent lowered.
    Value count = arith::UIToFPOp::create(rewriter, w.loc, op.getType(), size);
    Value small = w.op<arith::SubIOp>(w.bitcast(count, rewriter.getI32Type()), 24u << 23);
    Value zero = w.below(size, 1);
    Value bits = w.select(w.below(size, 0x7c00), normal, special);
    bits = w.select(w.below(size, 0x400), w.select(zero, w.constant(0), small), bits);
    bits = w.op<arith::OrIOp>(bits, sign);
    rewriter.replaceOp(op, w.bitcast(bits, rewriter.getF32Type()));
    return success();
  }
};

struct TruncateF16 : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getIn().getType()).isF32() ||
        !getElementTypeOrSelf(op.getType()).isF16())
      return failure();
    Words w{rewriter, op.getLoc(), op.getType()};
    Value word = w.bitcast(op.getIn(), rewriter.getI32Type());
    Value size = w.op<arith::AndIOp>(word, 0x7fffffff);
    Value sign = w.op<arith::ShRUIOp>(w.op<arith::AndIOp>(word, 0x80000000), 16);
    // To nearest, ties to even; the carry runs into the exponent, up to infinity.
    Value odd = w.op<arith::AndIOp>(w.op<arith::ShRUIOp>(size, 13), 1);
    Value rounded = w.op<arith::AddIOp>(w.op<arith::AddIOp>(size, 0xfff), odd);
    Value normal = w.op<arith::ShRUIOp>(w.op<arith::SubIOp>(rounded, 112u << 23), 13);
    // Beside 1/2 a float's last place is f16's least denormal: adding rounds to it.
    Value half = w.bitcast(w.constant(0x3f000000), rewriter.getF32Type());
    Value sum = w.op<arith::AddFOp>(w.bitcast(size, rewriter.getF32Type()), half);
    Value small = w.op<arith::SubIOp>(w.bitcast(sum, rewriter.getI32Type()), 0x3f000000);
    Value special = w.select(w.below(size, 0x7f800001), w.constant(0x7c00), w.constant(0x7e00));
    Value bits = w.select(w.below(size, 0x38800000), small, normal);
    bits = w.select(w.below(size, 0x47800000), bits, special);
    bits = w.op<arith::OrIOp>(bits, sign);
    Value narrow = arith::TruncIOp::create(rewriter, w.loc,
                                           withElement(op.getType(), rewriter.getI16Type()), bits);
    rewriter.replaceOp(op, w.bitcast(narrow, rewriter.getF16Type()));
    return success();
  }
};

} // namespace

void populateHalfFloatPatterns(RewritePatternSet &patterns, const Target &target) {
  patterns.add<ThroughF32<arith::ExtFOp>, ThroughF32<arith::TruncFOp>>(patterns.getContext());
  if (!target.hasF16c())
    patterns.add<ExtendF16, TruncateF16>(patterns.getContext());
}

void moveHalfFloatsAsIntegers(llvm::Module &module) {
  llvm::IRBuilder<> builder(module.getContext());
  auto integers = [&](llvm::Type *type) -> llvm::Type * {
    llvm::Type *scalar = type->getScalarType();
    if (!scalar->isHalfTy() && !scalar->isBFloatTy())
      return nullptr;
    return type->getWithNewType(builder.getInt16Ty());
  };
  llvm::SmallVector<llvm::Instruction *> moved;
  for (llvm::Function &function : module)
    for (llvm::Instruction &instruction : llvm::instructions(function)) {
      builder.SetInsertPoint(&instruction);
      llvm::Value *result = nullptr;
      if (auto *load = dyn_cast<llvm::LoadInst>(&instruction)) {
        if (llvm::Type *type = integers(load->getType()))
          result = builder.CreateAlignedLoad(type, load->getPointerOperand(), load->getAlign());
      } else if (auto *store = dyn_cast<llvm::StoreInst>(&instruction)) {
        if (llvm::Type *type = integers(store->getValueOperand()->getType()))
          result = builder.CreateAlignedStore(builder.CreateBitCast(store->getValueOperand(), type),
                                              store->getPointerOperand(), store->getAlign());
      } else if (auto *call = dyn_cast<llvm::IntrinsicInst>(&instruction)) {
        if (call->getIntrinsicID() == llvm::Intrinsic::masked_load) {
          if (llvm::Type *type = integers(call->getType()))
            result = builder.CreateMaskedLoad(
                type, call->getArgOperand(0), call->getParamAlign(0).valueOrOne(),
                call->getArgOperand(1), builder.CreateBitCast(call->getArgOperand(2), type));
        } else if (call->getIntrinsicID() == llvm::Intrinsic::masked_store) {
          if (llvm::Type *type = integers(call->getArgOperand(0)->getType()))
            result = builder.CreateMaskedStore(
                builder.CreateBitCast(call->getArgOperand(0), type), call->getArgOperand(1),
                call->getParamAlign(1).valueOrOne(), call->getArgOperand(2));
        }
      }
      if (!result)
        continue;
      if (!instruction.getType()->isVoidTy())
        instruction.replaceAllUsesWith(builder.CreateBitCast(result, instruction.getType()));
      moved.push_back(&instruction);
    }
  for (llvm::Instruction *instruction : moved)
    instruction->eraseFromParent();
}

} // namespace heddle::codegen
