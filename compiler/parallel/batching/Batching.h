// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Computes a sub-graph for many elements at once: every value gets a new axis 0, and every operation
// becomes the one that computes all elements (x @ w of n vectors becomes X @ w of a matrix). What does
// not depend on the elements stays as it is and is computed once.
//
//   Batching batching(builder, length);
//   batching.map(block.getArgument(0), stacked);      // n x the argument's shape
//   for (Operation &op : block.without_terminator())
//     if (failed(batching.apply(op)))                 // batching.reason(): no batched form of ...
//       return failure();
//   Value all = batching.stacked(yielded);
//
// Used by loops without a carried state, what a loop computes beside its state, equal sub-graphs on
// shared weights, and combiners computed for many pairs. Element by element the results are those of
// the operation itself; sums in matrix products may be ordered otherwise.

#ifndef HEDDLE_COMPILER_PARALLEL_BATCHING_BATCHING_H
#define HEDDLE_COMPILER_PARALLEL_BATCHING_BATCHING_H

#include "dialects/heddle/DimExpr.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseMap.h"

#include <string>

namespace heddle {

class Batching {
public:
  Batching(mlir::OpBuilder &builder, DimExpr length) : builder(builder), length(length) {}

  /// The element's value for all elements, along axis 0.
  void map(mlir::Value element, mlir::Value stacked) {
    stackedOf[element] = stacked;
    if (!withLength)
      withLength = stacked;
  }
  /// The same value for every element.
  void mapShared(mlir::Value element, mlir::Value shared) { sharedOf.map(element, shared); }

  /// Builds the operation for all elements; where it depends on none, clones it once. Fails, and
  /// says why, where there is no batched form; nothing is built then.
  llvm::LogicalResult apply(mlir::Operation &op);

  /// Whether apply would succeed, for an operation with these operands depending on elements.
  static bool hasForm(mlir::Operation &op, llvm::ArrayRef<bool> stackedOperands);

  bool isStacked(mlir::Value element) const { return stackedOf.contains(element); }
  /// With axis 0, whether it depends on the element or not.
  mlir::Value stacked(mlir::Value element);
  /// Of a value that does not depend on the element.
  mlir::Value shared(mlir::Value element) const { return sharedOf.lookupOrDefault(element); }

  const std::string &reason() const { return why; }

private:
  mlir::OpBuilder &builder;
  DimExpr length;
  llvm::DenseMap<mlir::Value, mlir::Value> stackedOf;
  mlir::IRMapping sharedOf;
  mlir::Value withLength; // has the length as its axis 0
  std::string why;
};

/// What a block yields for so many elements at once, given its arguments along axis 0. Fails, and says
/// why, at the first operation that has no form for them; what was built before it stays.
llvm::FailureOr<llvm::SmallVector<mlir::Value>> batchedBlock(mlir::OpBuilder &b, mlir::Block &block,
                                                             mlir::ValueRange arguments,
                                                             const DimExpr &count,
                                                             std::string &reason);

/// The type of a value for all elements.
mlir::RankedTensorType stackedType(mlir::Type element, const DimExpr &length);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_BATCHING_BATCHING_H
