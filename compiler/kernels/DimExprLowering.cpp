// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/DimExprLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle {

static Value apply(ImplicitLocOpBuilder &b, DimOp kind, Value lhs, Value rhs) {
  switch (kind) {
  case DimOp::Add:
    return arith::AddIOp::create(b, lhs, rhs);
  case DimOp::Mul:
    return arith::MulIOp::create(b, lhs, rhs);
  case DimOp::FloorDiv:
    return arith::FloorDivSIOp::create(b, lhs, rhs);
  case DimOp::CeilDiv:
    return arith::CeilDivSIOp::create(b, lhs, rhs);
  case DimOp::Mod:
    return arith::RemSIOp::create(b, lhs, rhs);
  case DimOp::Min:
    return arith::MinSIOp::create(b, lhs, rhs);
  case DimOp::Max:
    return arith::MaxSIOp::create(b, lhs, rhs);
  }
  llvm_unreachable("all operations are handled");
}

Value lowerDimExpr(ImplicitLocOpBuilder &b, const DimExpr &expr,
                   const llvm::StringMap<Value> &symbols) {
  return expr.lower<Value>(
      [&](int64_t number) -> Value { return arith::ConstantIndexOp::create(b, number); },
      [&](StringRef symbol) { return symbols.lookup(symbol); },
      [&](DimOp kind, Value lhs, Value rhs) { return apply(b, kind, lhs, rhs); });
}

} // namespace heddle
