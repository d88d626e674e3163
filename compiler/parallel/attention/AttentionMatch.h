// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether the operations around a softmax are attention.
//
// It goes both ways from the softmax as long as each value has one user; where that is not so, the
// scores or weights are needed as a whole, and there is no match.

#ifndef HEDDLE_COMPILER_PARALLEL_ATTENTION_ATTENTIONMATCH_H
#define HEDDLE_COMPILER_PARALLEL_ATTENTION_ATTENTIONMATCH_H

#include "compiler/parallel/attention/AttentionProduct.h"
#include "dialects/onnx/Onnx.h"

#include <string>

namespace heddle {

/// A reshape that keeps rows of the last axis whole.
bool keepsRows(mlir::Operation *op);

class AttentionMatch {
public:
  explicit AttentionMatch(onnx::SoftmaxOp softmax) : softmax(softmax) {}

  /// False, with a reason unless it is nothing like attention. May leave unused reshapes behind.
  bool match();
  std::string reason;

  onnx::SoftmaxOp softmax;
  std::optional<ScoreProduct> scoreProduct;
  std::optional<ValueProduct> valueProduct;
  /// From the product of queries and keys to the softmax, and the operand of each that it reaches.
  llvm::SmallVector<mlir::Operation *> chain;
  llvm::SmallVector<mlir::Value> chained;
  /// Dimensions of scores: B..., L, S.
  Dims space;
  llvm::StringRef undefined = "nan"; // see heddle.attention
  AttentionOperand query, key, value;
  /// Of scores, for what operands and products lost.
  double factor = 1;

private:
  bool followWeights();
  bool findScores(mlir::Value score, unsigned depth);
  bool chooseSpace();
  bool readOperands();
  bool fail(const llvm::Twine &why) {
    reason = why.str();
    return false;
  }
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_ATTENTION_ATTENTIONMATCH_H
