// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inputs of convolutions that their kernels compute, in the place of a task of its own.

#ifndef HEDDLE_COMPILER_PARALLEL_COMPUTEDINPUT_H
#define HEDDLE_COMPILER_PARALLEL_COMPUTEDINPUT_H

#include "mlir/IR/Operation.h"

namespace heddle {

/// Whether the only contraction of `cluster` may compute its input, the value that `elementwise` make, from
/// a tensor of the same sizes.
bool computesInput(llvm::ArrayRef<mlir::Operation *> cluster,
                   llvm::ArrayRef<mlir::Operation *> elementwise, mlir::Value value);

/// Whether a convolution may compute its input from the value, the only thing that it is read for.
bool becomesInput(mlir::Value value);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_COMPUTEDINPUT_H
