// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Resize and Upsample. Interpolation is separable: each axis has a table that gives every output
// position a window of source positions with weights, and the axes are done one after another.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

constexpr std::string_view kOp = "Resize";

struct Options {
  std::string_view mode, coordinates, nearest;
  bool antialias = false, exclude_outside = false;
  double cubic = -0.75, extrapolation = 0;
};

struct Axis {
  double scale = 1, roi_start = 0, roi_end = 1;
  int64_t in = 0, out = 0;
  bool has_roi = false;
};

// The source coordinate of output position `y`, and if that lies outside (only with a roi).
double Coordinate(const Options& o, const Axis& a, double y, bool& outside) {
  double in = static_cast<double>(a.in), length = a.scale * in;
  outside = false;
  if (o.coordinates == "align_corners") return length == 1 ? 0 : y * (in - 1) / (length - 1);
  if (o.coordinates == "asymmetric") return y / a.scale;
  if (o.coordinates == "tf_crop_and_resize") {
    double span = (a.roi_end - a.roi_start) * (in - 1);
    double x = a.roi_start * (in - 1) + (length == 1 ? span / 2 : y * span / (length - 1));
    outside = x < 0 || x > in - 1;
    return x;
  }
  double x = (y + 0.5) / a.scale - 0.5;
  if (o.coordinates == "pytorch_half_pixel") return length == 1 ? -0.5 : x;
  if (o.coordinates == "half_pixel_symmetric") {
    return x + in / 2 * (1 - static_cast<double>(a.out) / length);
  }
  return x;
}

double Cubic(double a, double x) {
  x = std::fabs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

// For each output position: the first source position and `taps` weights; source -1 in `first`
// stands for the extrapolation value.
struct TapTable {
  absl::Span<int64_t> sources;  // [out, taps], clamped into the axis; -1: extrapolated
  absl::Span<double> weights;   // [out, taps]
  int64_t taps = 1;
};

int64_t Nearest(const Options& o, double x) {
  double floor = std::floor(x), fraction = x - floor;
  if (fraction == 0) return static_cast<int64_t>(x);
  bool up = o.nearest == "ceil" || (o.nearest == "round_prefer_floor" && fraction > 0.5) ||
            (o.nearest == "round_prefer_ceil" && fraction >= 0.5);
  return static_cast<int64_t>(floor) + (up ? 1 : 0);
}

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
  HEDDLE_ASSIGN_OR_RETURN(w.sources, Scratch<int64_t>(call, kOp, a.out * w.taps));
  HEDDLE_ASSIGN_OR_RETURN(w.weights, Scratch<double>(call, kOp, a.out * w.taps));
  for (int64_t y = 0; y < a.out; ++y) {
    bool outside;
    double x = Coordinate(o, a, static_cast<double>(y), outside);
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
    double floor = std::floor(x);
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

// One axis: from [outer, in, inner] to [outer, out, inner].
template <typename C>
void Interpolate(const TapTable& w, const Axis& a, C extrapolation, const C* from, C* to,
                 int64_t outer, int64_t inner) {
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t y = 0; y < a.out; ++y, to += inner) {
      const int64_t* sources = &w.sources[y * w.taps];
      if (sources[0] < 0) {
        std::fill_n(to, inner, extrapolation);
        continue;
      }
      std::fill_n(to, inner, C{0});
      for (int64_t t = 0; t < w.taps; ++t) {
        C weight = static_cast<C>(w.weights[y * w.taps + t]);
        if (weight == 0) continue;
        const C* line = from + (o * a.in + sources[t]) * inner;
        for (int64_t i = 0; i < inner; ++i) to[i] += weight * line[i];
      }
    }
  }
}

bool Changes(const Axis& a) {
  return a.scale != 1 || a.in != a.out || (a.has_roi && (a.roi_start != 0 || a.roi_end != 1));
}

