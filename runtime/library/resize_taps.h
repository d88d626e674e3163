// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where each position along an axis of a resized image comes from.

#ifndef HEDDLE_RUNTIME_LIBRARY_RESIZE_TAPS_H_
#define HEDDLE_RUNTIME_LIBRARY_RESIZE_TAPS_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/library/library_call.h"

namespace heddle::library::resize {

struct Options {
  std::string_view mode, coordinates, nearest;
  bool antialias = false, exclude_outside = false;
  double cubic = -0.75, extrapolation = 0;
};

struct Axis {
  double scale = 1, roi_start = 0, roi_end = 1;
  int64_t in = 0, out = 0;
  bool has_roi = false;
  bool sized = false;  // given its size, not a scale
};

// For each output position: the first source position and `taps` weights; source -1 in `first`
// stands for the extrapolation value.
struct TapTable {
  absl::Span<int64_t> sources;  // [out, taps], clamped into the axis; -1: extrapolated
  absl::Span<double> weights;   // [out, taps]
  int64_t taps = 1;
};

absl::StatusOr<TapTable> MakeTaps(LibraryCall& call, const Options& o, const Axis& a);

}  // namespace heddle::library::resize

#endif  // HEDDLE_RUNTIME_LIBRARY_RESIZE_TAPS_H_
