// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that read images at fractional coordinates: GridSample, AffineGrid, RoiAlign,
// DeformConv.

#include <algorithm>
#include <cmath>

#include "runtime/library/arithmetic.h"
#include "runtime/library/convolution.h"
#include "runtime/library/dense_kernels.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

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
Taps MakeTaps(double x, int order, int64_t size, int64_t stride, const Border& border) {
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

template <typename C>
absl::Status Sample(LibraryCall& call, int order, const Border& border) {
  constexpr std::string_view kOp = "GridSample";
  DimSpan in = call.operand(0).dims, grid_dims = call.operand(1).dims;
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> grid, Load<double>(call, kOp, 1));
  int n = static_cast<int>(in.size()) - 2;
  DimSpan size = in.subspan(2);
  Dims dims = {in[0], in[1]};
  dims.insert(dims.end(), grid_dims.begin() + 1, grid_dims.end() - 1);
  HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, dims));
  int64_t image = Product(size), points = Product(grid_dims, 1, n + 1);
  Dims strides = Strides(size);
  absl::InlinedVector<Taps, 4> taps(n);
  for (int64_t b = 0; b < in[0]; ++b) {
    for (int64_t p = 0; p < points; ++p) {
      const double* point = &grid[(b * points + p) * n];
      for (int a = 0; a < n; ++a) {
        // The grid names the last axis first.
        double v = point[n - 1 - a], length = static_cast<double>(size[a]);
        double at = border.align_corners ? (v + 1) / 2 * (length - 1) : ((v + 1) * length - 1) / 2;
        if (order == 0) at = std::nearbyint(at);
        taps[a] = MakeTaps(border.Clamp(at, size[a]), order, size[a], strides[a], border);
      }
      for (int64_t c = 0; c < in[1]; ++c) {
        y[(b * in[1] + c) * points + p] = Interpolate<C>(x.data() + (b * in[1] + c) * image, taps);
      }
    }
  }
  return y.Store(kOp);
}

}  // namespace

absl::Status GridSample(LibraryCall& call) {
  constexpr std::string_view kOp = "GridSample";
  DimSpan in = call.operand(0).dims, grid = call.operand(1).dims;
  if (in.size() < 3 || grid.size() != in.size() || grid[0] != in[0] ||
      grid.back() != static_cast<int64_t>(in.size()) - 2) {
    return Invalid(kOp, "input ", ShapeText(in), ", grid ", ShapeText(grid));
  }
  if (Product(in.subspan(2)) == 0 && Product(grid) != 0) return Invalid(kOp, "an empty image");
  std::string_view mode = call.Text("mode", "linear"), padding = call.Text("padding_mode", "zeros");
  int order = mode == "nearest" ? 0 : mode == "cubic" || mode == "bicubic" ? 3 : 1;
  if (order == 1 && mode != "linear" && mode != "bilinear") {
    return Unimplemented(kOp, "mode ", Absl(mode));
  }
  Border border;
  border.align_corners = call.Int("align_corners", 0) != 0;
  if (padding == "border") border.mode = Border::Mode::kBorder;
  if (padding == "reflection") border.mode = Border::Mode::kReflection;
  switch (call.operand(0).element_type) {
    case ElementType::kFloat32:
    case ElementType::kFloat16:
    case ElementType::kBFloat16:
      return Sample<float>(call, order, border);
    default:
      return Sample<double>(call, order, border);
  }
}

absl::Status AffineGrid(LibraryCall& call) {
  constexpr std::string_view kOp = "AffineGrid";
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 0, 3));
  HEDDLE_ASSIGN_OR_RETURN(Dims size, IntList(call, kOp, 1));
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(kOp, size).status());
  DimSpan theta = call.operand(0).dims;
  int64_t n = static_cast<int64_t>(size.size()) - 2;
  if ((n != 2 && n != 3) || theta[0] != size[0] || theta[1] != n || theta[2] != n + 1) {
    return Invalid(kOp, "theta ", ShapeText(theta), " for size ", ShapeText(size));
  }
  bool align = call.Int("align_corners", 0) != 0;
  DimSpan spatial = DimSpan(size).subspan(2);
  Dims dims = {size[0]};
  dims.insert(dims.end(), spatial.begin(), spatial.end());
  dims.push_back(n);
  return VisitCompute(kOp, call.operand(0).element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> t, Load<C>(call, kOp, 0));
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, dims));
    int64_t points = Product(spatial), at = 0;
    for (int64_t b = 0; b < size[0]; ++b) {
      Dims index(n, 0);
      for (int64_t p = 0; p < points; ++p) {
        for (int64_t row = 0; row < n; ++row) {
          const C* line = &t[(b * n + row) * (n + 1)];
          C sum = line[n];
          for (int64_t a = 0; a < n; ++a) {  // column a belongs to axis n - 1 - a
            double i = static_cast<double>(index[n - 1 - a]);
            double length = static_cast<double>(spatial[n - 1 - a]);
            double v = !align       ? (2 * i + 1) / length - 1
                       : length > 1 ? 2 * i / (length - 1) - 1
                                    : -1;
            sum += line[a] * static_cast<C>(v);
          }
          y[at++] = sum;
        }
        NextIndex(spatial, absl::MakeSpan(index));
      }
    }
    return y.Store(kOp);
  });
}