template <typename C>
absl::Status InterpolateAll(LibraryCall& call, const Options& o, absl::Span<const Axis> axes,
                            DimSpan x_dims, DimSpan dims, bool integral) {
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> from, Load<C>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, dims));
  if (y.values().empty()) return y.Store(kOp);
  Dims now = ToDims(x_dims);
  const C* current = from.data();
  for (size_t i = 0; i < axes.size(); ++i) {
    if (!Changes(axes[i])) continue;
    AxisView view = AroundAxis(now, static_cast<int>(i));
    now[i] = axes[i].out;
    HEDDLE_ASSIGN_OR_RETURN(int64_t count, CheckedProduct(kOp, now));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> next, Scratch<C>(call, kOp, count));
    HEDDLE_ASSIGN_OR_RETURN(TapTable window, MakeTaps(call, o, axes[i]));
    Interpolate<C>(window, axes[i], static_cast<C>(o.extrapolation), current, next.data(),
                   view.outer, view.inner);
    current = next.data();
  }
  if (integral) {
    for (size_t i = 0; i < y.values().size(); ++i) y[i] = std::nearbyint(current[i]);
  } else {
    std::copy_n(current, y.values().size(), y.values().data());
  }
  return y.Store(kOp);
}

// The nearest mode moves elements: any type.
absl::Status PickNearest(LibraryCall& call, const Options& o, absl::Span<const Axis> axes,
                         DimSpan dims) {
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, dims));
  uint8_t fill[16] = {};
  WriteNumbers(call.operand(0).element_type, &o.extrapolation, fill, 0, 1);
  if (y.count() == 0) return y.Store();
  Dims strides = Strides(x.dims);
  absl::InlinedVector<absl::Span<int64_t>, 8> tables;
  for (size_t i = 0; i < axes.size(); ++i) {
    HEDDLE_ASSIGN_OR_RETURN(TapTable window, MakeTaps(call, o, axes[i]));
    for (int64_t& source : window.sources) source = source < 0 ? -1 : source * strides[i];
    tables.push_back(window.sources);
  }
  if (tables.empty()) {
    std::memcpy(y.data(), x.data, static_cast<size_t>(x.size));
    return y.Store();
  }
  Dims outer(dims.begin(), dims.end() - 1), index(outer.size(), 0);
  VisitElementSize(x.size, [&](auto tag) {
    using T = typename decltype(tag)::Type;
    T outside;
    std::memcpy(&outside, fill, sizeof(T));
    const T* from = reinterpret_cast<const T*>(x.data);
    T* to = reinterpret_cast<T*>(y.data());
    do {
      int64_t base = 0;
      for (size_t a = 0; a < outer.size() && base >= 0; ++a) {
        int64_t offset = tables[a][index[a]];
        base = offset < 0 ? -1 : base + offset;
      }
      for (int64_t offset : tables.back()) {
        *to++ = base < 0 || offset < 0 ? outside : from[base + offset];
      }
    } while (NextIndex(outer, absl::MakeSpan(index)));
  });
  return y.Store();
}

absl::Status Run(LibraryCall& call, const Options& o, absl::Span<const Axis> axes, DimSpan dims) {
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(kOp, dims).status());
  TensorView x = call.operand(0);
  for (const Axis& a : axes) {
    if (a.in == 0 && a.out != 0) return Invalid(kOp, "an empty axis cannot grow to ", a.out);
    if (a.out != 0 && !(a.scale > 0)) return Invalid(kOp, "scale ", a.scale);
  }
  if (o.mode == "nearest") return PickNearest(call, o, axes, dims);
  if (o.mode != "linear" && o.mode != "cubic") return Unimplemented(kOp, "mode ", Absl(o.mode));
  bool single = x.element_type == ElementType::kFloat32 ||
                x.element_type == ElementType::kFloat16 || x.element_type == ElementType::kBFloat16;
  if (single) return InterpolateAll<float>(call, o, axes, x.dims, dims, false);
  bool integral = x.element_type != ElementType::kFloat64;
  return InterpolateAll<double>(call, o, axes, x.dims, dims, integral);
}

absl::StatusOr<int64_t> ScaledSize(int64_t size, double scale) {
  double scaled = std::floor(static_cast<double>(size) * scale);
  if (!(scaled >= 0) || scaled > 1e12) return Invalid(kOp, "scale ", scale, " of ", size);
  return static_cast<int64_t>(scaled);
}

bool Given(const LibraryCall& call, int index) {
  return call.has_operand(index) && call.operand(index).count() > 0;
}

}  // namespace

