// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversions between float and the two 16-bit formats under the calling convention of compiled
// code: a half or bfloat16 travels in the low 16 bits of a floating-point register, on x86-64 and
// AArch64 alike. Passing it as a float puts it there with any C++ compiler, whether or not that one
// knows the types; `Half` marks such a parameter.

#ifndef HEDDLE_RUNTIME_ARTIFACT_HALF_IMPORTS_H_
#define HEDDLE_RUNTIME_ARTIFACT_HALF_IMPORTS_H_

#include <cstdint>

namespace heddle {

using Half = float;    // the low 16 bits hold a float16
using BFloat = float;  // the low 16 bits hold a bfloat16

// All round to nearest, ties to even; a NaN stays one.
float HalfToFloat(Half half);
double HalfToDouble(Half half);
Half FloatToHalf(float value);
Half DoubleToHalf(double value);
float BFloatToFloat(BFloat value);
BFloat FloatToBFloat(float value);
BFloat DoubleToBFloat(double value);

// The older convention, with the bits in an integer register.
float HalfBitsToFloat(uint16_t bits);
uint16_t FloatToHalfBits(float value);
uint16_t DoubleToHalfBits(double value);
uint16_t FloatToBFloatBits(float value);
uint16_t DoubleToBFloatBits(double value);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_ARTIFACT_HALF_IMPORTS_H_
