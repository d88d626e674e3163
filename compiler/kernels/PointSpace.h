// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The common shape of a block of element-wise operations.
//
// Where every operation of a block computes each element from elements at the same place, broadcast
// ones included, what the block does falls apart into independent points: the axes of all its values
// are axes of one space, or of size 1. A step of a recurrence on states m (8 x 1) and w (8 x 64) has
// 8 x 64 points; m has the first of their two axes.

#ifndef HEDDLE_COMPILER_KERNELS_POINTSPACE_H
#define HEDDLE_COMPILER_KERNELS_POINTSPACE_H

#include "dialects/heddle/TensorDims.h"
#include "mlir/IR/Block.h"
#include "llvm/ADT/DenseMap.h"

#include <string>

namespace heddle {

class PointSpace {
public:
  /// Of a block, given values of it that have the same axes though no operation says so: a state and
  /// the next one. Fails where an operation reads other places, or where the values have no shape
  /// in common; `reason` then says so.
  static llvm::FailureOr<PointSpace> of(mlir::Block &block,
                                        llvm::ArrayRef<std::pair<mlir::Value, mlir::Value>> same,
                                        std::string &reason);

  llvm::ArrayRef<DimExpr> sizes() const { return points; }
  unsigned rank() const { return points.size(); }
  /// The axis of the space for each axis of a value, -1 for those of size 1.
  llvm::ArrayRef<int64_t> axesOf(mlir::Value value) const { return axes.find(value)->second; }
  bool has(mlir::Value value, int64_t axis) const {
    return llvm::is_contained(axesOf(value), axis);
  }
  bool knows(mlir::Value value) const { return axes.contains(value); }
  /// Whether an axis and the next one are one to all values.
  bool joins(unsigned axis) const { return joined[axis]; }

private:
  friend class PointSpaceBuilder;
  Dims points;
  llvm::SmallVector<bool> joined;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<int64_t>> axes;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_POINTSPACE_H
