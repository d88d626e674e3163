// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalisations and gates that are functions of other operators, as a whole.

#include <algorithm>
#include <cmath>

#include "runtime/library/activations.h"
#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

struct Moments {
  double mean = 0, variance = 0;
};

// Of `lines` runs of `run` numbers, `step` apart: one channel of [lines, channels, run].
template <typename C>
Moments MomentsOf(const C* x, int64_t lines, int64_t step, int64_t run) {
  double sum = 0, count = static_cast<double>(lines * run);
  for (int64_t l = 0; l < lines; ++l) {
    for (int64_t i = 0; i < run; ++i) sum += x[l * step + i];
  }
  Moments m;
  m.mean = count == 0 ? 0 : sum / count;
  double squares = 0;
  for (int64_t l = 0; l < lines; ++l) {
    for (int64_t i = 0; i < run; ++i) {
      double d = x[l * step + i] - m.mean;
      squares += d * d;
    }
  }
  m.variance = count == 0 ? 0 : squares / count;
  return m;
}

// A channel's parameters: operands `first` and up, one number per channel.
absl::Status CheckChannels(const LibraryCall& call, std::string_view op, int first, int last,
                           int64_t channels) {
  for (int i = first; i <= last; ++i) {
    if (!call.has_operand(i) || call.operand(i).rank() != 1 || call.operand(i).dim(0) != channels) {
      return Invalid(op, "operand ", i, " does not have one number for each of ", channels,
                     " channels");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status BatchNormalization(LibraryCall& call) {
  constexpr std::string_view kOp = "BatchNormalization";
  TensorView view = call.operand(0);
  if (view.rank() < 1) return Invalid(kOp, "a scalar");
  AxisView channels = view.rank() == 1 ? AxisView{view.dim(0), 1, 1} : AroundAxis(view.dims, 1);
  HEDDLE_RETURN_IF_ERROR(CheckChannels(call, kOp, 1, 4, channels.size));
  double epsilon = call.Float("epsilon", 1e-5), momentum = call.Float("momentum", 0.9);
  bool training = call.Int("training_mode", 0) != 0;
  return VisitCompute(kOp, view.element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, 0));
    absl::Span<const double> parameters[4];
    for (int i = 0; i < 4; ++i) {
      HEDDLE_ASSIGN_OR_RETURN(parameters[i], Load<double>(call, kOp, i + 1));
    }
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, view.dims));
    Output<double> running[2];
    for (int i = 0; i < 2; ++i) {
      if (!call.wants_result(i + 1)) continue;
      HEDDLE_ASSIGN_OR_RETURN(running[i], Output<double>::Make(call, kOp, i + 1, {channels.size}));
    }
    int64_t step = channels.size * channels.inner;
    for (int64_t c = 0; c < channels.size; ++c) {
      Moments m{parameters[2][c], parameters[3][c]};
      if (training)
        m = MomentsOf(x.data() + c * channels.inner, channels.outer, step, channels.inner);
      if (call.wants_result(1))
        running[0][c] = training ? parameters[2][c] * momentum + m.mean * (1 - momentum) : m.mean;
      if (call.wants_result(2))
        running[1][c] =
            training ? parameters[3][c] * momentum + m.variance * (1 - momentum) : m.variance;
      C scale = static_cast<C>(parameters[0][c] / std::sqrt(m.variance + epsilon));
      C mean = static_cast<C>(m.mean), bias = static_cast<C>(parameters[1][c]);
      for (int64_t n = 0; n < channels.outer; ++n) {
        for (int64_t i = 0; i < channels.inner; ++i) {
          int64_t at = n * step + c * channels.inner + i;
          y[at] = (x[at] - mean) * scale + bias;
        }
      }
    }
    for (int i = 0; i < 2; ++i) {
      if (call.wants_result(i + 1)) HEDDLE_RETURN_IF_ERROR(running[i].Store(kOp));
    }
    return y.Store(kOp);
  });
}

absl::Status GroupNormalization(LibraryCall& call) {
  constexpr std::string_view kOp = "GroupNormalization";
  TensorView view = call.operand(0);
  int64_t groups = call.Int("num_groups", 0);
  if (view.rank() < 2 || groups < 1 || view.dim(1) % groups != 0) {
    return Invalid(kOp, groups, " groups of shape ", ShapeText(view.dims));
  }
  AxisView channels = AroundAxis(view.dims, 1);
  HEDDLE_RETURN_IF_ERROR(CheckChannels(call, kOp, 1, 2, channels.size));
  double epsilon = call.Float("epsilon", 1e-5);
  return VisitCompute(kOp, view.element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, 0));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> scale, Load<C>(call, kOp, 1));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> bias, Load<C>(call, kOp, 2));
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, view.dims));
    int64_t size = channels.size / groups * channels.inner;
    for (int64_t g = 0; g < channels.outer * groups && size > 0; ++g) {
      Moments m = MomentsOf(x.data() + g * size, 1, 0, size);
      double inverse = 1 / std::sqrt(m.variance + epsilon);
      for (int64_t i = 0; i < size; ++i) {
        int64_t at = g * size + i, c = at / channels.inner % channels.size;
        y[at] = static_cast<C>((x[at] - m.mean) * inverse) * scale[c] + bias[c];
      }
    }
    return y.Store(kOp);
  });
}

