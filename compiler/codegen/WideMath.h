// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementary functions of f32 computed in f64, scalars or 1-D vectors, without branches or calls.
// Twice the width makes short series exact to f32's last place or the one beside it, for arguments
// of any size but those of sin, cos and tan (|x| < 1e6), and at infinities, zeros and NaN.

#ifndef HEDDLE_COMPILER_CODEGEN_WIDEMATH_H
#define HEDDLE_COMPILER_CODEGEN_WIDEMATH_H

#include "mlir/IR/PatternMatch.h"

namespace heddle::codegen {

/// Patterns for the rarer functions of the math dialect on f32.
void populateWideMathPatterns(mlir::RewritePatternSet &patterns);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_WIDEMATH_H
