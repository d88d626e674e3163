// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What operations cost, roughly: decisions of the parallel level go by it, results never.

#ifndef HEDDLE_COMPILER_KERNELS_COSTMODEL_H
#define HEDDLE_COMPILER_KERNELS_COSTMODEL_H

#include "dialects/heddle/DimExpr.h"
#include "mlir/IR/Operation.h"

namespace heddle {

/// A number for an expression; dimensions that are not known while compiling count as 64,
/// as more where nothing would be left.
double estimateSize(const DimExpr &expr);

/// Nanoseconds on one core for an operation of the source or parallel level, all of its regions
/// and iterations included; 0 for what does not run (constants, views, terminators).
double estimateCost(mlir::Operation *op);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_COSTMODEL_H
