// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// DFT, STFT, the window functions and MelWeightMatrix.

#include <algorithm>
#include <cmath>
#include <complex>

#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

using Complex = std::complex<double>;
constexpr double kPi = 3.141592653589793238462643383279502884;

// A transform of one length: split by the smallest prime factor again and again.
class Transform {
 public:
  static absl::StatusOr<Transform> Make(LibraryCall& call, std::string_view op, int64_t n,
                                        bool inverse) {
    Transform t;
    t.n_ = n;
    HEDDLE_ASSIGN_OR_RETURN(t.roots_, Scratch<Complex>(call, op, n));
    HEDDLE_ASSIGN_OR_RETURN(t.work_, Scratch<Complex>(call, op, n));
    for (int64_t i = 0; i < n; ++i) {
      double angle = (inverse ? 2 : -2) * kPi * static_cast<double>(i) / static_cast<double>(n);
      t.roots_[i] = {std::cos(angle), std::sin(angle)};
    }
    return t;
  }
  // out[n] from in[n]; they do not overlap.
  void Run(const Complex* in, Complex* out) const { Step(in, 1, n_, out); }

 private:
  void Step(const Complex* in, int64_t stride, int64_t n, Complex* out) const {
    if (n == 1) {
      out[0] = in[0];
      return;
    }
    int64_t p = 2;
    while (p * p <= n && n % p != 0) ++p;
    if (n % p != 0) p = n;
    int64_t m = n / p, unit = n_ / n;
    for (int64_t r = 0; r < p; ++r) Step(in + r * stride, stride * p, m, out + r * m);
    if (p == 2) {
      for (int64_t k = 0; k < m; ++k) {
        Complex even = out[k], odd = Times(out[k + m], roots_[k * unit]);
        out[k] = even + odd;
        out[k + m] = even - odd;
      }
      return;
    }
    for (int64_t k = 0; k < m; ++k) {
      for (int64_t q = 0; q < p; ++q) {
        Complex sum = 0;
        int64_t step = (k + q * m) * unit % n_, root = 0;
        for (int64_t r = 0; r < p; ++r) {
          sum += Times(out[r * m + k], roots_[root]);
          root += step;
          if (root >= n_) root -= n_;
        }
        work_[q] = sum;
      }
      for (int64_t q = 0; q < p; ++q) out[q * m + k] = work_[q];
    }
  }
  // std::complex checks for NaN in its product; this does not.
  static Complex Times(Complex a, Complex b) {
    return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
  }

  int64_t n_ = 0;
  absl::Span<Complex> roots_, work_;
};

template <typename C>
absl::Status Fourier(LibraryCall& call, int axis, int64_t length) {
  constexpr std::string_view kOp = "DFT";
  bool inverse = call.Int("inverse", 0) != 0, onesided = call.Int("onesided", 0) != 0;
  DimSpan in = call.operand(0).dims;
  int last = static_cast<int>(in.size()) - 1;
  int64_t parts = in[last];
  Dims dims = ToDims(in);
  bool to_real = inverse && onesided;
  dims[axis] = onesided && !inverse ? length / 2 + 1 : length;
  dims[last] = to_real ? 1 : 2;
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, dims));
  HEDDLE_ASSIGN_OR_RETURN(Transform transform, Transform::Make(call, kOp, length, inverse));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<Complex> line, Scratch<Complex>(call, kOp, length));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<Complex> result, Scratch<Complex>(call, kOp, length));
  int64_t outer = Product(in, 0, axis), inner = Product(in, axis + 1, last), size = in[axis];
  double scale = inverse ? 1 / static_cast<double>(length) : 1;
  for (int64_t i = 0; i < outer * inner; ++i) {
    int64_t o = i / inner, j = i % inner;
    for (int64_t t = 0; t < length; ++t) {
      // From half a spectrum, the rest mirrors it.
      bool mirrored = to_real && t > length / 2;
      int64_t source = mirrored ? length - t : t;
      if (source >= size) {
        line[t] = 0;
        continue;
      }
      const C* from = x.data() + ((o * size + source) * inner + j) * parts;
      double imaginary = parts == 2 ? static_cast<double>(from[1]) : 0;
      line[t] = {static_cast<double>(from[0]), mirrored ? -imaginary : imaginary};
    }
    if (to_real) {
      // What has no mirror image is real.
      line[0] = line[0].real();
      if (length % 2 == 0) line[length / 2] = line[length / 2].real();
    }
    transform.Run(line.data(), result.data());
    for (int64_t t = 0; t < dims[axis]; ++t) {
      int64_t at = ((o * dims[axis] + t) * inner + j) * dims[last];
      y[at] = static_cast<C>(result[t].real() * scale);
      if (!to_real) y[at + 1] = static_cast<C>(result[t].imag() * scale);
    }
  }
  return y.Store(kOp);
}

}  // namespace

