// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/library/resize_taps.h"

#include <algorithm>
#include <cmath>

#include "runtime/library/buffers.h"

namespace heddle::library::resize {
namespace {

constexpr std::string_view kOp = "Resize";

// The source coordinate of output position `position`, and if that lies outside (only with a roi).
// In single precision, operation by operation as ONNX Runtime has it and compiled kernels do: which
// of two elements is nearer at a tie depends on the rounding.
float Coordinate(const Options& o, const Axis& a, int64_t position, bool& outside) {
  float y = static_cast<float>(position), scale = static_cast<float>(a.scale);
  float in = static_cast<float>(a.in), out = static_cast<float>(a.out);
  outside = false;
  if (o.coordinates == "align_corners") {
    // Before it is rounded down to whole elements, as ONNX's own cases take it.
    float length = a.sized ? out : scale * in;
    return length == 1 ? 0 : y * (in - 1) / (length - 1);
  }
  if (o.coordinates == "asymmetric") return y / scale;
  if (o.coordinates == "tf_crop_and_resize") {
    float start = static_cast<float>(a.roi_start), end = static_cast<float>(a.roi_end);
    float x = out > 1 ? start * (in - 1) + y * (end - start) * (in - 1) / (out - 1)
                      : static_cast<float>(0.5 * (start + end) * (in - 1));
    outside = x < 0 || x > in - 1;
    return x;
  }
  if (o.coordinates == "half_pixel_symmetric") {
    float offset = in / 2 * (1 - out / (scale * in));
    return static_cast<float>(offset + (y + 0.5) / scale - 0.5);
  }
  if (o.coordinates == "pytorch_half_pixel" && !(out > 1)) return 0;
  return (y + 0.5f) / scale - 0.5f;
}

double Cubic(double a, double x) {
  x = std::fabs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

int64_t Nearest(const Options& o, float x) {
  // What lies so near the middle is a tie, as it is to ONNX Runtime: no more than a rounded quotient.
  constexpr float kTie = 1e-6f;
  float floor = std::floor(x), fraction = x - floor;
  bool up = (o.nearest == "ceil" && fraction > 0) ||
            (o.nearest == "round_prefer_floor" && fraction > 0.5f + kTie) ||
            (o.nearest == "round_prefer_ceil" && fraction >= 0.5f - kTie);
  return static_cast<int64_t>(floor) + (up ? 1 : 0);
}

}  // namespace

absl::StatusOr<TapTable> MakeTaps(LibraryCall& call, const Options& o, const Axis& a) {
  TapTable w;
  double support = o.mode == "nearest" ? 0.5 : o.mode == "linear" ? 1 : 2;
  double shrink = o.antialias ? std::min(a.scale, 1.0) : 1.0;
  int64_t low = 0;
  if (o.mode != "nearest") {
    double reach = std::floor(-support / shrink) + 1;
    if (reach < -1e9) return Invalid(kOp, "scale ", a.scale);
    low = static_cast<int64_t>(reach);
    w.taps = 2 - 2 * low;
  }
  if (a.out > (int64_t{1} << 40) / w.taps) return Invalid(kOp, "an axis of ", a.out);
  HEDDLE_ASSIGN_OR_RETURN(w.sources, Scratch<int64_t>(call, kOp, {a.out, w.taps}));
  HEDDLE_ASSIGN_OR_RETURN(w.weights, Scratch<double>(call, kOp, {a.out, w.taps}));
  for (int64_t y = 0; y < a.out; ++y) {
    bool outside;
    float x = Coordinate(o, a, y, outside);
    int64_t* sources = &w.sources[y * w.taps];
    double* weights = &w.weights[y * w.taps];
    if (outside || !(std::fabs(x) < 1e15)) {
      std::fill_n(sources, w.taps, outside ? -1 : 0);
      std::fill_n(weights, w.taps, 0.0);
      continue;
    }
    if (o.mode == "nearest") {
      sources[0] = std::clamp<int64_t>(Nearest(o, x), 0, a.in - 1);
      weights[0] = 1;
      continue;
    }
    float floor = std::floor(x);
    // On a source position, the window ends there: the fraction counts as 1, not 0.
    double fraction = x == floor ? 1 : x - floor;
    int64_t first = static_cast<int64_t>(floor) + low - (x == floor ? 1 : 0);
    double sum = 0;
    for (int64_t t = 0; t < w.taps; ++t) {
      double distance = (static_cast<double>(t + low) - fraction) * shrink;
      double weight =
          o.mode == "linear" ? std::max(0.0, 1 - std::fabs(distance)) : Cubic(o.cubic, distance);
      bool beyond = first + t < 0 || first + t >= a.in;
      weights[t] = o.exclude_outside && beyond ? 0 : weight;
      sources[t] = std::clamp<int64_t>(first + t, 0, a.in - 1);
      sum += weights[t];
    }
    if ((o.exclude_outside || o.antialias) && sum != 0) {
      for (int64_t t = 0; t < w.taps; ++t) weights[t] /= sum;
    }
  }
  return w;
}

}  // namespace heddle::library::resize
