// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/unit/kernels/ScalarInterpreter.h"

#include <cmath>

#include "llvm/ADT/TypeSwitch.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace heddle::testing {

namespace {

unsigned widthOf(Type type) { return type.isIndex() ? 64 : type.getIntOrFloatBitWidth(); }

int64_t signExtend(Type type, int64_t value) {
  unsigned unused = 64 - widthOf(type);
  return static_cast<int64_t>(static_cast<uint64_t>(value) << unused) >> unused;
}
uint64_t zeroExtend(Type type, int64_t value) {
  unsigned unused = 64 - widthOf(type);
  return static_cast<uint64_t>(value) << unused >> unused;
}

Number fromInt(Type type, int64_t value) { return {.integer = signExtend(type, value)}; }
Number fromReal(Type type, double value) { return {.real = roundTo(type, value)}; }

bool compareIntegers(arith::CmpIPredicate predicate, int64_t a, int64_t b, uint64_t ua,
                     uint64_t ub) {
  switch (predicate) {
    case arith::CmpIPredicate::eq:
      return a == b;
    case arith::CmpIPredicate::ne:
      return a != b;
    case arith::CmpIPredicate::slt:
      return a < b;
    case arith::CmpIPredicate::sle:
      return a <= b;
    case arith::CmpIPredicate::sgt:
      return a > b;
    case arith::CmpIPredicate::sge:
      return a >= b;
    case arith::CmpIPredicate::ult:
      return ua < ub;
    case arith::CmpIPredicate::ule:
      return ua <= ub;
    case arith::CmpIPredicate::ugt:
      return ua > ub;
    case arith::CmpIPredicate::uge:
      return ua >= ub;
  }
  return false;
}

bool compareReals(arith::CmpFPredicate predicate, double a, double b) {
  switch (predicate) {
    case arith::CmpFPredicate::OEQ:
      return a == b;
    case arith::CmpFPredicate::OLT:
      return a < b;
    case arith::CmpFPredicate::OLE:
      return a <= b;
    case arith::CmpFPredicate::OGT:
      return a > b;
    case arith::CmpFPredicate::OGE:
      return a >= b;
    case arith::CmpFPredicate::UNE:
      return a != b;
    case arith::CmpFPredicate::UNO:
      return std::isnan(a) || std::isnan(b);
    default:
      llvm_unreachable("a predicate that no lowering uses");
  }
}

double maximum(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? NAN : std::fmax(a, b);
}
double minimum(double a, double b) {
  return std::isnan(a) || std::isnan(b) ? NAN : std::fmin(a, b);
}

std::optional<Number> evaluateInteger(Operation* op, ArrayRef<Number> in) {
  Type type = op->getResult(0).getType();
  Type from = op->getNumOperands() ? op->getOperand(0).getType() : type;
  if (op->getNumOperands() == 0 || !from.isIntOrIndex()) return std::nullopt;
  int64_t a = in[0].integer, b = in.size() > 1 ? in[1].integer : 0;
  uint64_t ua = zeroExtend(from, a), ub = in.size() > 1 ? zeroExtend(from, b) : 0;
  auto number = [&](auto value) { return fromInt(type, static_cast<int64_t>(value)); };
  return llvm::TypeSwitch<Operation*, std::optional<Number>>(op)
      .Case([&](arith::AddIOp) {
        return number(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
      })
      .Case([&](arith::SubIOp) {
        return number(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
      })
      .Case([&](arith::MulIOp) {
        return number(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
      })
      .Case([&](arith::DivSIOp) { return number(a / b); })
      .Case([&](arith::DivUIOp) { return number(ua / ub); })
      .Case([&](arith::RemSIOp) { return number(a % b); })
      .Case([&](arith::RemUIOp) { return number(ua % ub); })
      .Case([&](arith::FloorDivSIOp) { return number(a / b - (a % b != 0 && (a < 0) != (b < 0))); })
      .Case([&](arith::CeilDivSIOp) { return number(a / b + (a % b != 0 && (a < 0) == (b < 0))); })
      .Case([&](arith::MinSIOp) { return number(std::min(a, b)); })
      .Case([&](arith::MaxSIOp) { return number(std::max(a, b)); })
      .Case([&](arith::MinUIOp) { return number(std::min(ua, ub)); })
      .Case([&](arith::MaxUIOp) { return number(std::max(ua, ub)); })
      .Case([&](arith::AndIOp) { return number(a & b); })
      .Case([&](arith::OrIOp) { return number(a | b); })
      .Case([&](arith::XOrIOp) { return number(a ^ b); })
      .Case([&](arith::ShLIOp) { return number(ua << ub); })
      .Case([&](arith::ShRUIOp) { return number(ua >> ub); })
      .Case<arith::ExtSIOp, arith::IndexCastOp, arith::TruncIOp>([&](auto) { return number(a); })
      .Case<arith::ExtUIOp, arith::IndexCastUIOp>([&](auto) { return number(ua); })
      .Case([&](arith::SIToFPOp) { return fromReal(type, static_cast<double>(a)); })
      .Case([&](arith::UIToFPOp) { return fromReal(type, static_cast<double>(ua)); })
      .Case([&](arith::CmpIOp cmp) {
        return number(-int64_t(compareIntegers(cmp.getPredicate(), a, b, ua, ub)));
      })
      .Default([](Operation*) { return std::nullopt; });
}

std::optional<Number> evaluateReal(Operation* op, ArrayRef<Number> in) {
  Type type = op->getResult(0).getType();
  if (op->getNumOperands() == 0 || !isa<FloatType>(op->getOperand(0).getType()))
    return std::nullopt;
  double a = in[0].real, b = in.size() > 1 ? in[1].real : 0;
  auto number = [&](double value) { return fromReal(type, value); };
  return llvm::TypeSwitch<Operation*, std::optional<Number>>(op)
      .Case([&](arith::AddFOp) { return number(a + b); })
      .Case([&](arith::SubFOp) { return number(a - b); })
      .Case([&](arith::MulFOp) { return number(a * b); })
      .Case([&](arith::DivFOp) { return number(a / b); })
      .Case([&](arith::RemFOp) { return number(std::fmod(a, b)); })
      .Case([&](arith::NegFOp) { return number(-a); })
      .Case([&](arith::MaximumFOp) { return number(maximum(a, b)); })
      .Case([&](arith::MinimumFOp) { return number(minimum(a, b)); })
      .Case<arith::ExtFOp, arith::TruncFOp>([&](auto) { return number(a); })
      .Case<arith::FPToSIOp, arith::FPToUIOp>(
          [&](auto) { return fromInt(type, static_cast<int64_t>(a)); })
      .Case([&](arith::CmpFOp cmp) {
        return fromInt(type, -int64_t(compareReals(cmp.getPredicate(), a, b)));
      })
      .Case([&](math::ExpOp) { return number(std::exp(a)); })
      .Case([&](math::LogOp) { return number(std::log(a)); })
      .Case([&](math::Log1pOp) { return number(std::log1p(a)); })
      .Case([&](math::SqrtOp) { return number(std::sqrt(a)); })
      .Case([&](math::AbsFOp) { return number(std::fabs(a)); })
      .Case([&](math::FloorOp) { return number(std::floor(a)); })
      .Case([&](math::CeilOp) { return number(std::ceil(a)); })
      .Case([&](math::RoundEvenOp) { return number(std::nearbyint(a)); })
      .Case([&](math::PowFOp) { return number(std::pow(a, b)); })
      .Case([&](math::TanhOp) { return number(std::tanh(a)); })
      .Case([&](math::ErfOp) { return number(std::erf(a)); })
      .Case([&](math::SinOp) { return number(std::sin(a)); })
      .Case([&](math::CosOp) { return number(std::cos(a)); })
      .Case([&](math::TanOp) { return number(std::tan(a)); })
      .Case([&](math::AsinOp) { return number(std::asin(a)); })
      .Case([&](math::AcosOp) { return number(std::acos(a)); })
      .Case([&](math::AtanOp) { return number(std::atan(a)); })
      .Case([&](math::SinhOp) { return number(std::sinh(a)); })
      .Case([&](math::CoshOp) { return number(std::cosh(a)); })
      .Case([&](math::AsinhOp) { return number(std::asinh(a)); })
      .Case([&](math::AcoshOp) { return number(std::acosh(a)); })
      .Case([&](math::AtanhOp) { return number(std::atanh(a)); })
      .Default([](Operation*) { return std::nullopt; });
}

}  // namespace

double roundTo(Type type, double value) {
  if (type.isF64()) return value;
  if (type.isF32()) return static_cast<float>(value);
  APFloat number(value);
  bool losesInfo;
  number.convert(cast<FloatType>(type).getFloatSemantics(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
  number.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return number.convertToDouble();
}

std::optional<Number> evaluateScalar(Operation* op, ArrayRef<Number> operands) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
    if (auto real = dyn_cast<FloatAttr>(constant.getValue()))
      return fromReal(real.getType(), real.getValueAsDouble());
    if (auto integer = dyn_cast<IntegerAttr>(constant.getValue()))
      return fromInt(integer.getType(), integer.getValue().getSExtValue());
    return std::nullopt;
  }
  if (isa<arith::SelectOp>(op)) return operands[0].integer ? operands[1] : operands[2];
  if (std::optional<Number> number = evaluateInteger(op, operands)) return number;
  return evaluateReal(op, operands);
}

}  // namespace heddle::testing