absl::Status DFT(LibraryCall& call) {
  constexpr std::string_view kOp = "DFT";
  TensorView x = call.operand(0);
  int64_t axis_value = -2;
  if (call.has_operand(2)) {
    HEDDLE_ASSIGN_OR_RETURN(axis_value, IntScalar(call, kOp, 2));
  }
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(kOp, axis_value, x.rank()));
  if (x.rank() < 2 || axis == x.rank() - 1 || x.dim(x.rank() - 1) < 1 || x.dim(x.rank() - 1) > 2) {
    return Invalid(kOp, "axis ", axis_value, " of shape ", ShapeText(x.dims));
  }
  bool to_real = call.Int("inverse", 0) != 0 && call.Int("onesided", 0) != 0;
  int64_t length = to_real ? 2 * (x.dim(axis) - 1) : x.dim(axis);
  if (call.has_operand(1)) {
    HEDDLE_ASSIGN_OR_RETURN(length, IntScalar(call, kOp, 1));
  }
  if (length < 1 || length > (int64_t{1} << 32)) return Invalid(kOp, "a length of ", length);
  return VisitCompute(kOp, x.element_type, [&](auto tag) {
    return Fourier<typename decltype(tag)::Type>(call, axis, length);
  });
}

absl::Status STFT(LibraryCall& call) {
  constexpr std::string_view kOp = "STFT";
  TensorView x = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(int64_t hop, IntScalar(call, kOp, 1));
  bool windowed = call.has_operand(2);
  int64_t signal = x.rank() >= 2 ? x.dim(1) : 0, parts = x.rank() == 3 ? x.dim(2) : 1;
  int64_t length = windowed ? call.operand(2).count() : signal;
  if (call.has_operand(3)) {
    HEDDLE_ASSIGN_OR_RETURN(length, IntScalar(call, kOp, 3));
  }
  int64_t window_size = windowed ? call.operand(2).count() : length;
  if (x.rank() < 2 || x.rank() > 3 || parts < 1 || parts > 2 || hop < 1 || length < 1 ||
      length > signal || window_size > length) {
    return Invalid(kOp, "frames of ", length, " every ", hop, " of shape ", ShapeText(x.dims),
                   " with a window of ", window_size);
  }
  int64_t frames = 1 + (signal - length) / hop;
  int64_t bins = call.Int("onesided", 1) != 0 ? length / 2 + 1 : length;
  return VisitCompute(kOp, x.element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> from, Load<C>(call, kOp, 0));
    absl::Span<const C> window;
    if (windowed) {
      HEDDLE_ASSIGN_OR_RETURN(window, Load<C>(call, kOp, 2));
    }
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y,
                            Output<C>::Make(call, kOp, 0, {x.dim(0), frames, bins, 2}));
    HEDDLE_ASSIGN_OR_RETURN(Transform transform, Transform::Make(call, kOp, length, false));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<Complex> line, Scratch<Complex>(call, kOp, length));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<Complex> result, Scratch<Complex>(call, kOp, length));
    int64_t at = 0;
    for (int64_t i = 0; i < x.dim(0) * frames; ++i) {
      const C* start = from.data() + (i / frames * signal + i % frames * hop) * parts;
      for (int64_t t = 0; t < length; ++t) {
        double weight = t >= window_size ? 0 : windowed ? static_cast<double>(window[t]) : 1;
        line[t] = {weight * start[t * parts], parts == 2 ? weight * start[t * parts + 1] : 0};
      }
      transform.Run(line.data(), result.data());
      for (int64_t b = 0; b < bins; ++b) {
        y[at++] = static_cast<C>(result[b].real());
        y[at++] = static_cast<C>(result[b].imag());
      }
    }
    return y.Store(kOp);
  });
}

