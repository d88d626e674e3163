// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whether one kernel computes a recurrence: whether its step falls apart into points.

#ifndef HEDDLE_COMPILER_KERNELS_RECURRENCESTEP_H
#define HEDDLE_COMPILER_KERNELS_RECURRENCESTEP_H

#include "compiler/kernels/PointSpace.h"
#include "mlir/IR/Region.h"

namespace heddle {

/// Points so few that the lanes of a kernel are chunks of the sequence, not points.
inline constexpr int64_t kFewPoints = 8;

/// The points of an `apply` region; fails, with a reason, where it is not element-wise.
llvm::FailureOr<PointSpace> applySpace(mlir::Region &apply, std::string &reason);
/// The same of a `combine` region.
llvm::FailureOr<PointSpace> combineSpace(mlir::Region &combine, std::string &reason);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_RECURRENCESTEP_H
