// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operations of a cluster in the structured form, which LoopKernel.h and ContractionKernel.h
// describe.

#ifndef HEDDLE_COMPILER_KERNELS_STRUCTUREDFORM_H
#define HEDDLE_COMPILER_KERNELS_STRUCTUREDFORM_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace heddle {

/// A function "structured" beside `source`, whose operations are the cluster's on renamed types, with
/// an index value for each of the symbols.
mlir::FailureOr<mlir::func::FuncOp> buildStructured(mlir::func::FuncOp source,
                                                    llvm::ArrayRef<std::string> symbols);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_STRUCTUREDFORM_H
