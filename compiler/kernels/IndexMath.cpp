// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/IndexMath.h"

#include "compiler/kernels/ScalarMath.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace heddle {

namespace {

/// Folders of commutative operations look for a constant on the right.
void constantLast(Value &lhs, Value &rhs) {
  if (matchPattern(lhs, m_Constant()))
    std::swap(lhs, rhs);
}

} // namespace

Value IndexMath::add(Value lhs, Value rhs) {
  constantLast(lhs, rhs);
  return b.createOrFold<arith::AddIOp>(lhs, rhs);
}
Value IndexMath::sub(Value lhs, Value rhs) { return b.createOrFold<arith::SubIOp>(lhs, rhs); }
Value IndexMath::mul(Value lhs, Value rhs) {
  constantLast(lhs, rhs);
  return b.createOrFold<arith::MulIOp>(lhs, rhs);
}
Value IndexMath::div(Value lhs, Value rhs) { return b.createOrFold<arith::DivUIOp>(lhs, rhs); }
Value IndexMath::mod(Value lhs, Value rhs) { return b.createOrFold<arith::RemUIOp>(lhs, rhs); }
Value IndexMath::min(Value lhs, Value rhs) { return b.createOrFold<arith::MinSIOp>(lhs, rhs); }
Value IndexMath::max(Value lhs, Value rhs) { return b.createOrFold<arith::MaxSIOp>(lhs, rhs); }
Value IndexMath::clamp(Value value, Value low, Value high) { return max(min(value, high), low); }

Value IndexMath::less(Value lhs, Value rhs) {
  return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, lhs, rhs);
}
Value IndexMath::atLeast(Value lhs, Value rhs) {
  return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sge, lhs, rhs);
}
Value IndexMath::equal(Value lhs, Value rhs) {
  return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, lhs, rhs);
}
Value IndexMath::both(Value lhs, Value rhs) {
  if (!lhs || !rhs)
    return lhs ? lhs : rhs;
  return b.createOrFold<arith::AndIOp>(lhs, rhs);
}
Value IndexMath::select(Value condition, Value yes, Value no) {
  return b.createOrFold<arith::SelectOp>(condition, yes, no);
}

Value IndexMath::fromElement(Value element, Signedness signedness) {
  if (isa<FloatType>(element.getType()))
    element = ScalarMath(b).cast(element, b.getI64Type(), Signedness::Signed);
  if (signedness == Signedness::Unsigned)
    return arith::IndexCastUIOp::create(b, b.getIndexType(), element);
  return arith::IndexCastOp::create(b, b.getIndexType(), element);
}

Value IndexMath::toElement(Value index, Type type) {
  if (isa<IntegerType>(type))
    return arith::IndexCastOp::create(b, type, index);
  Value integer = arith::IndexCastOp::create(b, b.getI64Type(), index);
  return ScalarMath(b).cast(integer, type, Signedness::Signed);
}

} // namespace heddle
