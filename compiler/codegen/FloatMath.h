// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The elementary functions that models are full of, of f32 in f32: exp (softmax, sigmoid, SiLU) and
// erf (GELU), scalars or 1-D vectors. They stand in the epilogues of products, where each
// instruction counts as much as a multiply-add of the product.

#ifndef HEDDLE_COMPILER_CODEGEN_FLOATMATH_H
#define HEDDLE_COMPILER_CODEGEN_FLOATMATH_H

#include "mlir/IR/PatternMatch.h"

namespace heddle::codegen {

/// Results are within 2 (exp) and 6 (erf) units in the last place; denormal ones may be zero.
void populateFloatMathPatterns(mlir::RewritePatternSet &patterns);

/// exp of f32 that are at most zero, minus infinity or not a number, in fewer instructions;
/// within 2.5 units in the last place.
mlir::Value emitExponentialOfNegative(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_FLOATMATH_H
