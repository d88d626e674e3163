// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/heddle/ScaledDim.h"

#include <cmath>
#include <optional>
#include <utility>

namespace heddle {

/// p / q for the float that is nearest to it, 4 / 3 and 23 / 10 as well as 3 / 2, if the product
/// with it is rounded down to the same size as that of floats.
static std::optional<std::pair<int64_t, int64_t>> fractionOf(float scale) {
  constexpr int64_t mostParts = 1024, mostSize = 1 << 16, exactFloats = 1 << 24;
  for (int64_t q = 1; q <= mostParts; ++q) {
    int64_t p = std::llround(double(scale) * double(q));
    if (float(double(p) / double(q)) != scale)
      continue;
    for (int64_t size = 1; size <= mostSize && size * p < exactFloats; ++size)
      if (int64_t(float(size) * scale) != size * p / q)
        return std::nullopt;
    return std::pair(p, q);
  }
  return std::nullopt;
}

DimExpr scaledDim(const DimExpr &size, double scale) {
  if (!(scale > 0) || scale > 1e6)
    return DimExpr::unknown();
  if (std::optional<int64_t> number = size.asConstant()) {
    float product = std::floor(float(*number) * float(scale));
    return product < 9e15f ? DimExpr(int64_t(product)) : DimExpr::unknown();
  }
  if (auto fraction = fractionOf(float(scale)))
    return (size * fraction->first).floorDiv(fraction->second);
  return DimExpr::unknown();
}

} // namespace heddle
