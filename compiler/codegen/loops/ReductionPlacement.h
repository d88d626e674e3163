// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which places of the result need which values of a reduction: reductions that feed a result are
// computed once for those of its dimensions that they depend on, before the rest of the result.

#ifndef HEDDLE_COMPILER_CODEGEN_LOOPS_REDUCTIONPLACEMENT_H
#define HEDDLE_COMPILER_CODEGEN_LOOPS_REDUCTIONPLACEMENT_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <optional>

namespace heddle {

struct PlacedReduction {
  mlir::linalg::GenericOp reduction;
  /// For each dimension of its iteration space: the dimension of the result's that it is the same
  /// as, or one of these.
  llvm::SmallVector<int64_t> source;

  static constexpr int64_t kReduced = -1; // a loop of the reduction
  static constexpr int64_t kFirst = -2;   // always index 0
};

/// The reductions that `root` depends on, itself not among them, producers first. Nothing where one
/// is needed at computed places, or at several of them for one place of the result.
std::optional<llvm::SmallVector<PlacedReduction>> placeReductions(mlir::linalg::GenericOp root);

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_LOOPS_REDUCTIONPLACEMENT_H