namespace {

// Four neighbours of a point, as RoiAlign weighs them.
struct Corners {
  int64_t offset[4] = {};
  double weight[4] = {};
};

Corners RoiCorners(double y, double x, int64_t height, int64_t width) {
  Corners c;
  if (y < -1 || y > static_cast<double>(height) || x < -1 || x > static_cast<double>(width))
    return c;
  auto split = [](double v, int64_t size, int64_t& low, int64_t& high) {
    v = std::max(v, 0.0);
    low = static_cast<int64_t>(v);
    if (low >= size - 1) {
      low = high = size - 1;
      return 0.0;
    }
    high = low + 1;
    return v - static_cast<double>(low);
  };
  int64_t rows[2], columns[2];
  double fy = split(y, height, rows[0], rows[1]), fx = split(x, width, columns[0], columns[1]);
  for (int i = 0; i < 4; ++i) {
    c.offset[i] = rows[i / 2] * width + columns[i % 2];
    c.weight[i] = (i / 2 ? fy : 1 - fy) * (i % 2 ? fx : 1 - fx);
  }
  return c;
}

}  // namespace

absl::Status RoiAlign(LibraryCall& call) {
  constexpr std::string_view kOp = "RoiAlign";
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 0, 4));
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 1, 2));
  DimSpan in = call.operand(0).dims, roi_dims = call.operand(1).dims;
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> rois, Load<double>(call, kOp, 1));
  HEDDLE_ASSIGN_OR_RETURN(Dims batches, IntList(call, kOp, 2));
  int64_t out[2] = {call.Int("output_height", 1), call.Int("output_width", 1)};
  int64_t ratio = call.Int("sampling_ratio", 0);
  double scale = call.Float("spatial_scale", 1);
  bool half = call.Text("coordinate_transformation_mode", "half_pixel") == "half_pixel";
  bool maximum = call.Text("mode", "avg") == "max";
  if (roi_dims[1] != 4 || static_cast<int64_t>(batches.size()) != roi_dims[0] || out[0] < 1 ||
      out[1] < 1 || in[2] < 1 || in[3] < 1 || ratio > 4096) {
    return Invalid(kOp, "image ", ShapeText(in), ", regions ", ShapeText(roi_dims), ", output ",
                   out[0], " by ", out[1]);
  }
  return VisitCompute(kOp, call.operand(0).element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, 0));
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y,
                            Output<C>::Make(call, kOp, 0, {roi_dims[0], in[1], out[0], out[1]}));
    for (int64_t r = 0; r < roi_dims[0]; ++r) {
      if (batches[r] < 0 || batches[r] >= in[0])
        return OutOfRange(kOp, "batch ", batches[r], " of ", in[0]);
      double start[2], bin[2];
      int64_t samples[2];
      for (int a = 0; a < 2; ++a) {  // regions give x before y
        double offset = half ? 0.5 : 0;
        start[a] = rois[r * 4 + 1 - a] * scale - offset;
        double length = rois[r * 4 + 3 - a] * scale - offset - start[a];
        if (!half) length = std::max(length, 1.0);
        bin[a] = length / static_cast<double>(out[a]);
        if (!(std::fabs(bin[a]) < 1e5) || !(std::fabs(start[a]) < 1e9))
          return OutOfRange(kOp, "region ", r);
        samples[a] =
            ratio > 0 ? ratio : std::max<int64_t>(0, static_cast<int64_t>(std::ceil(bin[a])));
      }
      double count = static_cast<double>(std::max<int64_t>(samples[0] * samples[1], 1));
      const C* image = x.data() + batches[r] * in[1] * in[2] * in[3];
      for (int64_t c = 0; c < in[1]; ++c, image += in[2] * in[3]) {
        for (int64_t cell = 0; cell < out[0] * out[1]; ++cell) {
          double sum = 0;
          for (int64_t s = 0; s < samples[0] * samples[1]; ++s) {
            double at[2];
            int64_t position[2] = {cell / out[1], cell % out[1]},
                    sample[2] = {s / samples[1], s % samples[1]};
            for (int a = 0; a < 2; ++a) {
              at[a] =
                  start[a] + static_cast<double>(position[a]) * bin[a] +
                  (static_cast<double>(sample[a]) + 0.5) * bin[a] / static_cast<double>(samples[a]);
            }
            Corners corners = RoiCorners(at[0], at[1], in[2], in[3]);
            double part[4];
            for (int i = 0; i < 4; ++i) part[i] = corners.weight[i] * image[corners.offset[i]];
            if (maximum) {
              double best = std::max(std::max(part[0], part[1]), std::max(part[2], part[3]));
              sum = s == 0 ? best : std::max(sum, best);
            } else {
              sum += part[0] + part[1] + part[2] + part[3];
            }
          }
          y[(r * in[1] + c) * out[0] * out[1] + cell] = static_cast<C>(maximum ? sum : sum / count);
        }
      }
    }
    return y.Store(kOp);
  });
}

