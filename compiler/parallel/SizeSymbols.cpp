// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/SizeSymbols.h"

#include "dialects/heddle/CacheOps.h"
#include "dialects/heddle/TensorDims.h"

using namespace mlir;

namespace heddle {

static void visitDims(Type type, llvm::function_ref<void(const DimExpr &)> visit) {
  if (RankedTensorType tensor = tensorOf(type))
    for (const DimExpr &dim : getDims(tensor))
      visit(dim);
}

void visitSymbolsOf(Value value, llvm::function_ref<void(StringRef)> visit) {
  visitDims(value.getType(), [&](const DimExpr &dim) {
    if (auto symbol = dim.asSymbol())
      visit(*symbol);
  });
}

void visitSymbolsUsedBy(Operation *op, llvm::function_ref<void(StringRef)> visit) {
  auto use = [&](const DimExpr &dim) { dim.walkSymbols(visit); };
  for (Type type : op->getResultTypes())
    visitDims(type, use);
  for (Type type : op->getOperandTypes())
    visitDims(type, use);
  if (auto sizes = dyn_cast<IndexTensorOp>(op))
    for (StringRef text : sizes.getExprs().getAsValueRange<StringAttr>())
      use(*DimExpr::parse(text));
}

Value findValueWith(StringRef symbol, Operation &op) {
  auto has = [&](Value value) {
    bool found = false;
    visitSymbolsOf(value, [&](StringRef other) { found |= other == symbol; });
    return found;
  };
  for (Operation *outer = &op; outer; outer = outer->getParentOp()) {
    Block *block = outer->getBlock();
    if (!block)
      continue;
    for (Value argument : block->getArguments())
      if (has(argument))
        return argument;
    for (Operation &before : llvm::make_range(block->begin(), outer->getIterator()))
      for (Value result : before.getResults())
        if (has(result))
          return result;
  }
  return {};
}

} // namespace heddle