absl::Status RMSNormalization(LibraryCall& call) {
  constexpr std::string_view kOp = "RMSNormalization";
  TensorView view = call.operand(0);
  HEDDLE_ASSIGN_OR_RETURN(int axis, NormalizeAxis(kOp, call.Int("axis", -1), view.rank()));
  DimSpan scale_dims = call.operand(1).dims, tail = view.dims.subspan(axis);
  HEDDLE_ASSIGN_OR_RETURN(Dims both, BroadcastDims(kOp, scale_dims, view.dims));
  if (!call.has_operand(1) || DimSpan(both) != view.dims) {
    return Invalid(kOp, "scale ", ShapeText(scale_dims), " for ", ShapeText(view.dims));
  }
  double epsilon = call.Float("epsilon", 1e-5);
  return VisitCompute(kOp, view.element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, 0));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> scale, Load<C>(call, kOp, 1));
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, view.dims));
    int64_t size = Product(tail), i = 0;
    C inverse = 0;
    ForEachIndex<1>(
        view.dims, {BroadcastStrides(scale_dims, view.dims)},
        [&](const std::array<int64_t, 1>& at) {
          if (i % size == 0) {
            double squares = 0;
            for (int64_t k = 0; k < size; ++k) squares += static_cast<double>(x[i + k]) * x[i + k];
            inverse = static_cast<C>(1 / std::sqrt(squares / static_cast<double>(size) + epsilon));
          }
          y[i] = x[i] * inverse * scale[at[0]];
          ++i;
        });
    return y.Store(kOp);
  });
}

absl::Status MeanVarianceNormalization(LibraryCall& call) {
  constexpr std::string_view kOp = "MeanVarianceNormalization";
  TensorView view = call.operand(0);
  Dims axes = ToDims(call.Ints("axes"));
  if (axes.empty()) axes = {0, 2, 3};
  HEDDLE_ASSIGN_OR_RETURN(axes, NormalizeAxes(kOp, axes, view.rank()));
  // The kept axes and the reduced ones, with their strides.
  Dims strides = Strides(view.dims), kept, kept_strides, reduced, reduced_strides;
  for (int a = 0; a < view.rank(); ++a) {
    bool is_reduced = std::find(axes.begin(), axes.end(), a) != axes.end();
    (is_reduced ? reduced : kept).push_back(view.dim(a));
    (is_reduced ? reduced_strides : kept_strides).push_back(strides[a]);
  }
  double count = static_cast<double>(Product(reduced));
  return VisitCompute(kOp, view.element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, 0));
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, view.dims));
    using Offset = const std::array<int64_t, 1>&;
    ForEachIndex<1>(kept, {kept_strides}, [&](Offset base) {
      double sum = 0, squares = 0;
      ForEachIndex<1>(reduced, {reduced_strides}, [&](Offset o) { sum += x[base[0] + o[0]]; });
      double mean = sum / count;
      ForEachIndex<1>(reduced, {reduced_strides}, [&](Offset o) {
        double d = x[base[0] + o[0]] - mean;
        squares += d * d;
      });
      double deviation = std::sqrt(squares / count) + 1e-9;
      ForEachIndex<1>(reduced, {reduced_strides}, [&](Offset o) {
        y[base[0] + o[0]] = static_cast<C>((x[base[0] + o[0]] - mean) / deviation);
      });
    });
    return y.Store(kOp);
  });
}

namespace {

// x * sigmoid(alpha x), times operand 1 for SwiGLU.
absl::Status Gate(LibraryCall& call, std::string_view op, bool second) {
  TensorView view = call.operand(0);
  if (second && call.operand(1).dims != view.dims) {
    return Invalid(op, "shapes ", ShapeText(view.dims), " and ", ShapeText(call.operand(1).dims));
  }
  return VisitCompute(op, view.element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    C alpha = static_cast<C>(call.Float("alpha", 1));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, op, 0));
    absl::Span<const C> factor;
    if (second) {
      HEDDLE_ASSIGN_OR_RETURN(factor, Load<C>(call, op, 1));
    }
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, op, 0, view.dims));
    for (size_t i = 0; i < x.size(); ++i) {
      C v = x[i] * Sigmoid(alpha * x[i]);
      y[static_cast<int64_t>(i)] = second ? v * factor[i] : v;
    }
    return y.Store(op);
  });
}

}  // namespace

absl::Status Swish(LibraryCall& call) { return Gate(call, "Swish", false); }
absl::Status SwiGLU(LibraryCall& call) { return Gate(call, "SwiGLU", true); }

}  // namespace heddle::library
