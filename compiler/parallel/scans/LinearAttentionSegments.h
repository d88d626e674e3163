// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A linear attention whose sequence is cut into segments that are computed side by side. What a
// segment does to a state is affine, S -> P S + H: H is where it takes a state of zeros, P what it
// does to one with values of zeros. These compose, so the states that segments start from take
// log2(segments) levels of products (PairTree.h).

#ifndef HEDDLE_COMPILER_PARALLEL_SCANS_LINEARATTENTIONSEGMENTS_H
#define HEDDLE_COMPILER_PARALLEL_SCANS_LINEARATTENTIONSEGMENTS_H

#include "dialects/heddle/Heddle.h"

namespace heddle {

/// Why it cannot be written so, in a sentence; empty where it can.
llvm::StringRef whyNoSegments(LinearAttentionOp op);

/// Replaces the operation by one over segments of so many steps, and by the recurrent form where the
/// states between segments leave the range of their type or decays grow.
void computeInSegments(LinearAttentionOp op, int64_t steps);
/// By the chunk form, and by the recurrent one where decays grow.
void computeInChunks(LinearAttentionOp op);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_SCANS_LINEARATTENTIONSEGMENTS_H
