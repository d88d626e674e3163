// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// f16 and bf16 are storage: values are converted to f32 as they are loaded and from it before they
// are stored. LLVM would call functions for what the CPU lacks, even to move a lane.

#ifndef HEDDLE_COMPILER_CODEGEN_HALFFLOATS_H
#define HEDDLE_COMPILER_CODEGEN_HALFFLOATS_H

#include "compiler/codegen/Target.h"

#include "mlir/IR/PatternMatch.h"
#include "llvm/IR/Module.h"

namespace heddle::codegen {

/// Conversions between f64 and half floats go through f32, and those between f16 and f32 are
/// integer arithmetic where the CPU has no instruction.
void populateHalfFloatPatterns(mlir::RewritePatternSet &patterns, const Target &target);

/// Makes loads and stores of half floats ones of 16-bit integers.
void moveHalfFloatsAsIntegers(llvm::Module &module);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_HALFFLOATS_H
