// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Computes regions of element-wise operations, views and products of matrices on numbers in double
// precision: for trying laws, not for speed. A dimension that is not known has 3 elements.

#ifndef HEDDLE_COMPILER_PARALLEL_SCANS_REGIONINTERPRETER_H
#define HEDDLE_COMPILER_PARALLEL_SCANS_REGIONINTERPRETER_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Operation.h"

#include <vector>

namespace heddle {

struct NumberTensor {
  std::vector<int64_t> dims;
  std::vector<double> numbers; // truth values are 0 and 1

  int64_t count() const {
    int64_t product = 1;
    for (int64_t dim : dims)
      product *= dim;
    return product;
  }
};

class RegionInterpreter {
public:
  std::vector<int64_t> shapeOf(mlir::Type type) const;
  /// What the block yields for these arguments; nothing of value once an operation was unknown.
  std::vector<NumberTensor> run(mlir::Block &block, const std::vector<NumberTensor> &arguments);
  /// The first operation that has no interpretation.
  mlir::Operation *unknown() const { return unknownOp; }

private:
  NumberTensor compute(mlir::Operation *op, llvm::ArrayRef<const NumberTensor *> operands);
  NumberTensor constant(mlir::Operation *op);

  mlir::Operation *unknownOp = nullptr;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_SCANS_REGIONINTERPRETER_H
