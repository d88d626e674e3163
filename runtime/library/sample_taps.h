// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading an image of any rank at a fractional coordinate: per axis a few taps with weights.

#ifndef HEDDLE_RUNTIME_LIBRARY_SAMPLE_TAPS_H_
#define HEDDLE_RUNTIME_LIBRARY_SAMPLE_TAPS_H_

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "absl/types/span.h"

namespace heddle::library {

// What lies beside an image, and which sample positions count as inside.
struct Border {
  enum class Mode { kZeros, kBorder, kReflection } mode = Mode::kZeros;
  bool align_corners = false;

  double Low() const { return align_corners ? 0 : -0.5; }
  double High(int64_t size) const {
    return static_cast<double>(size) - (align_corners ? 1.0 : 0.5);
  }
  double Reflect(double x, int64_t size) const {
    double low = Low(), span = High(size) - low;
    if (span <= 0) return low;
    double distance = std::fabs(x < low ? low - x : x > low + span ? x - low - span : 0);
    if (distance == 0) return x;
    double turns = std::floor(distance / span), rest = distance - turns * span;
    bool from_low = (x < low) == (std::fmod(turns, 2) == 0);
    return from_low ? low + rest : low + span - rest;
  }
  double Clamp(double x, int64_t size) const {
    if (!(x > -1e9)) x = -1e9;
    if (x > 1e9) x = 1e9;
    if (x >= Low() && x <= High(size)) return x;
    if (mode == Mode::kBorder) return std::clamp(x, 0.0, static_cast<double>(size - 1));
    return mode == Mode::kReflection ? Reflect(x, size) : x;
  }
  // The element for an integer position, -1 for none.
  int64_t Pixel(int64_t i, int64_t size) const {
    if (i >= 0 && i < size) return i;
    if (mode == Mode::kZeros) return -1;
    if (mode == Mode::kBorder) return i < 0 ? 0 : size - 1;
    return std::clamp<int64_t>(static_cast<int64_t>(Reflect(static_cast<double>(i), size)), 0,
                               size - 1);
  }
};

struct Taps {
  int count = 1;
  int64_t offset[4];  // in elements; -1 for none
  double weight[4];
};

// The taps of one axis for coordinate x. `order` 0, 1, 3: nearest, linear, cubic.
inline Taps MakeTaps(double x, int order, int64_t size, int64_t stride, const Border& border) {
  Taps taps;
  double floor = std::floor(x), f = x - floor;
  int64_t first = static_cast<int64_t>(floor);
  if (order == 0) {
    first = static_cast<int64_t>(x);
    taps.weight[0] = 1;
  } else if (order == 1) {
    taps.count = 2;
    taps.weight[0] = 1 - f;
    taps.weight[1] = f;
  } else {
    constexpr double kA = -0.75;
    auto outer = [](double d) { return ((kA * d - 5 * kA) * d + 8 * kA) * d - 4 * kA; };
    auto inner = [](double d) { return ((kA + 2) * d - (kA + 3)) * d * d + 1; };
    taps.count = 4;
    --first;
    taps.weight[0] = outer(f + 1);
    taps.weight[1] = inner(f);
    taps.weight[2] = inner(1 - f);
    taps.weight[3] = outer(2 - f);
  }
  for (int t = 0; t < taps.count; ++t) {
    int64_t pixel = border.Pixel(first + t, size);
    taps.offset[t] = pixel < 0 ? -1 : pixel * stride;
  }
  return taps;
}

// The sum over all combinations of taps of the axes from `axis` on.
template <typename C>
C Interpolate(const C* image, absl::Span<const Taps> taps) {
  C sum = 0;
  for (int t = 0; t < taps[0].count; ++t) {
    if (taps[0].offset[t] < 0) continue;
    const C* at = image + taps[0].offset[t];
    sum += static_cast<C>(taps[0].weight[t]) *
           (taps.size() == 1 ? *at : Interpolate(at, taps.subspan(1)));
  }
  return sum;
}

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_SAMPLE_TAPS_H_
