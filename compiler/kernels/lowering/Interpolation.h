// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values between the elements of a tensor: each axis contributes a few weighted places ("taps"),
// and the value is the sum over all their combinations.

#ifndef HEDDLE_COMPILER_KERNELS_LOWERING_INTERPOLATION_H
#define HEDDLE_COMPILER_KERNELS_LOWERING_INTERPOLATION_H

#include "compiler/kernels/lowering/Support.h"

namespace heddle {

/// One place on an axis. A null weight is 1; where `inside` is false (null: never) the element
/// counts as 0 and is not read.
struct Tap {
  mlir::Value index;
  mlir::Value weight;
  mlir::Value inside;
};
using Taps = llvm::SmallVector<Tap, 4>;

enum class InterpolationMode { Nearest, Linear, Cubic };
std::optional<InterpolationMode> interpolationMode(llvm::StringRef name);
unsigned tapCount(InterpolationMode mode);

/// The taps of a coordinate for linear and cubic interpolation, unclamped: `first` is the floor of
/// the coordinate, the weights are of the coordinate's type. `a` is the cubic coefficient.
Taps tapsAround(KernelBuilder &b, InterpolationMode mode, mlir::Value coordinate, double a);

/// A float as an index; it must lie within [-2^31, 2^31).
mlir::Value indexOfFloat(KernelBuilder &b, mlir::Value number);

/// The weighted sum over all combinations of taps, one list for each axis of the tensor, in
/// `compute`. A single combination without weights is the element itself.
mlir::Value interpolate(KernelBuilder &b, mlir::Value tensor, llvm::ArrayRef<Taps> axes,
                        mlir::Type compute, Signedness signedness);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_LOWERING_INTERPOLATION_H
