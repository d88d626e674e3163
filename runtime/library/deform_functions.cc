// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// DeformConv: a convolution whose taps lie where offsets say.

#include <algorithm>

#include "runtime/library/convolution.h"
#include "runtime/library/dense_kernels.h"
#include "runtime/library/functions.h"
#include "runtime/library/sample_taps.h"

namespace heddle::library {

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
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> columns, Scratch<C>(call, kOp, {positions, depth}));
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
