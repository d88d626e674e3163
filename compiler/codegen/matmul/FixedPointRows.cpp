// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/FixedPointRows.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

constexpr int64_t kLanes = 16;
// Of f32.
constexpr int64_t kMantissaBits = 23, kBias = 127, kInfinity = 0x7f800000, kNotANumber = 0x7fc00000;
/// Bits of a number after the first one. With what rounding adds, three signed bytes end at 127.5 *
/// 2^16: numbers that begin with 1.98 and more count as 2.
constexpr int64_t kBitsAfterFirst = 22, kMargin = 1 << 17;
/// Smaller numbers count as zero, so that scales and their reciprocals are normal numbers.
constexpr int64_t kLeastExponent = -100;

class RowsEmitter {
public:
  RowsEmitter(Emitter &e, const FixedPointRows &form, const FloatBlocks &source, Value target,
              int64_t at)
      : e(e), b(e.builder), form(form), source(source), bytes(target), at(at),
        words(e.view(target, at, b.getI32Type())), floats(e.view(target, at, b.getF32Type())) {}

  void run() {
    Value count = e.mul(source.rows, source.blocks);
    e.loop(e.index(0), count, e.index(1), [&](Value index) {
      block(e.add(source.start, e.mul(index, form.block)), e.mul(index, form.recordWords()));
    });
  }

private:
  Value number(int64_t value, bool isVector = false) {
    Type type = isVector ? vectorOf(b.getI32Type()) : Type(b.getI32Type());
    Attribute element = b.getI32IntegerAttr(static_cast<int32_t>(value));
    if (auto vector = dyn_cast<VectorType>(type))
      return arith::ConstantOp::create(b, e.loc, DenseElementsAttr::get(vector, element));
    return arith::ConstantOp::create(b, e.loc, cast<TypedAttr>(element));
  }
  template <typename Op> Value apply(Value x, Value y) { return Op::create(b, e.loc, x, y); }
  VectorType vectorOf(Type element) { return VectorType::get({kLanes}, element); }
  Value asFloat(Value x) { return arith::BitcastOp::create(b, e.loc, b.getF32Type(), x); }
  Value loaded(Value from) {
    return e.convertFloat(e.load(source.buffer, from, kLanes), b.getF32Type());
  }
  Value reduced(vector::CombiningKind kind, Value vector) {
    return vector::ReductionOp::create(b, e.loc, kind, vector);
  }
  Values overVectors(ValueRange initial, Emitter::CarryingBody body) {
    int64_t vectors = form.block / kLanes;
    return e.unrolledLoop(e.index(vectors), std::min<int64_t>(vectors, 4), initial, body);
  }

  void block(Value from, Value record) {
    // As integers, magnitudes have their order, with infinity and what is no number above all.
    Value zero = e.zero(vectorOf(b.getI32Type()));
    Value most = overVectors(zero, [&](Value index, ValueRange carried) {
      Value x = loaded(e.add(from, e.mul(index, kLanes)));
      Value magnitude = apply<arith::AndIOp>(arith::BitcastOp::create(b, e.loc, zero.getType(), x),
                                             number(INT32_MAX, true));
      return Values{apply<arith::MaxSIOp>(carried[0], magnitude)};
    })[0];
    Value greatest = reduced(vector::CombiningKind::MAXSI, most);
    Value isFinite =
        arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::slt, greatest, number(kInfinity));
    Value first =
        apply<arith::AndIOp>(apply<arith::AddIOp>(greatest, number(kMargin)), number(kInfinity));
    Value exponent =
        apply<arith::MaxSIOp>(first, number((kLeastExponent + kBias) << kMantissaBits));
    Value scale = apply<arith::SubIOp>(exponent, number(kBitsAfterFirst << kMantissaBits));
    Value reciprocal = asFloat(
        apply<arith::SubIOp>(number((2 * kBias + kBitsAfterFirst) << kMantissaBits), exponent));
    e.store(asFloat(e.select(isFinite, scale, number(kNotANumber))), floats,
            e.add(record, form.scaleAt()));
    sums(record, convert(from, record, e.broadcast(reciprocal, kLanes)));
  }

  /// Writes the bytes; sums of each of them.
  Values convert(Value from, Value record, Value reciprocal) {
    // Each byte is above -128 as unsigned ones are above 0: flipping its top bit is all.
    constexpr int64_t tops = 0x808080;
    SmallVector<int64_t> order;
    for (int64_t first = 0; first < kLanes; first += 4 * form.stride)
      for (int64_t i = 0; i < 4 * form.stride; ++i)
        order.push_back(first + i % 4 * form.stride + i / 4);
    Values zeros(FixedPointRows::kBytes, e.zero(vectorOf(b.getI32Type())));
    return overVectors(zeros, [&](Value index, ValueRange carried) {
      Value place = e.mul(index, kLanes), x = loaded(e.add(from, place));
      Value rounded = math::RoundEvenOp::create(b, e.loc, apply<arith::MulFOp>(x, reciprocal));
      Value integers = arith::FPToSIOp::create(b, e.loc, vectorOf(b.getI32Type()), rounded);
      Value flipped = apply<arith::XOrIOp>(apply<arith::AddIOp>(integers, number(tops, true)),
                                           number(tops, true));
      if (form.stride > 1)
        flipped = vector::ShuffleOp::create(b, e.loc, flipped, flipped, order);
      Value to = e.add(e.add(e.mul(record, 4), place), at);
      Values totals;
      for (int64_t byte = 0; byte < FixedPointRows::kBytes; ++byte) {
        Value shifted = byte ? apply<arith::ShRUIOp>(flipped, number(8 * byte, true)) : flipped;
        Value part = arith::TruncIOp::create(b, e.loc, vectorOf(b.getI8Type()), shifted);
        e.store(part, bytes, e.add(to, 4 * form.wordsAt(byte)));
        Value wide = arith::ExtSIOp::create(b, e.loc, vectorOf(b.getI32Type()), part);
        totals.push_back(apply<arith::AddIOp>(carried[byte], wide));
      }
      return totals;
    });
  }

  void sums(Value record, const Values &totals) {
    Value whole;
    for (int64_t byte = FixedPointRows::kBytes; byte-- > 0;) {
      Value sum = reduced(vector::CombiningKind::ADD, totals[byte]);
      e.store(apply<arith::MulIOp>(sum, number(-form.zeroPoint)), words,
              e.add(record, form.correctionAt(byte)));
      whole = whole ? apply<arith::AddIOp>(apply<arith::ShLIOp>(whole, number(8)), sum) : sum;
    }
    Value negated = apply<arith::SubIOp>(number(0), whole);
    e.store(arith::SIToFPOp::create(b, e.loc, b.getF32Type(), negated), floats,
            e.add(record, form.negatedSumAt()));
  }

  Emitter &e;
  OpBuilder &b;
  const FixedPointRows &form;
  const FloatBlocks &source;
  Value bytes;
  int64_t at;
  Value words, floats;
};

} // namespace

void emitFixedPointRows(Emitter &e, const FixedPointRows &form, const FloatBlocks &source,
                        Value target, int64_t at) {
  RowsEmitter(e, form, source, target, at).run();
}

} // namespace heddle::codegen
