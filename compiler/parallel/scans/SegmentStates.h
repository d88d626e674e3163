// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The states between segments of a recurrence, from what each segment does to a state: S -> P S + H,
// where P is a matrix or factors of rows. Two that follow each other are one such again, so pairs of
// segments are combined, the states between pairs are found in the same way, and one step from each
// of these gives the others: two operations a level, of as many levels as the number has digits.

#ifndef HEDDLE_COMPILER_PARALLEL_SCANS_SEGMENTSTATES_H
#define HEDDLE_COMPILER_PARALLEL_SCANS_SEGMENTSTATES_H

#include "compiler/source/Arithmetic.h"

namespace heddle {

/// Of `count` segments, along axis 0.
struct SegmentEffects {
  mlir::Value factor;  // P; null: one
  mlir::Value learned; // H
  int64_t count;
};

class SegmentStates {
public:
  SegmentStates(Arithmetic &m, bool factorsAreMatrices) : m(m), matrices(factorsAreMatrices) {}

  /// The states before each segment and after the last one, along axis 0: one more than segments.
  mlir::Value between(const SegmentEffects &effects, mlir::Value init);

  /// P x of one segment or many.
  mlir::Value product(mlir::Value factor, mlir::Value x);
  mlir::Value next(const SegmentEffects &effects, mlir::Value states) {
    return m.add(product(effects.factor, states), effects.learned);
  }
  /// `count` rows from `first` on, each `step` after the one before.
  mlir::Value rows(mlir::Value all, int64_t first, int64_t step, int64_t count);

private:
  SegmentEffects rows(const SegmentEffects &all, int64_t first, int64_t step, int64_t count);
  mlir::Value interleaved(mlir::Value even, mlir::Value odd, int64_t count);

  Arithmetic &m;
  bool matrices;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_SCANS_SEGMENTSTATES_H
