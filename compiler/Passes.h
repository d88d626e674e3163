// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The compiler's passes; Passes.td documents each.

#ifndef HEDDLE_COMPILER_PASSES_H
#define HEDDLE_COMPILER_PASSES_H

#include "dialects/heddle/Heddle.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace heddle {

#define GEN_PASS_DECL
#include "compiler/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Passes.h.inc"

} // namespace heddle

#endif // HEDDLE_COMPILER_PASSES_H
