// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// softmax(scores(Q K^T)) V without a matrix of scores.
//
// A grid point is a block of queries of one batch. It goes over the keys block by block and keeps,
// for each query, (m, u, w): the greatest score so far, the sum of exp(score - m), and the sum of
// exp(score - m) * value. A block with a greater score scales the older sums down; two blocks merge
// by the same rule, which is associative. The result is w / u.
//
// Where few points have many keys, the keys are cut into parts: a point is then one part, what it
// delivers is its (w, m, u), and a kernel of its own merges the parts of each query in their order.
//
// Scores of minus infinity weigh nothing, also before the first other score: exp(-inf - -inf) is
// never computed. Results do not depend on how the grid is cut; the block of keys is fixed.
//
//   AttentionSpec spec{f32, f32};
//   AttentionPlan plan = planAttention(spec, target);
//   emitAttention(e, spec, operands, begin, end, scratch, score, sink);

#ifndef HEDDLE_COMPILER_CODEGEN_ATTENTION_ATTENTION_H
#define HEDDLE_COMPILER_CODEGEN_ATTENTION_ATTENTION_H

#include "compiler/codegen/Emitter.h"

namespace heddle::codegen {

/// What stands for the result of a row that has no score above minus infinity, or is not a number.
enum class UndefinedRows { Nan, Zero, ZeroNan };

struct AttentionSpec {
  mlir::Type stored, accumulator; // f32, f64, f16, bf16; f32, or f64 for f64
  bool keysAreRows = true;        // the elements of a key are neighbours; else those of one place
  UndefinedRows undefined = UndefinedRows::Nan;
};

/// The static facts of a kernel that its caller needs.
struct AttentionPlan {
  int64_t queries, keys; // of a block
  int64_t rows, panels;  // of a register tile
  int64_t panel;         // columns of a panel
  int64_t few;           // up to so many queries, keys are read where they are
  int64_t scratchFixed, scratchPerDepth, scratchPerPanel; // bytes

  template <typename Size> Size scratchBytes(const Size &depth, const Size &valuePanels) const {
    return Size(scratchFixed) + Size(scratchPerDepth) * depth + Size(scratchPerPanel) * valuePanels;
  }
};

AttentionPlan planAttention(const AttentionSpec &spec, const Target &target);

/// Steps are elements from one query, key or value to the next; the elements of queries and values
/// are neighbours.
struct AttentionOperands {
  mlir::Value query, key, value;           // buffers
  mlir::Value queries, keys, depth, width; // sizes
  mlir::Value queryStep, keyStep, keyDepthStep, valueStep;
  mlir::Value parts = {}; // of the keys; null: results are of all of them
};

/// Where one batch's matrices start, in elements.
struct AttentionStarts {
  mlir::Value query, key, value;
};

/// A vector of neighbouring keys of one query, or of columns of a result. Those of a part are w, m
/// and u.
struct AttentionPosition {
  mlir::Value query, first;
  mlir::Value mask;
  int64_t lanes;
  mlir::Value part = {};
};

struct AttentionCallbacks {
  /// Called once for each point: what the others need of a batch is emitted here.
  llvm::function_ref<AttentionStarts(mlir::Value batch)> enter;
  /// Scores of products, both of the accumulator's type.
  llvm::function_ref<mlir::Value(mlir::Value products, const AttentionPosition &)> score;
  llvm::function_ref<void(mlir::Value results, const AttentionPosition &)> sink;
};

/// Grid: batch * ceil(queries / plan.queries) * parts.
void emitAttention(Emitter &e, const AttentionSpec &spec, const AttentionOperands &operands,
                   mlir::Value begin, mlir::Value end, mlir::Value scratch,
                   const AttentionCallbacks &callbacks);

/// Rows of parts as emitAttention() delivers them, each of `parts` times w, m and u.
struct MergeOperands {
  mlir::Value buffer, parts, width;
};

/// Grid: rows of results. `sink` gets them vector by vector, the row as the query.
void emitMergeAttention(
    Emitter &e, const AttentionSpec &spec, const MergeOperands &operands, mlir::Value begin,
    mlir::Value end, llvm::function_ref<void(mlir::Value results, const AttentionPosition &)> sink);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_ATTENTION_ATTENTION_H
