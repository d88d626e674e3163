// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/ByteTables.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

/// Bytes of a vector register, of which four hold a table.
constexpr int64_t kRegister = 64;

class TableInRegisters {
public:
  TableInRegisters(vector::GatherOp gather, OpBuilder &builder, const Target &target)
      : b(gather.getLoc(), builder), table(gather.getBase()), hasVbmi(target.has("avx512vbmi")) {}

  /// The entries of bytes, of any number up to what a register holds of the indices.
  Value entriesOf(Value bytes) {
    int64_t lanes = lanesOf(bytes);
    Value places = resized(bytes, lanesAtOnce());
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(places.getType()));
    Value isHigh = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, places, zero);
    return resized(hasVbmi ? byBytes(places, isHigh) : byWords(places, isHigh), lanes);
  }
  int64_t lanesAtOnce() const { return hasVbmi ? kRegister : kRegister / 4; }

  static int64_t lanesOf(Value vector) {
    return cast<VectorType>(vector.getType()).getNumElements();
  }

  /// The first lanes; any where there are not so many.
  Value resized(Value vector, int64_t lanes, int64_t from = 0) {
    SmallVector<int64_t> places(lanes, vector::ShuffleOp::kPoisonIndex);
    for (int64_t lane = 0; lane < std::min(lanes, lanesOf(vector) - from); ++lane)
      places[lane] = from + lane;
    return vector::ShuffleOp::create(b, vector, vector, places);
  }

private:
  Value byBytes(Value places, Value isHigh) { // the lowest seven bits of a byte tell the place
    auto half = [&](int64_t part) {
      return intrinsic("llvm.x86.avx512.vpermi2var.qi.512", load(part), places, load(part + 1));
    };
    return arith::SelectOp::create(b, isHigh, half(2), half(0));
  }

  /// Four entries at once, of which a shift takes one.
  Value byWords(Value places, Value isHigh) {
    auto words = VectorType::get({lanesAtOnce()}, b.getI32Type());
    auto all = [&](int32_t number) -> Value {
      return arith::ConstantOp::create(
          b, DenseElementsAttr::get(words, Attribute(b.getI32IntegerAttr(number))));
    };
    Value wide = arith::ExtUIOp::create(b, words, places);
    Value word = arith::ShRUIOp::create(b, wide, all(2)); // the lowest five bits tell the place
    auto half = [&](int64_t part) {
      auto loaded = [&](int64_t at) { return vector::BitCastOp::create(b, words, load(at)); };
      return intrinsic("llvm.x86.avx512.vpermi2var.d.512", loaded(part), word, loaded(part + 1));
    };
    Value four = arith::SelectOp::create(b, isHigh, half(2), half(0));
    Value bits = arith::AndIOp::create(b, arith::ShLIOp::create(b, wide, all(3)), all(24));
    return arith::TruncIOp::create(b, places.getType(), arith::ShRUIOp::create(b, four, bits));
  }

  Value load(int64_t part) {
    Value at = arith::ConstantIndexOp::create(b, part * kRegister);
    return vector::LoadOp::create(b, VectorType::get({kRegister}, b.getI8Type()), table, at);
  }
  Value intrinsic(StringRef name, Value low, Value places, Value high) {
    return LLVM::CallIntrinsicOp::create(b, low.getType(), b.getStringAttr(name),
                                         ValueRange{low, places, high})
        .getResult(0);
  }

  ImplicitLocOpBuilder b;
  Value table;
  bool hasVbmi;
};

struct LookUpInRegisters : OpRewritePattern<vector::GatherOp> {
  LookUpInRegisters(MLIRContext *context, const Target &target)
      : OpRewritePattern(context), target(target) {}

  LogicalResult matchAndRewrite(vector::GatherOp gather, PatternRewriter &b) const override {
    auto indices = gather.getIndices().getDefiningOp<arith::IndexCastUIOp>();
    if (!gather->hasAttr(kByteTable) || !indices ||
        !gather.getVectorType().getElementType().isInteger(8))
      return failure();
    TableInRegisters table(gather, b, target);
    Value bytes = indices.getIn();
    int64_t lanes = table.lanesOf(bytes), atOnce = table.lanesAtOnce();
    if (lanes <= atOnce) {
      b.replaceOp(gather, table.entriesOf(bytes));
      return success();
    }
    Value entries =
        arith::ConstantOp::create(b, gather.getLoc(), b.getZeroAttr(gather.getVectorType()));
    for (int64_t from = 0; from < lanes; from += atOnce) {
      Value part = table.entriesOf(table.resized(bytes, std::min(atOnce, lanes - from), from));
      entries = vector::InsertStridedSliceOp::create(b, gather.getLoc(), part, entries, from, 1);
    }
    b.replaceOp(gather, entries);
    return success();
  }

private:
  const Target &target;
};

} // namespace

void populateByteTablePatterns(RewritePatternSet &patterns, const Target &target) {
  if (target.hasAvx512())
    patterns.add<LookUpInRegisters>(patterns.getContext(), target);
}

} // namespace heddle::codegen
