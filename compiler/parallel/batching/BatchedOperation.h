// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a rule of batching sees: an operation on one element, and its operands for all elements.
// A rule refuses before it builds anything:
//
//   LogicalResult batchSoftmax(BatchedOperation &x) {
//     Operation *all = x.clone({x.operand(0)});
//     all->setAttr("axis", ...);                        // behind the new axis 0
//     return x.finish(all);
//   }

#ifndef HEDDLE_COMPILER_PARALLEL_BATCHING_BATCHEDOPERATION_H
#define HEDDLE_COMPILER_PARALLEL_BATCHING_BATCHEDOPERATION_H

#include "compiler/parallel/batching/Batching.h"
#include "compiler/source/Arithmetic.h"

#include "llvm/ADT/StringMap.h"

namespace heddle {

class BatchedOperation {
public:
  BatchedOperation(Batching &batching, mlir::Operation *op, const mlir::OpBuilder &builder,
                   DimExpr length, std::string &why)
      : op(op), length(length), m(builder, op->getLoc()), batching(batching), why(why) {}

  mlir::Operation *const op;
  const DimExpr length;
  Arithmetic m;

  /// Values of the element; operands that are absent are shared.
  bool isStacked(mlir::Value element) const { return element && batching.isStacked(element); }
  bool isStacked(unsigned operand) const { return isStacked(op->getOperand(operand)); }
  /// The value for all elements: with axis 0 if it depends on them. Null for one that is absent.
  mlir::Value operand(mlir::Value element);
  mlir::Value operand(unsigned number) { return operand(op->getOperand(number)); }
  /// With axis 0 in any case.
  mlir::Value stacked(mlir::Value element) { return batching.stacked(element); }
  mlir::Value stacked(unsigned number) { return stacked(op->getOperand(number)); }
  /// Like operand(), with axes of 1 after axis 0 so that elements have this rank.
  mlir::Value aligned(mlir::Value element, size_t rank);
  /// Whether only this operand depends on the elements.
  bool isOnlyStacked(unsigned operand) const;

  /// The dimensions with axis 0 before them.
  Dims all(llvm::ArrayRef<DimExpr> dims) const;
  /// With axis 0 made a part of the next one, and not.
  Dims folded(llvm::ArrayRef<DimExpr> dims) const;
  mlir::Value foldedOperand(unsigned operand);

  /// A copy of the operation with other operands, as many or more, and results for all elements.
  mlir::Operation *clone(mlir::ValueRange operands);

  /// Takes the results, viewed under the dimensions they must have.
  mlir::LogicalResult finish(mlir::ValueRange results);
  mlir::LogicalResult finish(mlir::Operation *all) { return finish(all->getResults()); }
  mlir::LogicalResult refuse(const llvm::Twine &reason);

private:
  Batching &batching;
  std::string &why;
};

/// An axis behind the new one; those counted from the end stay.
inline int64_t shiftedAxis(int64_t axis) { return axis < 0 ? axis : axis + 1; }

using BatchingRule = mlir::LogicalResult (*)(BatchedOperation &);
using BatchingRules = llvm::StringMap<BatchingRule>; // by the operator's name: "onnx.Add"

// The families.
void addElementwiseRules(BatchingRules &rules);
void addProductRules(BatchingRules &rules);
void addReductionRules(BatchingRules &rules);
void addMovementRules(BatchingRules &rules);
void addIndexingRules(BatchingRules &rules);
void addFoldedRules(BatchingRules &rules);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_BATCHING_BATCHEDOPERATION_H
