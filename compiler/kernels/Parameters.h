// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands whose contents a lowering reads while compiling: the axes of a reduction, the pads of
// a convolution. They are known where an `onnx.Constant` or a `heddle.index_tensor` makes them.

#ifndef HEDDLE_COMPILER_KERNELS_PARAMETERS_H
#define HEDDLE_COMPILER_KERNELS_PARAMETERS_H

#include "dialects/heddle/DimExpr.h"
#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>

namespace heddle {

/// The contents of an integer tensor in row-major order. Nothing where the value is absent (null)
/// or not known.
std::optional<llvm::SmallVector<DimExpr>> knownIntegers(mlir::Value value);
/// The same, where all of them are constants.
std::optional<llvm::SmallVector<int64_t>> constantIntegers(mlir::Value value);
/// The first place along an axis of that size that a slice with that start reads. Nothing where the
/// sign of the start is not known. A start beyond the axis in the direction of the step leaves the
/// result empty, so it is clamped on the side that the slice comes from only.
std::optional<DimExpr> firstPlaceOfSlice(const DimExpr &start, const DimExpr &dim, int64_t step);
/// The contents of a floating-point tensor.
std::optional<llvm::SmallVector<double>> knownFloats(mlir::Value value);

/// Whether an operand of the operation, counted as in `op->getOperands()`, is a parameter of its
/// structured lowering: the table counts operands as the operation declares them.
bool isParameter(mlir::Operation *op, unsigned operandNumber);
/// Whether an operand is one known number on which the code of its lowering depends.
bool isDecisiveNumber(mlir::Operation *op, unsigned operandNumber);
/// Whether the contents of all parameters that are present are known.
bool hasKnownParameters(mlir::Operation *op);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_PARAMETERS_H
