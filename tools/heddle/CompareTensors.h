// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whether an output is what was expected.
//
//   if (std::optional<std::string> why = difference(got, want, {}))
//     std::puts(why->c_str());

#ifndef HEDDLE_TOOLS_HEDDLE_COMPARETENSORS_H
#define HEDDLE_TOOLS_HEDDLE_COMPARETENSORS_H

#include "frontends/onnx/HostTensor.h"

#include <optional>
#include <string>

namespace heddle::cli {

struct Tolerance {
  double relative = 1e-3;
  double absolute = 1e-5;
  bool scaleAbsolute = false;      ///< absolute tolerance times max(1, largest |want|)
  std::optional<double> minCosine; ///< enough on its own, where NaN and infinities agree
};

/// Nothing where the tensors agree: equal types and shapes, NaN and infinities at the same places,
/// and |got - want| <= absolute + relative * |want| everywhere. Else why not.
std::optional<std::string> difference(const HostTensor &got, const HostTensor &want,
                                      const Tolerance &tolerance);

/// "largest error 0.02 of 3.1, cosine 0.99998" of tensors of one shape; the second number is the
/// largest magnitude of `want`. NaN and infinities are left out.
std::string errorText(const HostTensor &got, const HostTensor &want);

/// Element `index` as a number (its real part where it is complex); exact for all but large 64-bit
/// integers. The type must be numeric and the index within the tensor.
double elementAt(const HostTensor &tensor, int64_t index);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_COMPARETENSORS_H