absl::Status DeformConv(LibraryCall& call) {
  constexpr std::string_view kOp = "DeformConv";
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 0, 4));
  HEDDLE_ASSIGN_OR_RETURN(Convolution conv, ParseConvolution(call, kOp, 0, 1));
  const Window& w = conv.window;
  int64_t groups = call.Int("offset_group", 1), taps = Product(w.kernel);
  int64_t positions = Product(w.out), image = Product(w.in);
  if (groups < 1 || conv.in_channels % groups != 0) return Invalid(kOp, "offset_group ", groups);
  Dims offset_dims = {conv.batch, groups * taps * 2, w.out[0], w.out[1]};
  Dims mask_dims = {conv.batch, groups * taps, w.out[0], w.out[1]};
  bool masked = call.has_operand(4);
  if (call.operand(2).dims != DimSpan(offset_dims) ||
      (masked && call.operand(4).dims != DimSpan(mask_dims))) {
    return Invalid(kOp, "offsets ", ShapeText(call.operand(2).dims), " where ",
                   ShapeText(offset_dims), " are needed");
  }
  return VisitCompute(kOp, call.operand(0).element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, 0));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> weights, Load<C>(call, kOp, 1));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> offsets, Load<C>(call, kOp, 2));
    absl::Span<const C> bias, mask;
    if (call.has_operand(3)) {
      HEDDLE_ASSIGN_OR_RETURN(bias, Load<C>(call, kOp, 3));
      if (static_cast<int64_t>(bias.size()) != conv.out_channels)
        return Invalid(kOp, bias.size(), " biases");
    }
    if (masked) {
      HEDDLE_ASSIGN_OR_RETURN(mask, Load<C>(call, kOp, 4));
    }
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, conv.result));
    int64_t channels = conv.in_channels / conv.group, rows = conv.out_channels / conv.group;
    int64_t depth = channels * taps;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> columns, Scratch<C>(call, kOp, positions * depth));
    Border zeros;
    for (int64_t n = 0; n < conv.batch; ++n) {
      for (int64_t g = 0; g < conv.group; ++g) {
        for (int64_t i = 0; i < channels * taps * positions; ++i) {
          int64_t c = g * channels + i / (taps * positions), tap = i / positions % taps,
                  p = i % positions;
          int64_t og = c / (conv.in_channels / groups);
          int64_t at = ((n * groups + og) * taps + tap) * 2;
          int64_t o[2] = {p / w.out[1], p % w.out[1]},
                  k[2] = {tap / w.kernel[1], tap % w.kernel[1]};
          Taps both[2];
          for (int a = 0; a < 2; ++a) {
            double v =
                static_cast<double>(w.Position(a, o[a], k[a])) + offsets[(at + a) * positions + p];
            v = v > 1e9 ? 1e9 : v > -1e9 ? v : -1e9;
            both[a] = MakeTaps(v, 1, w.in[a], a == 0 ? w.in[1] : 1, zeros);
          }
          C value = Interpolate<C>(x.data() + (n * conv.in_channels + c) * image, both);
          if (masked) value *= mask[((n * groups + og) * taps + tap) * positions + p];
          columns[p * depth + i / positions] = value;
        }
        for (int64_t m = 0; m < rows; ++m) {
          int64_t channel = g * rows + m;
          std::fill_n(&y.values()[0] + (n * conv.out_channels + channel) * positions, positions,
                      bias.empty() ? C{0} : bias[channel]);
        }
        MultiplyTransposed(
            weights.data() + g * rows * depth, rows, depth, columns.data(), positions, depth, depth,
            y.values().data() + (n * conv.out_channels + g * rows) * positions, positions);
      }
    }
    return y.Store(kOp);
  });
}

}  // namespace heddle::library
