// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands whose neighbours lie along another axis than those of the result. Lanes along either axis
// would gather the one or scatter the other, so both are taken a square of vectors at a time: read along
// the operand's axis, turned in registers, and written along the result's.

#ifndef HEDDLE_COMPILER_CODEGEN_LOOPS_TURNEDREADS_H
#define HEDDLE_COMPILER_CODEGEN_LOOPS_TURNEDREADS_H

#include "compiler/codegen/loops/ElementEmitter.h"

namespace heddle {

/// An operand that elementwise work reads at one place for each element of the result.
struct Read {
  mlir::Value operand;
  mlir::AffineMap place; // from the result's indices; null for computed places
};

struct TurnedReads {
  unsigned axis = 0; // of the result, along which neighbours lie in the operands
  llvm::SmallVector<Read> reads;
};

/// Those of a result of that rank, where turning squares is worth while.
std::optional<TurnedReads> findTurnedReads(llvm::ArrayRef<Read> reads, const Dims &iteration);

/// Where a square lies: the place of its first element, and how many elements of the result there are
/// from there on along the axis of the reads and along the last one.
struct Square {
  Place place;
  mlir::Value rows, columns;
};

/// Computes and stores the elements of a square of lanes x lanes.
void storeTurned(mlir::ImplicitLocOpBuilder &b, ElementEmitter &elements, const TurnedReads &turned,
                 mlir::Value result, const Square &square, int64_t lanes);

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_LOOPS_TURNEDREADS_H
