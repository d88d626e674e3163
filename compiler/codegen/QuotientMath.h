// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Divisions whose quotients are rounded to integers of 8 bits. A product with the reciprocal in two
// floats, high and low, is as near to the quotient as 2^-45 of it. It may round to another float
// than the quotient does, but to another integer only where the quotient is that near to what is
// halfway between a tie, k + 1/2, and a float beside it. With 24-bit integers X and S for the
// digits of dividend and divisor, T of 9 bits for those of the tie, that is
//
//   |X * 2^j - S * (T * 2^16 +- 1)| <= 16, j >= 16, so S mod 2^16 is within 16 of 0.
//
// Where it is 0, the left side is a multiple of 2^16, and is not zero: no quotient of two floats is
// halfway between two others.

#ifndef HEDDLE_COMPILER_CODEGEN_QUOTIENTMATH_H
#define HEDDLE_COMPILER_CODEGEN_QUOTIENTMATH_H

#include "compiler/codegen/Target.h"
#include "mlir/IR/PatternMatch.h"

namespace heddle::codegen {

/// Marks an arith.divf of f32 whose quotient is rounded to an integer of at most 9 bits with its
/// sign, and whose divisor hasReciprocal().
constexpr llvm::StringLiteral kRoundedQuotient = "heddle.rounded_quotient";

/// Whether products with the reciprocal in two floats round as said above.
bool hasReciprocal(float divisor);

/// Two multiply-adds instead of marked divisions of vectors, where the CPU fuses them.
void populateQuotientPatterns(mlir::RewritePatternSet &patterns, const Target &target);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_QUOTIENTMATH_H
