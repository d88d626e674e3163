// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pools over regions of an image that another operand names: RoiAlign, MaxRoiPool.

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

// Where a sample of a region lies along one axis: two neighbours and their weights, none where it
// lies outside the image.
template <typename C>
struct RoiSample {
  int64_t low = 0, high = 0;
  C low_weight = 0, high_weight = 0;
  // Whatever is at its neighbours, an infinity too, has no part in it.
  bool IsOutside() const { return low_weight == 0 && high_weight == 0; }
};

template <typename C>
RoiSample<C> MakeRoiSample(double at, int64_t size) {
  if (at < -1 || at > static_cast<double>(size)) return {};
  at = std::max(at, 0.0);
  int64_t low = static_cast<int64_t>(at);
  if (low >= size - 1) return {size - 1, size - 1, 1, 0};
  C fraction = static_cast<C>(at - static_cast<double>(low));
  return {low, low + 1, 1 - fraction, fraction};
}

// Along one axis of a region; they are kept while it is computed.
constexpr int64_t kMostSamples = 1 << 22;

// A region's samples along one axis: `samples` for each of `cells`.
template <typename C>
struct RoiAxis {
  int64_t cells = 0, samples = 0;
  std::vector<RoiSample<C>> at;
  absl::Span<const RoiSample<C>> cell(int64_t i) const {
    return absl::MakeSpan(at).subspan(static_cast<size_t>(i * samples),
                                      static_cast<size_t>(samples));
  }
};

template <typename C>
RoiAxis<C> MakeRoiAxis(double start, double bin, int64_t cells, int64_t samples, int64_t size) {
  RoiAxis<C> axis{cells, samples, {}};
  for (int64_t cell = 0; cell < cells; ++cell) {
    for (int64_t s = 0; s < samples; ++s) {
      axis.at.push_back(
          MakeRoiSample<C>(start + static_cast<double>(cell) * bin +
                               (static_cast<double>(s) + 0.5) * bin / static_cast<double>(samples),
                           size));
    }
  }
  return axis;
}

// The mean of each cell's samples. It is separable: a row of cells is a sum of the image's rows,
// which are contiguous, and a cell is a sum of that sum's columns.
template <typename C>
void AverageCells(const RoiAxis<C>& rows, const RoiAxis<C>& columns, const C* image, int64_t width,
                  absl::Span<C> line, C* to) {
  int64_t first = width, end = 0;
  for (const RoiSample<C>& s : columns.at) {
    first = std::min(first, s.low);
    end = std::max(end, s.high + 1);
  }
  C count = static_cast<C>(std::max<int64_t>(rows.samples * columns.samples, 1));
  for (int64_t row = 0; row < rows.cells; ++row) {
    std::fill(line.begin(), line.end(), C{0});
    for (const RoiSample<C>& s : rows.cell(row)) {
      if (s.IsOutside()) continue;
      const C *low = image + s.low * width, *high = image + s.high * width;
      for (int64_t x = first; x < end; ++x)
        line[x] += s.low_weight * low[x] + s.high_weight * high[x];
    }
    for (int64_t column = 0; column < columns.cells; ++column) {
      C sum = 0;
      for (const RoiSample<C>& s : columns.cell(column)) {
        if (!s.IsOutside()) sum += s.low_weight * line[s.low] + s.high_weight * line[s.high];
      }
      *to++ = sum / count;
    }
  }
}

// The greatest weighted neighbour of each cell's samples.
template <typename C>
void GreatestInCells(const RoiAxis<C>& rows, const RoiAxis<C>& columns, const C* image,
                     int64_t width, C* to) {
  for (int64_t row = 0; row < rows.cells; ++row) {
    for (int64_t column = 0; column < columns.cells; ++column) {
      std::optional<C> best;
      for (const RoiSample<C>& y : rows.cell(row)) {
        const C *low = image + y.low * width, *high = image + y.high * width;
        for (const RoiSample<C>& x : columns.cell(column)) {
          C here = 0;
          if (!y.IsOutside() && !x.IsOutside()) {
            here = std::max(std::max(y.low_weight * x.low_weight * low[x.low],
                                     y.low_weight * x.high_weight * low[x.high]),
                            std::max(y.high_weight * x.low_weight * high[x.low],
                                     y.high_weight * x.high_weight * high[x.high]));
          }
          best = best ? std::max(*best, here) : here;
        }
      }
      *to++ = best.value_or(0);
    }
  }
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
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> line, Scratch<C>(call, kOp, in[3]));
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
        if (out[a] > kMostSamples / std::max<int64_t>(samples[a], 1)) {
          return OutOfRange(kOp, "region ", r, " takes ", samples[a], " samples for each of ",
                            out[a], " cells");
        }
      }
      RoiAxis<C> rows = MakeRoiAxis<C>(start[0], bin[0], out[0], samples[0], in[2]);
      RoiAxis<C> columns = MakeRoiAxis<C>(start[1], bin[1], out[1], samples[1], in[3]);
      for (int64_t c = 0; c < in[1]; ++c) {
        const C* image = x.data() + (batches[r] * in[1] + c) * in[2] * in[3];
        C* to = y.values().data() + (r * in[1] + c) * out[0] * out[1];
        if (maximum) {
          GreatestInCells(rows, columns, image, in[3], to);
        } else {
          AverageCells(rows, columns, image, in[3], line, to);
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
