// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two products of attention, as MatMul, Gemm or Einsum spell them.

#ifndef HEDDLE_COMPILER_PARALLEL_ATTENTION_ATTENTIONPRODUCT_H
#define HEDDLE_COMPILER_PARALLEL_ATTENTION_ATTENTIONPRODUCT_H

#include "compiler/parallel/attention/AttentionOperand.h"

namespace heddle {

/// B... x L x S products of queries and keys.
struct ScoreProduct {
  mlir::Value result;
  AttentionOperand query, key;
  double factor = 1;

  static std::optional<ScoreProduct> of(mlir::Operation *op);
};

/// Values summed by weights of B... x L x S. Axis i of the result is logical axis `resultAxes[i]` of
/// B... x L x E.
struct ValueProduct {
  mlir::Operation *op;
  Dims weights;
  AttentionOperand value;
  llvm::SmallVector<int64_t> resultAxes;

  static std::optional<ValueProduct> of(mlir::Operation *op, mlir::Value weights);
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_ATTENTION_ATTENTIONPRODUCT_H
