// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementary functions as arithmetic, so that they vectorise. What is left after it are operations
// that LLVM or the C library computes: f64, and scalars of rare functions.

#ifndef HEDDLE_COMPILER_CODEGEN_MATHEXPANSION_H
#define HEDDLE_COMPILER_CODEGEN_MATHEXPANSION_H

#include <memory>

#include "compiler/codegen/Target.h"

#include "mlir/Pass/Pass.h"

namespace heddle::codegen {

/// Marks an arith.fptosi of numbers that are whole, and of which none is minus zero.
constexpr llvm::StringLiteral kWholeNumbers = "heddle.whole_numbers";

std::unique_ptr<mlir::Pass> createMathExpansionPass(const Target &target);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_MATHEXPANSION_H
