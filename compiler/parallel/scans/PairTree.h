// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The states of a recurrence whose elements compose: pairs of elements are combined, the states between
// pairs are found in the same way, and one step from each of these gives the others. All pairs of a
// level are computed at once, and there are as many levels as the number of elements has digits.

#ifndef HEDDLE_COMPILER_PARALLEL_SCANS_PAIRTREE_H
#define HEDDLE_COMPILER_PARALLEL_SCANS_PAIRTREE_H

#include "compiler/source/Arithmetic.h"

#include <functional>

namespace heddle {

class PairTree {
public:
  using Values = llvm::SmallVector<mlir::Value>;
  /// On `count` rows of both, along axis 0: elements of elements and those after them, or states of
  /// states and elements.
  using Rows = std::function<Values(mlir::ValueRange, mlir::ValueRange, int64_t count)>;

  PairTree(Arithmetic &m, Rows combine, Rows apply)
      : m(m), combine(std::move(combine)), apply(std::move(apply)) {}

  /// The states before each of so many elements and after the last one, along axis 0: a row more than
  /// there are elements.
  Values between(mlir::ValueRange elements, int64_t count, mlir::ValueRange init);

  /// `count` rows from `first` on, each `step` after the one before.
  mlir::Value rows(mlir::Value all, int64_t first, int64_t step, int64_t count);

private:
  Values rows(mlir::ValueRange all, int64_t first, int64_t step, int64_t count);
  mlir::Value interleaved(mlir::Value even, mlir::Value odd, int64_t count);

  Arithmetic &m;
  Rows combine, apply;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_SCANS_PAIRTREE_H
