// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/heddle/Heddle.h"

using namespace mlir;
using namespace heddle;

LogicalResult RefAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError, unsigned,
                              ArrayRef<Attribute> selector) {
  for (Attribute step : selector)
    if (!isa<StringAttr>(step) &&
        !(isa<IntegerAttr>(step) && cast<IntegerAttr>(step).getType().isInteger(64)))
      return emitError() << "selects by " << step << ", which is neither a name nor an i64 index";
  return success();
}

LogicalResult TextAttr::verify(llvm::function_ref<InFlightDiagnostic()> emitError,
                               ArrayRef<Attribute> pieces) {
  for (Attribute piece : pieces)
    if (!isa<StringAttr, RefAttr>(piece))
      return emitError() << "has the piece " << piece << ", which is neither text nor a reference";
  return success();
}

LogicalResult ToolOp::verify() {
  if (!llvm::is_contained({"pure", "read", "write"}, getEffects()))
    return emitOpError("has the effects '") << getEffects() << "'; pure, read and write are";
  if (getEffects() == "pure" && !getResource().empty())
    return emitOpError("is pure and has a resource");
  return success();
}

/// Every reference in `arguments` names one of `count` operands, and each operand has a reference:
/// else it would be a dependence of nothing.
static LogicalResult verifyReferences(Operation *op, Attribute arguments, unsigned count) {
  llvm::SmallBitVector used(count);
  bool inRange = true;
  arguments.walk([&](RefAttr reference) {
    if (reference.getOperand() < count)
      used.set(reference.getOperand());
    else
      inRange = false;
  });
  if (!inRange)
    return op->emitOpError("refers to an operand that it does not have");
  if (!used.all())
    return op->emitOpError("has an operand that no argument refers to");
  return success();
}

LogicalResult CallToolOp::verify() {
  return verifyReferences(*this, getArguments(), getInputs().size());
}

LogicalResult CallToolOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!symbols.lookupNearestSymbolFrom<ToolOp>(*this, getToolAttr()))
    return emitOpError("calls ") << getToolAttr() << ", which is no heddle.tool";
  return success();
}

LogicalResult JoinOp::verify() {
  return verifyReferences(*this, getArguments(), getInputs().size());
}
