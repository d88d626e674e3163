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
#include "runtime/library/resize_taps.h"

namespace heddle::library {
namespace {

constexpr std::string_view kOp = "Resize";

using resize::Axis;
using resize::MakeTaps;
using resize::Options;
using resize::TapTable;

// One axis: from [outer, in, inner] to [outer, out, inner]. A weight of 0 keeps out whatever is there.
template <typename C>
void Interpolate(const TapTable& w, absl::Span<const C> weights, const Axis& a, C extrapolation,
                 const C* from, C* to, int64_t outer, int64_t inner) {
  for (int64_t o = 0; o < outer; ++o) {
    const C* lines = from + o * a.in * inner;
    for (int64_t y = 0; y < a.out; ++y, to += inner) {
      const int64_t* sources = &w.sources[y * w.taps];
      if (sources[0] < 0) {
        std::fill_n(to, inner, extrapolation);
        continue;
      }
      const C* line_weights = &weights[y * w.taps];
      if (inner == 1) {
        C sum = 0;
        for (int64_t t = 0; t < w.taps; ++t) {
          C product = line_weights[t] * lines[sources[t]];
          sum += line_weights[t] == 0 ? C{0} : product;
        }
        *to = sum;
        continue;
      }
      std::fill_n(to, inner, C{0});
      for (int64_t t = 0; t < w.taps; ++t) {
        if (line_weights[t] == 0) continue;
        const C* line = lines + sources[t] * inner;
        for (int64_t i = 0; i < inner; ++i) to[i] += line_weights[t] * line[i];
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
  size_t last = axes.size();
  for (size_t i = 0; i < axes.size(); ++i) {
    if (Changes(axes[i])) last = i;
  }
  Dims now = ToDims(x_dims);
  const C* current = from.data();
  for (size_t i = 0; i < axes.size(); ++i) {
    if (!Changes(axes[i])) continue;
    AxisView view = AroundAxis(now, static_cast<int>(i));
    now[i] = axes[i].out;
    HEDDLE_ASSIGN_OR_RETURN(int64_t count, CheckedProduct(kOp, now));
    absl::Span<C> next = y.values();
    if (i != last) {
      HEDDLE_ASSIGN_OR_RETURN(next, Scratch<C>(call, kOp, count));
    }
    HEDDLE_ASSIGN_OR_RETURN(TapTable window, MakeTaps(call, o, axes[i]));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> weights,
                            Scratch<C>(call, kOp, static_cast<int64_t>(window.weights.size())));
    std::transform(window.weights.begin(), window.weights.end(), weights.begin(),
                   [](double weight) { return static_cast<C>(weight); });
    Interpolate<C>(window, weights, axes[i], static_cast<C>(o.extrapolation), current, next.data(),
                   view.outer, view.inner);
    current = next.data();
  }
  if (last == axes.size()) std::copy(from.begin(), from.end(), y.values().begin());
  if (integral) {
    for (C& value : y.values()) value = std::nearbyint(value);
  }
  return y.Store(kOp);
}

// The nearest mode moves elements: any type.
absl::Status PickNearest(LibraryCall& call, const Options& o, absl::Span<const Axis> axes,
                         DimSpan dims) {
  HEDDLE_ASSIGN_OR_RETURN(RawOperand x, LoadRaw(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(RawResult y, RawResult::Make(call, kOp, 0, x.type, dims));
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

// In single precision: 2.3 times 10 is 23, though the float is less than 2.3.
absl::StatusOr<int64_t> ScaledSize(int64_t size, double scale) {
  double scaled = std::floor(static_cast<float>(size) * static_cast<float>(scale));
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
      a.sized = true;
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
