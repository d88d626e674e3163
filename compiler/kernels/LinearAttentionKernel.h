// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel of heddle.linear_attention, step by step, and what it is launched with.

#ifndef HEDDLE_COMPILER_KERNELS_LINEARATTENTIONKERNEL_H
#define HEDDLE_COMPILER_KERNELS_LINEARATTENTIONKERNEL_H

#include "compiler/kernels/ClusterKernels.h"

namespace heddle {

/// The kernel takes the operands as they are and gives the results that are used. Fails with a
/// diagnostic for element types that it does not compute.
mlir::FailureOr<KernelUse> linearAttentionKernel(ClusterKernels &kernels, LinearAttentionOp op);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_LINEARATTENTIONKERNEL_H
