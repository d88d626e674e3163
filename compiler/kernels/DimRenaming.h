// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A kernel's own dimension symbols.

#ifndef HEDDLE_COMPILER_KERNELS_DIMRENAMING_H
#define HEDDLE_COMPILER_KERNELS_DIMRENAMING_H

#include "dialects/heddle/TensorDims.h"

namespace heddle {

class DimRenaming {
public:
  /// `keepsSizes`: for a kernel whose code is made for the sizes that are known.
  explicit DimRenaming(bool keepsSizes = false) : keepsSizes(keepsSizes) {}

  /// The dimension as the kernel knows it: a small constant, or a symbol of its own.
  DimExpr rename(const DimExpr &actual);
  mlir::Type rename(mlir::Type type);
  /// A number that need not be the size of anything. Symbols are never negative: one that may be
  /// stays an expression, over symbols for those in it, unless it is a size that was met before.
  DimExpr renameNumber(const DimExpr &actual);

  /// What each symbol d0, d1, ... stands for outside.
  llvm::ArrayRef<DimExpr> actuals() const { return actual; }
  llvm::SmallVector<std::string> symbols() const;
  /// An expression over the kernel's symbols in terms of the actual dimensions.
  DimExpr resolve(const DimExpr &expr) const;

private:
  bool keepsSizes;
  llvm::SmallVector<DimExpr> actual;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_DIMRENAMING_H
