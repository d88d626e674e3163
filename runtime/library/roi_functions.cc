// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pools over regions of an image that another operand names: RoiAlign, MaxRoiPool.

#include <algorithm>
#include <cmath>

#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {
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

absl::Status MaxRoiPool(LibraryCall& call) {
  constexpr std::string_view kOp = "MaxRoiPool";
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 0, 4));
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 1, 2));
  DimSpan in = call.operand(0).dims, roi_dims = call.operand(1).dims;
  absl::Span<const int64_t> pooled = call.Ints("pooled_shape");
  if (pooled.size() != 2 || pooled[0] < 1 || pooled[1] < 1 || roi_dims[1] != 5) {
    return Invalid(kOp, "pooled_shape ", ShapeText(pooled), ", regions ", ShapeText(roi_dims));
  }
  double scale = call.Float("spatial_scale", 1);
  return VisitCompute(kOp, call.operand(0).element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, 0));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> rois, Load<double>(call, kOp, 1));
    Dims dims = {roi_dims[0], in[1], pooled[0], pooled[1]};
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, dims));
    int64_t at = 0;
    for (int64_t r = 0; r < roi_dims[0]; ++r) {
      const double* roi = &rois[r * 5];
      if (!(roi[0] >= 0) || roi[0] >= static_cast<double>(in[0])) {
        return OutOfRange(kOp, "batch ", roi[0], " of ", in[0]);
      }
      int64_t start[2], length[2];
      for (int a = 0; a < 2; ++a) {  // regions give x before y
        double low = std::round(roi[2 - a] * scale), high = std::round(roi[4 - a] * scale);
        if (!(std::fabs(low) < 1e9) || !(std::fabs(high) < 1e9))
          return OutOfRange(kOp, "region ", r);
        start[a] = static_cast<int64_t>(low);
        length[a] = std::max<int64_t>(static_cast<int64_t>(high) - start[a] + 1, 1);
      }
      const C* image = x.data() + static_cast<int64_t>(roi[0]) * in[1] * in[2] * in[3];
      for (int64_t c = 0; c < in[1]; ++c, image += in[2] * in[3]) {
        for (int64_t cell = 0; cell < pooled[0] * pooled[1]; ++cell) {
          int64_t position[2] = {cell / pooled[1], cell % pooled[1]}, low[2], high[2];
          for (int a = 0; a < 2; ++a) {
            low[a] =
                std::clamp(start[a] + position[a] * length[a] / pooled[a], int64_t{0}, in[2 + a]);
            high[a] = std::clamp(start[a] + CeilDiv((position[a] + 1) * length[a], pooled[a]),
                                 int64_t{0}, in[2 + a]);
          }
          bool empty = low[0] >= high[0] || low[1] >= high[1];
          C best = empty ? C{0} : image[low[0] * in[3] + low[1]];
          for (int64_t h = low[0]; h < high[0]; ++h) {
            for (int64_t w = low[1]; w < high[1]; ++w) best = Maximum(image[h * in[3] + w], best);
          }
          y[at++] = best;
        }
      }
    }
    return y.Store(kOp);
  });
}

}  // namespace heddle::library
