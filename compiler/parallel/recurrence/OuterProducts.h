// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recurrences over outer products: a state that is a matrix, to which each step adds the product of a
// key and a value (retention, gated linear attention), or corrects what a key reads (the delta rule),
// and that is only ever read by vectors. Its states need not be stored.

#ifndef HEDDLE_COMPILER_PARALLEL_RECURRENCE_OUTERPRODUCTS_H
#define HEDDLE_COMPILER_PARALLEL_RECURRENCE_OUTERPRODUCTS_H

#include "compiler/parallel/loops/LoopBody.h"

namespace heddle {

struct OuterProducts {
  /// A value of the body that is S^T q, of the state after the step or before it.
  struct Read {
    mlir::Value query, result;
    bool before;
  };

  bool delta = false;
  /// Whether the state is stored with the axis of keys last.
  bool transposed = false;
  /// Values of the body, of the dimensions that heddle.linear_attention has without time; decay and
  /// rate may be null.
  mlir::Value key, value, decay, rate;
  llvm::SmallVector<Read> reads;
  std::string proof;
};

/// Of a group of one state; nothing where it is another recurrence or read otherwise.
std::optional<OuterProducts> findOuterProducts(const LoopBody &body, unsigned state);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_RECURRENCE_OUTERPRODUCTS_H
