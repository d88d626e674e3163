// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where an operation comes from.

#ifndef HEDDLE_COMPILER_TASKS_SOURCENAMES_H
#define HEDDLE_COMPILER_TASKS_SOURCENAMES_H

#include "mlir/IR/Location.h"

#include <string>

namespace heddle {

/// The names of the source nodes of a location, each once.
llvm::SmallVector<llvm::StringRef> sourceNameList(mlir::Location loc);

/// The same, joined by ", ".
std::string sourceNames(mlir::Location loc);

} // namespace heddle

#endif // HEDDLE_COMPILER_TASKS_SOURCENAMES_H
