// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/TileMath.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {

TileMath::TileMath(const Target &target, Type accumulator)
    : bytes(accumulator.isInteger(32)), width(target.vectorBytes()), element(accumulator) {
  int64_t lanes = width * 8 / accumulator.getIntOrFloatBitWidth();
  columnCount = lanes;
  if (bytes) {
    bool dot = width == 64 ? target.has("avx512vnni") : width == 32 && (target.has("avxvnni"));
    form = dot ? Bytes::Dot : Bytes::Pairs;
    if (form == Bytes::Pairs)
      columnCount = lanes / 2; // two sums to a column
  }
  accumulators = VectorType::get({lanes}, accumulator);
}

Value TileMath::zero(Emitter &e) const { return e.zero(accumulators); }

Value TileMath::broadcast(Emitter &e, Value buffer, Value offset) const {
  Value scalar = e.load(buffer, offset);
  if (!bytes)
    return e.broadcast(e.convertFloat(scalar, element), columnCount);
  auto byteVector = VectorType::get({columnCount * 4}, e.builder.getI8Type());
  Value four =
      vector::BitCastOp::create(e.builder, e.loc, byteVector, e.broadcast(scalar, columnCount));
  if (form == Bytes::Dot)
    return four;
  auto words = byteVector.clone(e.builder.getI16Type());
  return arith::ExtUIOp::create(e.builder, e.loc, words, four);
}

Value TileMath::loadColumns(Emitter &e, Value buffer, Value offset) const {
  if (!bytes)
    return e.convertFloat(e.load(buffer, offset, columnCount), element);
  Value four = e.load(buffer, offset, columnCount * 4);
  if (form == Bytes::Dot)
    return four;
  auto words = VectorType::get({columnCount * 4}, e.builder.getI16Type());
  return arith::ExtSIOp::create(e.builder, e.loc, words, four);
}

Value TileMath::ones(Emitter &e) const {
  Type type = !bytes               ? element
              : form == Bytes::Dot ? Type(e.builder.getI8Type())
                                   : Type(e.builder.getI16Type());
  auto vectorType = VectorType::get({bytes ? columnCount * 4 : columnCount}, type);
  Attribute one = isa<FloatType>(type) ? Attribute(e.builder.getFloatAttr(type, 1.0))
                                       : Attribute(e.builder.getIntegerAttr(type, 1));
  return arith::ConstantOp::create(e.builder, e.loc, DenseElementsAttr::get(vectorType, one));
}

Value TileMath::multiplyAdd(Emitter &e, Value a, Value b, Value sum) const {
  if (!bytes)
    return e.fma(a, b, sum);
  auto call = [&](StringRef name, ValueRange arguments) {
    return LLVM::CallIntrinsicOp::create(e.builder, e.loc, accumulators,
                                         e.builder.getStringAttr(name), arguments)
        .getResult(0);
  };
  if (form == Bytes::Dot)
    return call(width == 64 ? "llvm.x86.avx512.vpdpbusd.512" : "llvm.x86.avx512.vpdpbusd.256",
                {sum, a, b});
  Value pairs = call(width == 64   ? "llvm.x86.avx512.pmaddw.d.512"
                     : width == 32 ? "llvm.x86.avx2.pmadd.wd"
                                   : "llvm.x86.sse2.pmadd.wd",
                     {a, b});
  return arith::AddIOp::create(e.builder, e.loc, sum, pairs);
}

Value TileMath::results(Emitter &e, Value sum) const {
  if (!bytes || form == Bytes::Dot)
    return sum;
  SmallVector<int64_t> even, odd;
  for (int64_t i = 0; i < columnCount; ++i) {
    even.push_back(2 * i);
    odd.push_back(2 * i + 1);
  }
  return arith::AddIOp::create(e.builder, e.loc,
                               vector::ShuffleOp::create(e.builder, e.loc, sum, sum, even),
                               vector::ShuffleOp::create(e.builder, e.loc, sum, sum, odd));
}

} // namespace heddle::codegen
