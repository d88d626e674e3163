// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/import_table.h"

#include <math.h>
#include <string.h>

#include <algorithm>
#include <iterator>
#include <vector>

#include "runtime/artifact/half_imports.h"

namespace heddle {
namespace {

// 128-bit integers are outside the standard; the helpers' names are known to every compiler.
__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

Int128 Divide(Int128 a, Int128 b) { return a / b; }
Int128 Remainder(Int128 a, Int128 b) { return a % b; }
Int128 Multiply(Int128 a, Int128 b) { return a * b; }
Uint128 DivideUnsigned(Uint128 a, Uint128 b) { return a / b; }
Uint128 RemainderUnsigned(Uint128 a, Uint128 b) { return a % b; }

void SinCos(double x, double* sine, double* cosine) {
  *sine = sin(x);
  *cosine = cos(x);
}
void SinCosF(float x, float* sine, float* cosine) {
  *sine = sinf(x);
  *cosine = cosf(x);
}
double PowI(double x, int n) { return pow(x, n); }
float PowIF(float x, int n) { return powf(x, static_cast<float>(n)); }

struct Import {
  std::string_view name;
  void* address;
};

template <typename Result, typename... Arguments>
void* Address(Result (*function)(Arguments...)) {
  return reinterpret_cast<void*>(function);
}

// The double and the float form of a function of the C library. The casts choose among the
// overloads that C++ adds.
#define HEDDLE_MATH1(name)                                                \
  Import{#name, Address(static_cast<double (*)(double)>(name))}, Import { \
#name "f", Address(static_cast <float (*)(float)>(name##f))           \
  }
#define HEDDLE_MATH2(name)                                                        \
  Import{#name, Address(static_cast<double (*)(double, double)>(name))}, Import { \
#name "f", Address(static_cast <float (*)(float, float)>(name##f))            \
  }

const std::vector<Import>& SortedImports() {
  static const std::vector<Import>* imports = [] {
    auto* list = new std::vector<Import>{
        {"memcpy", reinterpret_cast<void*>(&memcpy)},
        {"memmove", reinterpret_cast<void*>(&memmove)},
        {"memset", reinterpret_cast<void*>(&memset)},
        {"memcmp", reinterpret_cast<void*>(&memcmp)},
        HEDDLE_MATH1(exp),
        HEDDLE_MATH1(exp2),
        HEDDLE_MATH1(expm1),
        HEDDLE_MATH1(log),
        HEDDLE_MATH1(log2),
        HEDDLE_MATH1(log10),
        HEDDLE_MATH1(log1p),
        HEDDLE_MATH1(sqrt),
        HEDDLE_MATH1(cbrt),
        HEDDLE_MATH1(sin),
        HEDDLE_MATH1(cos),
        HEDDLE_MATH1(tan),
        HEDDLE_MATH1(asin),
        HEDDLE_MATH1(acos),
        HEDDLE_MATH1(atan),
        HEDDLE_MATH1(sinh),
        HEDDLE_MATH1(cosh),
        HEDDLE_MATH1(tanh),
        HEDDLE_MATH1(asinh),
        HEDDLE_MATH1(acosh),
        HEDDLE_MATH1(atanh),
        HEDDLE_MATH1(erf),
        HEDDLE_MATH1(erfc),
        HEDDLE_MATH1(tgamma),
        HEDDLE_MATH1(lgamma),
        HEDDLE_MATH1(floor),
        HEDDLE_MATH1(ceil),
        HEDDLE_MATH1(round),
        HEDDLE_MATH1(rint),
        HEDDLE_MATH1(nearbyint),
        HEDDLE_MATH1(trunc),
        HEDDLE_MATH1(fabs),
        HEDDLE_MATH2(pow),
        HEDDLE_MATH2(fmod),
        HEDDLE_MATH2(atan2),
        HEDDLE_MATH2(hypot),
        HEDDLE_MATH2(fmin),
        HEDDLE_MATH2(fmax),
        HEDDLE_MATH2(remainder),
        HEDDLE_MATH2(copysign),
        {"roundeven", Address(static_cast<double (*)(double)>(roundeven))},
        {"roundevenf", Address(static_cast<float (*)(float)>(roundevenf))},
        {"fma", Address(static_cast<double (*)(double, double, double)>(fma))},
        {"fmaf", Address(static_cast<float (*)(float, float, float)>(fmaf))},
        {"ldexp", Address(static_cast<double (*)(double, int)>(ldexp))},
        {"ldexpf", Address(static_cast<float (*)(float, int)>(ldexpf))},
        {"sincos", Address(SinCos)},
        {"sincosf", Address(SinCosF)},
        {"__powidf2", Address(PowI)},
        {"__powisf2", Address(PowIF)},
        {"__divti3", Address(Divide)},
        {"__modti3", Address(Remainder)},
        {"__multi3", Address(Multiply)},
        {"__udivti3", Address(DivideUnsigned)},
        {"__umodti3", Address(RemainderUnsigned)},
        {"__extendhfsf2", Address(HalfToFloat)},
        {"__extendhfdf2", Address(HalfToDouble)},
        {"__gnu_h2f_ieee", Address(HalfBitsToFloat)},
        {"__gnu_f2h_ieee", Address(FloatToHalfBits)},
        {"__truncsfhf2", Address(FloatToHalf)},
        {"__truncdfhf2", Address(DoubleToHalf)},
        {"__extendbfsf2", Address(BFloatToFloat)},
        {"__truncsfbf2", Address(FloatToBFloat)},
        {"__truncdfbf2", Address(DoubleToBFloat)},
    };
    std::sort(list->begin(), list->end(),
              [](const Import& a, const Import& b) { return a.name < b.name; });
    return list;
  }();
  return *imports;
}

}  // namespace

void* FindImport(std::string_view name) {
  const std::vector<Import>& imports = SortedImports();
  auto it = std::lower_bound(imports.begin(), imports.end(), name,
                             [](const Import& a, std::string_view b) { return a.name < b; });
  return it != imports.end() && it->name == name ? it->address : nullptr;
}

}  // namespace heddle
