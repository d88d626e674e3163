// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"

#include "dialects/heddle/DimExpr.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace heddle;

#define GET_OP_CLASSES
#include "dialects/heddle/HeddleOps.cpp.inc"

ValueRange ClusterOp::getYielded() { return getBody().front().getTerminator()->getOperands(); }

LogicalResult ClusterOp::verify() {
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getOperandTypes())
    return emitOpError("has operands of other types than its body's arguments");
  if (getYielded().getTypes() != getResultTypes())
    return emitOpError("has results of other types than its body yields");
  return success();
}

LogicalResult SpawnOp::verify() {
  TypeRange yielded = getBody().front().getTerminator()->getOperandTypes();
  if (yielded.size() != getNumResults())
    return emitOpError("has ") << getNumResults() << " futures, but its body yields "
                               << yielded.size() << " values";
  for (auto [future, type] : llvm::zip(getResultTypes(), yielded))
    if (cast<FutureType>(future).getValueType() != type)
      return emitOpError("has a ") << future << ", but its body yields a " << type;
  return success();
}

LogicalResult AwaitOp::inferReturnTypes(MLIRContext *, std::optional<Location>, ValueRange operands,
                                        DictionaryAttr, OpaqueProperties, RegionRange,
                                        SmallVectorImpl<Type> &types) {
  types.push_back(cast<FutureType>(operands.front().getType()).getValueType());
  return success();
}

LogicalResult LoadOrOp::inferReturnTypes(MLIRContext *, std::optional<Location>,
                                         ValueRange operands, DictionaryAttr, OpaqueProperties,
                                         RegionRange, SmallVectorImpl<Type> &types) {
  types.push_back(operands.back().getType()); // the default
  return success();
}

LogicalResult LoadOrOp::verify() {
  auto type = cast<RankedTensorType>(getSource().getType());
  if (static_cast<int64_t>(getIndices().size()) != type.getRank())
    return emitOpError("has ") << getIndices().size() << " indices for " << type.getRank()
                               << " dimensions";
  if (getFallback().getType() != type.getElementType() ||
      getValue().getType() != type.getElementType())
    return emitOpError("has a default or a result of another type than the tensor's elements");
  return success();
}

LogicalResult LookUpOp::verify() {
  auto table = cast<RankedTensorType>(getTable().getType());
  if (table.getRank() != 1 || table.getDimSize(0) != 256)
    return emitOpError("has a table that is not of 256 entries");
  if (!getElementTypeOrSelf(getBytes()).isInteger(8) ||
      getElementTypeOrSelf(getEntries()) != table.getElementType())
    return emitOpError("does not take bytes to the elements of its table");
  return success();
}

LogicalResult IndexTensorOp::verify() {
  int64_t count = cast<RankedTensorType>(getValue().getType()).getNumElements();
  if (int64_t(getExprs().size()) != count)
    return emitOpError("has ") << getExprs().size() << " expressions for " << count << " elements";
  for (StringRef text : getExprs().getAsValueRange<StringAttr>()) {
    std::optional<DimExpr> expr = DimExpr::parse(text);
    if (!expr)
      return emitOpError("has an element that is not an expression over dimension symbols: '")
             << text << "'";
    if (std::string canonical = expr->str(); canonical != text)
      return emitOpError("has the element '")
             << text << "', whose canonical form is '" << canonical << "'";
  }
  return success();
}
