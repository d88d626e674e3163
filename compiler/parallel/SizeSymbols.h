// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which symbols of dimensions operations use, and where they come from: a size that only running tells
// orders operations without a value between them.

#ifndef HEDDLE_COMPILER_PARALLEL_SIZESYMBOLS_H
#define HEDDLE_COMPILER_PARALLEL_SIZESYMBOLS_H

#include "mlir/IR/Operation.h"

namespace heddle {

/// Symbols that are a whole dimension of a value: whoever has the value knows them.
void visitSymbolsOf(mlir::Value value, llvm::function_ref<void(llvm::StringRef)> visit);

/// Symbols in the types of operands and results and in index expressions, not of regions inside.
void visitSymbolsUsedBy(mlir::Operation *op, llvm::function_ref<void(llvm::StringRef)> visit);

/// A value from before `op`, in its block or one around, that has the symbol as a dimension.
mlir::Value findValueWith(llvm::StringRef symbol, mlir::Operation &op);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_SIZESYMBOLS_H
