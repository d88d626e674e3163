// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dimension expressions as index arithmetic.

#ifndef HEDDLE_COMPILER_KERNELS_DIMEXPRLOWERING_H
#define HEDDLE_COMPILER_KERNELS_DIMEXPRLOWERING_H

#include "dialects/heddle/DimExpr.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringMap.h"

namespace heddle {

/// The value of an expression, given that of each symbol.
mlir::Value lowerDimExpr(mlir::ImplicitLocOpBuilder &builder, const DimExpr &expr,
                         const llvm::StringMap<mlir::Value> &symbols);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_DIMEXPRLOWERING_H
