// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the steps of a chunk (LinearAttentionChunks.h) have to do with each other and with the state
// before it, whatever the columns: A, M, and queries and keys with their decays.

#ifndef HEDDLE_COMPILER_CODEGEN_RECURRENCE_LINEARATTENTIONSTEPS_H
#define HEDDLE_COMPILER_CODEGEN_RECURRENCE_LINEARATTENTIONSTEPS_H

#include "compiler/codegen/recurrence/LinearAttentionPoint.h"

namespace heddle::codegen {

/// A matrix in memory with contiguous rows.
struct Matrix {
  mlir::Value buffer, start, rowStep;
  mlir::Value at(Emitter &e, mlir::Value row, mlir::Value column) const {
    return e.add(e.add(start, e.mul(row, rowStep)), column);
  }
};

class ChunkSteps {
public:
  /// In private memory from this byte on.
  ChunkSteps(Emitter &e, const LinearAttentionSpec &spec, const LinearAttentionOperands &ops,
             LinearAttentionPoint &p, mlir::Value scratch, mlir::Value at);
  /// In elements.
  static LinearAttentionScratch scratch();

  void compute(mlir::Value first);

  mlir::Value reads, mixes;   // A, -M: kChunkSteps a row
  Matrix queries, keys, ends; // Qd, Kd, Ke
  mlir::Value left;           // of each row, what the decays of all steps leave

private:
  void decayOperands();
  void pairs(int64_t begin, int64_t end);
  void storePairs(mlir::ValueRange sums, int64_t begin, int64_t end);

  Emitter &e;
  const LinearAttentionSpec &spec;
  const LinearAttentionOperands &ops;
  LinearAttentionPoint &p;
  int64_t lanes, vectors; // for the steps of a chunk
  mlir::Value together;   // R
  mlir::Value first;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_RECURRENCE_LINEARATTENTIONSTEPS_H
