// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Source operations as a function of their own, and as a function of `linalg` operations.
//
// The source function has renamed dimensions; its text is the key by which equal kernels are found.
// The structured one has its arguments, with signless elements, followed by one index for each
// symbol, whose names are the attribute `heddle.symbols`.

#ifndef HEDDLE_COMPILER_KERNELS_STRUCTUREDFUNCTION_H
#define HEDDLE_COMPILER_KERNELS_STRUCTUREDFUNCTION_H

#include "compiler/kernels/DimRenaming.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

#include <string>

namespace heddle {

/// Clones a block's operations but the terminator, with the dimensions of their types renamed.
void cloneRenamed(mlir::Block &source, mlir::OpBuilder &builder, mlir::IRMapping &mapping,
                  DimRenaming &renaming);

std::string textOf(mlir::Operation *op);

/// The structured function of a source function; `mapping` gets what its values became. Fails with
/// a diagnostic where an operation is not compiled as loops.
mlir::FailureOr<mlir::func::FuncOp> buildStructured(mlir::func::FuncOp source,
                                                    llvm::ArrayRef<std::string> symbols,
                                                    mlir::IRMapping &mapping);

/// Whether an operation gives its operand other axes of size 1 and nothing else.
bool changesUnitAxesOnly(mlir::Operation *op);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_STRUCTUREDFUNCTION_H
