// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The recurrence s <- min(max(s + a, lo), hi), of which any of the three may be missing.

#ifndef HEDDLE_COMPILER_PARALLEL_RECURRENCE_BOUNDEDRECURRENCE_H
#define HEDDLE_COMPILER_PARALLEL_RECURRENCE_BOUNDEDRECURRENCE_H

#include "compiler/parallel/recurrence/Recurrence.h"

namespace heddle {

mlir::Value maximum(Arithmetic &m, mlir::Value x, mlir::Value y);
mlir::Value minimum(Arithmetic &m, mlir::Value x, mlir::Value y);

/// Of those that are there: the shift, the lower and the upper bound.
Recurrence boundedRecurrence(llvm::ArrayRef<mlir::Value> parameters, bool shifts, bool low,
                             bool high);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_RECURRENCE_BOUNDEDRECURRENCE_H
