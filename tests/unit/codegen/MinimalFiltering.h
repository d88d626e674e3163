// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inputs of minimal filtering, and its results beside direct convolution's.

#ifndef HEDDLE_TESTS_UNIT_CODEGEN_WINOGRADARRAYS_H
#define HEDDLE_TESTS_UNIT_CODEGEN_WINOGRADARRAYS_H

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tests/unit/codegen/KernelHarness.h"

namespace heddle::codegen {

using Array = GuardedArray<float>;

inline Array randomArray(size_t size, unsigned seed, float low = -1, float high = 1) {
  Array array(size);
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(low, high);
  for (float &value : array) value = uniform(random);
  return array;
}

/// NaN and infinities are where direct convolution has them, and as many as one input of this kind
/// makes; the rest differs by rounding.
inline void expectSameKinds(const Array &y, const Array &want, float kind) {
  size_t notFinite = 0;
  for (size_t i = 0; i < want.size(); ++i) {
    notFinite += !std::isfinite(want[i]);
    ASSERT_EQ(std::isnan(y[i]), std::isnan(want[i])) << i;
    if (std::isinf(want[i]) || std::isinf(y[i]))
      ASSERT_EQ(y[i], want[i]) << i;
    else if (std::isfinite(want[i]))
      ASSERT_NEAR(y[i], want[i], 1e-5 * std::max(1.0f, std::abs(want[i]))) << i;
  }
  if (std::abs(kind) > 3e38f || std::isnan(kind)) EXPECT_GT(notFinite, 0u);
}

}  // namespace heddle::codegen

#endif  // HEDDLE_TESTS_UNIT_CODEGEN_WINOGRADARRAYS_H
