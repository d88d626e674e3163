// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef HEDDLE_COMPILER_KERNELS_OUTLINECLUSTER_H
#define HEDDLE_COMPILER_KERNELS_OUTLINECLUSTER_H

#include "dialects/heddle/Heddle.h"

namespace heddle {

/// Moves operations of one block, in its order, into a cluster in the place of the last of them. What
/// they read of others becomes its operands, parameters are cloned into it, and what others read of
/// them its results.
ClusterOp outlineCluster(llvm::ArrayRef<mlir::Operation *> members);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_OUTLINECLUSTER_H
