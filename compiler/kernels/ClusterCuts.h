// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where a cluster may be cut in two kernels. A cluster is as large as one kernel can compute, which nearly
// always saves memory traffic; where a pass reads its operand several times, or halos are computed twice,
// two kernels can be faster. That is a choice of the cluster's schedule, `fusion.cut`.

#ifndef HEDDLE_COMPILER_KERNELS_CLUSTERCUTS_H
#define HEDDLE_COMPILER_KERNELS_CLUSTERCUTS_H

#include "dialects/heddle/Heddle.h"

namespace heddle {

/// The choice: how many operations the first kernel has; 0 where all are one.
inline constexpr llvm::StringLiteral kFusionCut = "fusion.cut";

/// On a cluster that is a part of one: the name of its kernel, that of the whole with a number after a dot.
inline constexpr llvm::StringLiteral kKernelName = "heddle.kernel_name";

/// The operations of a cluster that are computed, in order: not the parameters that were cloned into it.
llvm::SmallVector<mlir::Operation *> computedOperations(ClusterOp cluster);

/// How many of the computed operations may be a kernel before the rest. One value goes from the first
/// to the second, and there is something to gain: what reads or makes it is more than element by element, or
/// its elements are read more than once.
llvm::SmallVector<int64_t> cutsOf(ClusterOp cluster);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_CLUSTERCUTS_H
