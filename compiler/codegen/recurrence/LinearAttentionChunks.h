// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A chunk of C steps of a linear attention as matrix products. With the state S before the chunk,
// Q and K of C rows, and what the decays from step j to step i leave of a row (empty products of
// decays are ones, and nothing is ever divided by one):
//
//   A(i, j) = q_i (decays from j to i) k_j      for j <= i, of steps that i reads
//   add:    D = b V
//   delta:  M(i, j) = b_i k_i (decays from j to i) k_j      for j < i
//           (I + M) D = b (V - Kd S)            a triangular solve; Kd: k_i decayed from the start
//   O = Qd S + A D                              Qd: q_i decayed from the start
//   S <- (all decays) S + Ke^T D                Ke: k_j decayed to the end
//
// A and M are one pass over rows: R holds, for each row, the keys of the steps so far, decayed, one
// to a lane. That is the recurrence itself, with lanes for steps in place of columns.

#ifndef HEDDLE_COMPILER_CODEGEN_RECURRENCE_LINEARATTENTIONCHUNKS_H
#define HEDDLE_COMPILER_CODEGEN_RECURRENCE_LINEARATTENTIONCHUNKS_H

#include "compiler/codegen/recurrence/LinearAttentionPoint.h"

namespace heddle::codegen {

/// In elements.
LinearAttentionScratch chunkScratch(const LinearAttentionSpec &spec);

/// Computes all whole chunks of a point; returns the step after them.
mlir::Value emitChunks(Emitter &e, const LinearAttentionSpec &spec,
                       const LinearAttentionOperands &ops, LinearAttentionPoint &point,
                       mlir::Value scratch);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_RECURRENCE_LINEARATTENTIONCHUNKS_H