absl::Status Resize(LibraryCall& call) {
  TensorView x = call.operand(0);
  Options o;
  o.mode = call.Text("mode", "nearest");
  o.coordinates = call.Text("coordinate_transformation_mode", "half_pixel");
  o.nearest = call.Text("nearest_mode", "round_prefer_floor");
  o.antialias = call.Int("antialias", 0) != 0 && o.mode != "nearest";
  o.exclude_outside = call.Int("exclude_outside", 0) != 0;
  o.cubic = call.Float("cubic_coeff_a", -0.75);
  o.extrapolation = call.Float("extrapolation_value", 0);
  Dims chosen = ToDims(call.Ints("axes"));
  if (chosen.empty()) {
    for (int i = 0; i < x.rank(); ++i) chosen.push_back(i);
  }
  HEDDLE_ASSIGN_OR_RETURN(chosen, NormalizeAxes(kOp, chosen, x.rank()));
  absl::InlinedVector<Axis, 8> axes(x.rank());
  for (int i = 0; i < x.rank(); ++i) axes[i].in = axes[i].out = x.dim(i);
  int64_t n = static_cast<int64_t>(chosen.size());
  if (o.coordinates == "tf_crop_and_resize") {
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> roi, Load<double>(call, kOp, 1));
    if (static_cast<int64_t>(roi.size()) != 2 * n) {
      return Invalid(kOp, roi.size(), " bounds of a region for ", n, " axes");
    }
    for (int64_t i = 0; i < n; ++i) {
      axes[chosen[i]].has_roi = true;
      axes[chosen[i]].roi_start = roi[i];
      axes[chosen[i]].roi_end = roi[n + i];
    }
  }
  if (Given(call, 2)) {
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> scales, Load<double>(call, kOp, 2));
    if (static_cast<int64_t>(scales.size()) != n) {
      return Invalid(kOp, scales.size(), " scales for ", n, " axes");
    }
    for (int64_t i = 0; i < n; ++i) {
      Axis& a = axes[chosen[i]];
      a.scale = scales[i];
      HEDDLE_ASSIGN_OR_RETURN(a.out, ScaledSize(a.in, a.scale));
    }
  } else if (Given(call, 3)) {
    HEDDLE_ASSIGN_OR_RETURN(Dims sizes, IntList(call, kOp, 3));
    if (static_cast<int64_t>(sizes.size()) != n) {
      return Invalid(kOp, sizes.size(), " sizes for ", n, " axes");
    }
    std::string_view policy = call.Text("keep_aspect_ratio_policy", "stretch");
    double common = 0;
    for (int64_t i = 0; i < n; ++i) {
      Axis& a = axes[chosen[i]];
      a.out = sizes[i];
      if (a.in == 0 && a.out != 0) return Invalid(kOp, "an empty axis cannot grow to ", a.out);
      a.scale = a.in == 0 ? 1 : static_cast<double>(a.out) / static_cast<double>(a.in);
      bool better = policy == "not_larger" ? a.scale < common : a.scale > common;
      if (i == 0 || better) common = a.scale;
    }
    for (int64_t i = 0; i < n && policy != "stretch"; ++i) {
      Axis& a = axes[chosen[i]];
      a.scale = common;
      HEDDLE_ASSIGN_OR_RETURN(a.out, ScaledSize(1, common * static_cast<double>(a.in) + 0.5));
    }
  } else {
    return Invalid(kOp, "neither scales nor sizes");
  }
  Dims dims;
  for (const Axis& a : axes) dims.push_back(a.out);
  return Run(call, o, axes, dims);
}

absl::Status Upsample(LibraryCall& call) {
  TensorView x = call.operand(0);
  Options o;
  o.mode = call.Text("mode", "nearest");
  if (o.mode == "bilinear") o.mode = "linear";
  o.coordinates = "asymmetric";
  o.nearest = "floor";
  absl::InlinedVector<double, 8> scales;
  if (call.has_operand(1)) {
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> values, Load<double>(call, "Upsample", 1));
    scales.assign(values.begin(), values.end());
  } else {
    scales.assign(call.Floats("scales").begin(), call.Floats("scales").end());
  }
  if (static_cast<int>(scales.size()) != x.rank()) {
    return Invalid("Upsample", scales.size(), " scales for shape ", ShapeText(x.dims));
  }
  absl::InlinedVector<Axis, 8> axes(x.rank());
  Dims dims;
  for (int i = 0; i < x.rank(); ++i) {
    axes[i].in = x.dim(i);
    axes[i].scale = scales[i];
    HEDDLE_ASSIGN_OR_RETURN(axes[i].out, ScaledSize(axes[i].in, scales[i]));
    dims.push_back(axes[i].out);
  }
  return Run(call, o, axes, dims);
}

}  // namespace heddle::library
