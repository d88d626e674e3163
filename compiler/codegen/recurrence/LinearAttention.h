// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The recurrence of heddle.linear_attention, step by step: a state S of rows x columns for each batch
// point, which outer products update and queries read. Columns do not depend on each other, so a
// grid point is a block of them, whose part of S stays in the first cache for the whole sequence.
//
// Each element is computed by the operations of the sequential program in their order, and sums over
// rows are chains in the order of rows, as those of a matrix product are: the bits depend neither on
// the blocks nor on how many steps are taken at once.
//
// A sequence may be cut into segments, each with a start of its own, that are points of the grid too.
//
// With `chunk`, so many steps become matrix products (LinearAttentionChunks.h), and sums are ordered
// otherwise; a rest of less than a chunk is computed step by step.

#ifndef HEDDLE_COMPILER_CODEGEN_RECURRENCE_LINEARATTENTION_H
#define HEDDLE_COMPILER_CODEGEN_RECURRENCE_LINEARATTENTION_H

#include "compiler/codegen/Emitter.h"

namespace heddle::codegen {

constexpr int64_t kChunkSteps = 16;

/// Along which axes an operand has elements of its own; along the others one counts for all.
using OwnAxes = llvm::SmallVector<bool>;

struct LinearAttentionSpec {
  mlir::Type element; // f32 or f64, of everything
  bool delta = false;
  bool readsBefore = false;
  bool output = true, last = true; // results that are wanted; queries are for the output
  OwnAxes decay;                   // time, batch..., row; empty: no decay
  OwnAxes rate;                    // time, batch..., 1; empty: no rate
  OwnAxes init;                    // segment, batch..., row, column
  int64_t lanes = 0, vectors = 1;  // columns of a block: vectors of so many lanes
  bool fullBlocks = false;         // the columns are known to fill whole blocks
  bool chunk = false;              // by matrix products of kChunkSteps steps
};

struct LinearAttentionOperands {
  mlir::Value query, key, value, init, decay, rate, output,
      last;                                   // buffers; null where there are none
  mlir::Value length, segment, rows, columns; // sizes
  Values batch;                               // sizes
};

/// Lanes of a vector for so many columns; 0: not known.
int64_t linearAttentionLanes(mlir::Type element, int64_t columns, const Target &target);
/// Bytes of private memory: fixed, and for each row of the state.
struct LinearAttentionScratch {
  int64_t fixed, perRow;
};
LinearAttentionScratch linearAttentionScratch(const LinearAttentionSpec &spec);

/// Points run over blocks of columns, then batch points, then segments.
void emitLinearAttention(Emitter &e, const LinearAttentionSpec &spec,
                         const LinearAttentionOperands &operands, mlir::Value begin,
                         mlir::Value end, mlir::Value scratch);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_RECURRENCE_LINEARATTENTION_H
