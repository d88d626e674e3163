// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An operand of attention, and how much of what made it is only another way to read it: axes in
// another order, a factor that scores can have instead, heads that share one key.

#ifndef HEDDLE_COMPILER_PARALLEL_ATTENTION_ATTENTIONOPERAND_H
#define HEDDLE_COMPILER_PARALLEL_ATTENTION_ATTENTIONOPERAND_H

#include "dialects/heddle/TensorDims.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace heddle {

/// A single number that constants and known sizes make, in whatever steps.
std::optional<double> knownNumber(mlir::Value value);

/// `value` times (not divided by) a known number, if that is all that the operation does.
std::optional<std::pair<mlir::Value, double>> scaledBy(mlir::Operation *op);

struct AttentionOperand {
  enum Role { Queries, Keys, Values };

  Role role;
  mlir::Value tensor;
  /// Logical axis i (batch..., then time and elements) is axis `axes[i]` of the tensor.
  llvm::SmallVector<int64_t> axes;
  double factor = 1;
  /// A tensor of time 1 stands for any time.
  bool sharesTime = false;

  static AttentionOperand of(Role role, mlir::Value tensor);
  /// Reads through what made the tensor, as far as attention can read the rest.
  void simplify();
  /// Whether elements lie as attention reads them.
  bool isReadable() const;

private:
  bool step();
  bool shareHeads();
  bool repeats(mlir::Value repeated, mlir::Value source, int64_t repeatedAxis);
  int64_t rank() const { return static_cast<int64_t>(axes.size()); }
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_ATTENTION_ATTENTIONOPERAND_H
