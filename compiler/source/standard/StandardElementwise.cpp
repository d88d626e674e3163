// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// arith and math: the operations on each element. Where an operator of ONNX rounds, wraps or compares
// otherwise (unsigned integers, comparisons that hold for what is not a number), there is none.

#include "compiler/source/standard/StandardTranslator.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace heddle {

/// The operator that does the same, or an empty name.
static StringRef sameOperator(Operation *op) {
  return llvm::StringSwitch<StringRef>(op->getName().getStringRef())
      .Cases({"arith.addf", "arith.addi"}, "Add")
      .Cases({"arith.subf", "arith.subi"}, "Sub")
      .Cases({"arith.mulf", "arith.muli"}, "Mul")
      .Cases({"arith.divf", "arith.divsi"}, "Div")
      .Cases({"arith.maximumf", "arith.maxsi"}, "Max")
      .Cases({"arith.minimumf", "arith.minsi"}, "Min")
      .Case("arith.negf", "Neg")
      .Cases({"math.absf", "math.absi"}, "Abs")
      .Case("math.exp", "Exp")
      .Case("math.log", "Log")
      .Case("math.sqrt", "Sqrt")
      .Case("math.tanh", "Tanh")
      .Case("math.sin", "Sin")
      .Case("math.cos", "Cos")
      .Case("math.erf", "Erf")
      .Case("math.floor", "Floor")
      .Case("math.ceil", "Ceil")
      .Case("math.roundeven", "Round")
      .Case("math.powf", "Pow")
      .Case("arith.select", "Where")
      .Default("");
}

std::optional<Value> StandardTranslator::elementwise(Operation *op) {
  if (op->getNumResults() != 1)
    return std::nullopt;
  Type type = tensorType(op->getResult(0).getType());
  if (!type)
    return std::nullopt;
  if (auto literal = dyn_cast<arith::ConstantOp>(op)) {
    Attribute value = literal.getValue();
    if (auto elements = dyn_cast<ElementsAttr>(value))
      return constant(elements);
    if (auto integer = dyn_cast<IntegerAttr>(value); integer && integer.getType().isIndex())
      value = b.getI64IntegerAttr(integer.getInt());
    return constant(DenseElementsAttr::get(cast<ShapedType>(type), ArrayRef(value)));
  }
  SmallVector<Value> operands = of(op->getOperands());
  bool bits = cast<TensorType>(type).getElementType().isInteger(1);
  if (isa<arith::AndIOp>(op))
    return emit(bits ? "And" : "BitwiseAnd", operands, type);
  if (isa<arith::OrIOp>(op))
    return emit(bits ? "Or" : "BitwiseOr", operands, type);
  if (isa<arith::XOrIOp>(op))
    return emit(bits ? "Xor" : "BitwiseXor", operands, type);
  if (isa<arith::RemSIOp, arith::RemFOp>(op))
    return emit("Mod", operands, type, {number("fmod", 1)});
  if (isa<math::FmaOp>(op))
    return emit("Add", {emit("Mul", {operands[0], operands[1]}, type), operands[2]}, type);
  if (isa<math::RsqrtOp>(op))
    return emit("Reciprocal", emit("Sqrt", operands, type), type);
  StringRef name = sameOperator(op);
  if (name.empty() || (bits && name != "Where"))
    return std::nullopt;
  return emit(name, operands, type);
}

std::optional<Value> StandardTranslator::comparison(Operation *op) {
  StringRef name;
  bool negated = false;
  if (auto compare = dyn_cast<arith::CmpFOp>(op)) {
    using P = arith::CmpFPredicate;
    P predicate = compare.getPredicate();
    negated = predicate == P::UNE;
    name = predicate == P::OEQ || negated ? "Equal"
           : predicate == P::OLT          ? "Less"
           : predicate == P::OLE          ? "LessOrEqual"
           : predicate == P::OGT          ? "Greater"
           : predicate == P::OGE          ? "GreaterOrEqual"
                                          : "";
  } else if (auto compare = dyn_cast<arith::CmpIOp>(op)) {
    using P = arith::CmpIPredicate;
    P predicate = compare.getPredicate();
    negated = predicate == P::ne;
    bool bits = getElementTypeOrSelf(compare.getLhs()).isInteger(1);
    name = predicate == P::eq || negated ? "Equal"
           : bits                        ? ""
           : predicate == P::slt         ? "Less"
           : predicate == P::sle         ? "LessOrEqual"
           : predicate == P::sgt         ? "Greater"
           : predicate == P::sge         ? "GreaterOrEqual"
                                         : "";
  }
  if (name.empty())
    return std::nullopt;
  Type type = tensorType(op->getResult(0).getType());
  Value result = emit(name, of(op->getOperands()), type);
  return negated ? emit("Not", result, type) : result;
}

/// The number of an element type in ONNX; 0 where it has none.
static int64_t codeOf(Type element) {
  if (auto integer = dyn_cast<IntegerType>(element))
    return llvm::StringSwitch<int64_t>(std::to_string(integer.getWidth()))
        .Case("1", 9)
        .Case("8", 3)
        .Case("16", 5)
        .Case("32", 6)
        .Case("64", 7)
        .Default(0);
  return element.isF32()    ? 1
         : element.isF64()  ? 11
         : element.isF16()  ? 10
         : element.isBF16() ? 16
                            : 0;
}

std::optional<Value> StandardTranslator::conversion(Operation *op) {
  if (!isa<arith::IndexCastOp, arith::SIToFPOp, arith::FPToSIOp, arith::ExtFOp, arith::TruncFOp,
           arith::ExtSIOp, arith::ExtUIOp, arith::UIToFPOp, arith::TruncIOp>(op))
    return std::nullopt;
  Value from = of(op->getOperand(0));
  Type type = tensorType(op->getResult(0).getType());
  if (!from || !type)
    return std::nullopt;
  // A flag is 1 without a sign and -1 with one; a Cast knows the former, and none to a flag takes a bit.
  bool fromFlag = getElementTypeOrSelf(from.getType()).isInteger(1);
  bool unsignedSource = isa<arith::ExtUIOp, arith::UIToFPOp>(op);
  Type to = getElementTypeOrSelf(type);
  int64_t code = codeOf(to);
  if (fromFlag != unsignedSource || to.isInteger(1) || code == 0)
    return std::nullopt;
  if (getElementTypeOrSelf(from.getType()) == to)
    return from;
  return emit("Cast", from, type, {number("to", code)});
}

} // namespace heddle
