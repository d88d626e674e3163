// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The compiler's own passes: createInferShapesPass() and so on, one for each definition in
// Passes.td, and registerHeddlePasses() for tools that name passes.

#ifndef HEDDLE_COMPILER_PASSES_H
#define HEDDLE_COMPILER_PASSES_H

#include "dialects/heddle/Heddle.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace heddle {

#define GEN_PASS_DECL
#include "compiler/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/Passes.h.inc"

} // namespace heddle

#endif // HEDDLE_COMPILER_PASSES_H
