// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which floating-point values of a step may leave the range of their type. Totals of many steps may,
// where the states that they are applied to do not: the product of 1e30 and 1e30 is infinite, and a
// state of 0 stays 0.

#ifndef HEDDLE_COMPILER_KERNELS_RANGEOFSTEPS_H
#define HEDDLE_COMPILER_KERNELS_RANGEOFSTEPS_H

#include "mlir/IR/Block.h"

namespace heddle {

/// Whether a float that the block yields is the result of arithmetic; what is only chosen (a maximum,
/// a condition) was there before.
bool hasArithmetic(mlir::Block &step, unsigned yielded);
/// Whether nothing is chosen in it either: then an infinity that arithmetic made is still there.
bool isArithmetic(mlir::Block &step, unsigned yielded);
/// Whether it is the product of the element of that number of both elements that are combined.
bool isProduct(mlir::Block &combine, unsigned yielded);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_RANGEOFSTEPS_H
