// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A source operation's optional operands and results and its attributes, as tasks carry them.

#ifndef HEDDLE_COMPILER_TASKS_PARAMETERS_H
#define HEDDLE_COMPILER_TASKS_PARAMETERS_H

#include "mlir/IR/Operation.h"

namespace heddle {

/// The operands by parameter: which of them are given.
llvm::SmallVector<bool> presentOperands(mlir::Operation &op);
/// The results by parameter: which of them somebody asks for.
llvm::SmallVector<bool> wantedResults(mlir::Operation &op);
/// The attributes without those that count operands and results.
mlir::DictionaryAttr parametersOf(mlir::Operation &op);

} // namespace heddle

#endif // HEDDLE_COMPILER_TASKS_PARAMETERS_H
