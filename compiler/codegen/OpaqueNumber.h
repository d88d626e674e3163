// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A number that is computed where the code says so. Loop strength reduction writes what it knows of
// a number, down to the minimum of two others, anew in each step of a loop: half as many instructions
// again as a loop of multiply-adds has.

#ifndef HEDDLE_COMPILER_CODEGEN_OPAQUENUMBER_H
#define HEDDLE_COMPILER_CODEGEN_OPAQUENUMBER_H

#include "compiler/codegen/Emitter.h"

namespace heddle::codegen {

/// The same index, of which the optimiser knows nothing.
mlir::Value opaque(Emitter &e, mlir::Value index);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_OPAQUENUMBER_H