namespace {

// weight = a - b cos(x) + c cos(2x)
absl::Status CosineWindow(LibraryCall& call, std::string_view op, double a, double b, double c) {
  HEDDLE_ASSIGN_OR_RETURN(int64_t size, IntScalar(call, op, 0));
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(op, {size}).status());
  HEDDLE_ASSIGN_OR_RETURN(Output<double> y, Output<double>::Make(call, op, 0, {size}));
  int64_t period = std::max<int64_t>(1, call.Int("periodic", 1) != 0 ? size : size - 1);
  for (int64_t i = 0; i < size; ++i) {
    double x = 2 * kPi * static_cast<double>(i) / static_cast<double>(period);
    y[i] = size == 1 ? 1 : a - b * std::cos(x) + c * std::cos(2 * x);
  }
  return y.Store(op);
}

}  // namespace

absl::Status HannWindow(LibraryCall& call) { return CosineWindow(call, "HannWindow", 0.5, 0.5, 0); }
absl::Status HammingWindow(LibraryCall& call) {
  return CosineWindow(call, "HammingWindow", 25.0 / 46, 21.0 / 46, 0);
}
absl::Status BlackmanWindow(LibraryCall& call) {
  return CosineWindow(call, "BlackmanWindow", 0.42, 0.5, 0.08);
}

absl::Status MelWeightMatrix(LibraryCall& call) {
  constexpr std::string_view kOp = "MelWeightMatrix";
  HEDDLE_ASSIGN_OR_RETURN(int64_t bins, IntScalar(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(int64_t length, IntScalar(call, kOp, 1));
  HEDDLE_ASSIGN_OR_RETURN(int64_t rate, IntScalar(call, kOp, 2));
  HEDDLE_ASSIGN_OR_RETURN(double lower, FloatScalar(call, kOp, 3));
  HEDDLE_ASSIGN_OR_RETURN(double upper, FloatScalar(call, kOp, 4));
  if (bins < 1 || length < 1 || rate < 1 || bins > (1 << 24) || length > (int64_t{1} << 32) ||
      !(lower >= 0) || !(upper >= lower) || !std::isfinite(upper)) {
    return Invalid(kOp, bins, " bins of ", length, " samples at ", rate, " Hz from ", lower, " to ",
                   upper);
  }
  int64_t rows = length / 2 + 1;
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(kOp, {rows, bins}).status());
  HEDDLE_ASSIGN_OR_RETURN(Output<double> y, Output<double>::Make(call, kOp, 0, {rows, bins}));
  std::fill(y.values().begin(), y.values().end(), 0.0);
  auto mel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  double first = mel(lower), step = (mel(upper) - first) / static_cast<double>(bins + 2);
  auto edge = [&](int64_t i) {
    double hertz = 700 * (std::pow(10, (first + static_cast<double>(i) * step) / 2595) - 1);
    double row = std::floor(static_cast<double>(length + 1) * hertz / static_cast<double>(rate));
    return static_cast<int64_t>(std::clamp(row, 0.0, 1e15));
  };
  for (int64_t i = 0; i < bins; ++i) {
    int64_t low = edge(i), centre = edge(i + 1), high = edge(i + 2);
    if (low == centre && centre < rows) y[centre * bins + i] = 1;
    for (int64_t r = low; low < centre && r <= std::min(centre, rows - 1); ++r) {
      y[r * bins + i] = static_cast<double>(r - low) / static_cast<double>(centre - low);
    }
    for (int64_t r = centre; r < std::min(high, rows); ++r) {
      y[r * bins + i] = static_cast<double>(high - r) / static_cast<double>(high - centre);
    }
  }
  return y.Store(kOp);
}

}  // namespace heddle::library
