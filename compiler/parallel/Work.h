// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Work and span of a program, as expressions over its sizes: scalar operations in all, and on the
// longest chain of them that wait for each other, where everything that may run at once does.
//
//   x @ w of 4x8 and 8x2:  work 2*4*8*2, span 1 + log2(8)
//   relu(x):               work 4*8, span 1
//
// Unlike the cost model (nanoseconds of one core), this is what `heddle explain` reports.

#ifndef HEDDLE_COMPILER_PARALLEL_WORK_H
#define HEDDLE_COMPILER_PARALLEL_WORK_H

#include "dialects/heddle/DimExpr.h"
#include "mlir/IR/Block.h"

namespace heddle {

struct Work {
  DimExpr work = 0;
  DimExpr span = 0;
};

/// Of one operation; a loop counts as sequential.
Work workOf(mlir::Operation *op);
/// Of the operations of a block: its span is that of the longest chain of values.
Work workOf(mlir::Block &block);

/// The greater of two, as far as that can be told: of sizes that are not known, the one that is
/// greater for sizes of 64, so that sums of spans stay short.
DimExpr greaterOf(const DimExpr &a, const DimExpr &b);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_WORK_H
