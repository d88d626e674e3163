// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a softmax that is computed piece by piece needs of vectors of scores.

#ifndef HEDDLE_COMPILER_CODEGEN_ATTENTION_SOFTMAXMATH_H
#define HEDDLE_COMPILER_CODEGEN_ATTENTION_SOFTMAXMATH_H

#include "compiler/codegen/attention/Attention.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

namespace heddle::codegen {

class SoftmaxMath {
public:
  SoftmaxMath(Emitter &e, const AttentionSpec &spec);

  mlir::Value number(double value);
  mlir::Value none(); // minus infinity: the greatest of no scores
  /// exp of what is at most zero.
  mlir::Value power(mlir::Value exponent);
  mlir::Value greater(mlir::Value a, mlir::Value b);
  /// What is taken off scores whose greatest this is: before there is a score above minus infinity,
  /// any other number does.
  mlir::Value base(mlir::Value top);
  /// The same number in all lanes.
  mlir::Value acrossLanes(mlir::Value vector,
                          llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);
  /// What summed values are multiplied with where weights have this sum, and the product.
  mlir::Value scaleOf(mlir::Value sum);
  mlir::Value resultOf(mlir::Value summed, mlir::Value scale, mlir::Value sum);

  const int64_t lanes;
  const mlir::VectorType vectorType;

private:
  mlir::Value where(mlir::arith::CmpFPredicate predicate, mlir::Value sum, mlir::Value then,
                    mlir::Value otherwise);

  Emitter &e;
  const AttentionSpec &spec;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_ATTENTION_SOFTMAXMATH_H
