// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GridSample and AffineGrid.

#include <algorithm>
#include <cmath>

#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"
#include "runtime/library/sample_taps.h"

namespace heddle::library {
namespace {

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

}  // namespace heddle::library
