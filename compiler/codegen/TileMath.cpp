// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/TileMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <algorithm>

using namespace mlir;

namespace heddle::codegen {

bool TileMath::hasPairs(const Target &target) {
  return target.hasAvx512() && target.has("avx512bf16");
}

TileMath::TileMath(const Target &target, Type accumulator, bool pairs)
    : bytes(accumulator.isInteger(32)), pairs(pairs), width(target.vectorBytes()),
      element(accumulator) {
  int64_t lanes = width * 8 / accumulator.getIntOrFloatBitWidth();
  columnCount = lanes;
  if (bytes) {
    bool dot = width == 64 ? target.has("avx512vnni") : width == 32 && (target.has("avxvnni"));
    form = dot ? Bytes::Dot : Bytes::Words;
  }
  accumulators = VectorType::get({lanes}, accumulator);
}

Value TileMath::zero(Emitter &e) const { return e.zero(accumulators); }

Value TileMath::broadcast(Emitter &e, Value buffer, Value offset) const {
  Value scalar = e.load(buffer, offset);
  if (pairs) {
    auto type = VectorType::get({2 * columnCount}, e.builder.getBF16Type());
    return vector::BitCastOp::create(e.builder, e.loc, type, e.broadcast(scalar, columnCount));
  }
  if (!bytes)
    return e.broadcast(e.convertFloat(scalar, element), columnCount);
  auto byteVector = VectorType::get({columnCount * 4}, e.builder.getI8Type());
  return vector::BitCastOp::create(e.builder, e.loc, byteVector, e.broadcast(scalar, columnCount));
}

Value TileMath::loadColumns(Emitter &e, Value buffer, Value offset) const {
  if (pairs)
    return e.load(buffer, offset, 2 * columnCount);
  if (!bytes)
    return e.convertFloat(e.load(buffer, offset, columnCount), element);
  return e.load(buffer, offset, columnCount * 4);
}

Value TileMath::ones(Emitter &e) const {
  Type type = bytes ? Type(e.builder.getI8Type()) : element;
  auto vectorType = VectorType::get({bytes ? columnCount * 4 : columnCount}, type);
  Attribute one = isa<FloatType>(type) ? Attribute(e.builder.getFloatAttr(type, 1.0))
                                       : Attribute(e.builder.getIntegerAttr(type, 1));
  return arith::ConstantOp::create(e.builder, e.loc, DenseElementsAttr::get(vectorType, one));
}

Value TileMath::multiplyAdd(Emitter &e, Value a, Value b, Value sum) const {
  auto call = [&](StringRef name, ValueRange arguments) {
    return LLVM::CallIntrinsicOp::create(e.builder, e.loc, accumulators,
                                         e.builder.getStringAttr(name), arguments)
        .getResult(0);
  };
  if (pairs) // what is broadcast last, as it may stay in memory
    return call("llvm.x86.avx512bf16.dpbf16ps.512", {sum, b, a});
  if (!bytes)
    return e.fma(a, b, sum);
  if (form == Bytes::Dot)
    return call(width == 64 ? "llvm.x86.avx512.vpdpbusd.512" : "llvm.x86.avx512.vpdpbusd.256",
                {sum, a, b});
  // What is widened is the same for each row or column that it meets, and is done once for them.
  auto words = VectorType::get({columnCount * 2}, e.builder.getI16Type());
  auto number = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(
        e.builder, e.loc, DenseElementsAttr::get(words, e.builder.getI16IntegerAttr(value)));
  };
  a = vector::BitCastOp::create(e.builder, e.loc, words, a);
  b = vector::BitCastOp::create(e.builder, e.loc, words, b);
  Value eight = number(8), low = number(0xff);
  Value aEven = arith::AndIOp::create(e.builder, e.loc, a, low);
  Value bEven = arith::ShRSIOp::create(e.builder, e.loc,
                                       arith::ShLIOp::create(e.builder, e.loc, b, eight), eight);
  Value aOdd = arith::ShRUIOp::create(e.builder, e.loc, a, eight);
  Value bOdd = arith::ShRSIOp::create(e.builder, e.loc, b, eight);
  StringRef name = width == 64   ? "llvm.x86.avx512.pmaddw.d.512"
                   : width == 32 ? "llvm.x86.avx2.pmadd.wd"
                                 : "llvm.x86.sse2.pmadd.wd";
  sum = arith::AddIOp::create(e.builder, e.loc, sum, call(name, {aEven, bEven}));
  return arith::AddIOp::create(e.builder, e.loc, sum, call(name, {aOdd, bOdd}));
}

int64_t TileMath::broadcastsInRegisters(const Target &target, int64_t vectors,
                                        int64_t others) const {
  // A product of words waits in a register of its own before it is added.
  int64_t temporaries = operandRegisters() > 1 ? 1 : 0;
  int64_t left = target.vectorRegisters() - operandRegisters() * (vectors + 1) - temporaries;
  return std::max<int64_t>(1, left / (vectors + others));
}

} // namespace heddle::codegen
