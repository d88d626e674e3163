// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a structured kernel to loops.
//
// A structured kernel is a function of linalg.generic operations on tensors (KernelBuilder) with one
// result. Its operands are tensors followed by one index for each dimension symbol, whose names are
// the attribute `heddle.symbols`. It becomes a kernel of the form that NativeCode.h describes, with
// vectors along the innermost loop. Four schedules:
//
//   map      no reduction: dimensions that no operand tells apart are joined into one
//   row      reductions over trailing dimensions feed element-wise work on the same row: the grid is
//            the rows; a row's reductions are computed first, then its elements
//   reduce   the result is such a reduction itself: a grid point is one element
//   column   reductions over other dimensions or windows, and elementwise work on them: lanes are
//            neighbouring results

#ifndef HEDDLE_COMPILER_CODEGEN_LOOPS_LOOPKERNEL_H
#define HEDDLE_COMPILER_CODEGEN_LOOPS_LOOPKERNEL_H

#include "dialects/heddle/DimExpr.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace heddle {

namespace codegen {
class Target;
}

struct LoopKernel {
  mlir::func::FuncOp function;
  /// The number of grid points, over the kernel's symbols.
  DimExpr grid;
  /// Elements visited for one grid point, and the estimated cost of one on one core.
  DimExpr pointElements;
  double nanosecondsPerElement = 0;
};

/// Builds the loop kernel named like the structured function with the suffix removed by the caller:
/// inserted before `structured`, which stays. Emits a diagnostic and fails for a combination of
/// reductions that no schedule covers; the cluster pass does not form those.
mlir::FailureOr<LoopKernel> emitLoopKernel(mlir::func::FuncOp structured, llvm::StringRef name,
                                           const codegen::Target &target);

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_LOOPS_LOOPKERNEL_H
