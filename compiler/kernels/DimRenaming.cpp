// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/DimRenaming.h"

#include "llvm/ADT/STLExtras.h"

namespace heddle {

/// Constants up to this stay in the kernel: windows, channels of images, small inner dimensions,
/// where knowing the number makes better code.
static constexpr int64_t kLargestStatic = 16;

static std::string symbolName(size_t index) { return "d" + std::to_string(index); }

DimExpr DimRenaming::rename(const DimExpr &expr) {
  if (std::optional<int64_t> number = expr.asConstant())
    if (keepsSizes || *number <= kLargestStatic)
      return expr;
  auto found = llvm::find(actual, expr);
  size_t index = found - actual.begin();
  if (found == actual.end())
    actual.push_back(expr);
  return DimExpr::symbol(symbolName(index));
}

DimExpr DimRenaming::renameNumber(const DimExpr &expr) {
  if (expr.isAtLeast(0) || llvm::is_contained(actual, expr))
    return rename(expr);
  return expr.substitute([&](llvm::StringRef symbol) -> std::optional<DimExpr> {
    return rename(DimExpr::symbol(symbol.str()));
  });
}

mlir::Type DimRenaming::rename(mlir::Type type) {
  auto tensor = mlir::dyn_cast<mlir::RankedTensorType>(type);
  if (!tensor)
    return type;
  Dims dims;
  for (const DimExpr &dim : getDims(tensor))
    dims.push_back(rename(dim));
  return tensorWithDims(dims, tensor.getElementType());
}

llvm::SmallVector<std::string> DimRenaming::symbols() const {
  llvm::SmallVector<std::string> names;
  for (size_t i = 0; i < actual.size(); ++i)
    names.push_back(symbolName(i));
  return names;
}

DimExpr DimRenaming::resolve(const DimExpr &expr) const {
  return expr.substitute([&](llvm::StringRef symbol) -> std::optional<DimExpr> {
    size_t index;
    if (!symbol.consume_front("d") || symbol.getAsInteger(10, index))
      return std::nullopt;
    return actual[index];
  });
}

} // namespace heddle
