// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conv, ConvTranspose, Col2Im: the general forms, for any rank and type.

#include <algorithm>

#include "runtime/library/convolution.h"
#include "runtime/library/dense_kernels.h"
#include "runtime/library/functions.h"

namespace heddle::library {

absl::StatusOr<Convolution> ParseConvolution(LibraryCall& call, std::string_view op, int x, int w) {
  DimSpan in = call.operand(x).dims, weights = call.operand(w).dims;
  Convolution conv;
  conv.group = call.Int("group", 1);
  if (in.size() < 3 || weights.size() != in.size() || conv.group < 1 || in[1] % conv.group != 0 ||
      weights[1] != in[1] / conv.group || weights[0] % conv.group != 0) {
    return Invalid(op, "input ", ShapeText(in), ", weights ", ShapeText(weights), ", group ",
                   conv.group);
  }
  conv.batch = in[0];
  conv.in_channels = in[1];
  conv.out_channels = weights[0];
  HEDDLE_ASSIGN_OR_RETURN(conv.window, ParseWindow(call, op, in.subspan(2), weights.subspan(2)));
  HEDDLE_RETURN_IF_ERROR(SizeOutput(call, op, conv.window));
  conv.result = {conv.batch, conv.out_channels};
  conv.result.insert(conv.result.end(), conv.window.out.begin(), conv.window.out.end());
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(op, conv.result).status());
  return conv;
}

template <typename C>
absl::Status Convolve(LibraryCall& call, std::string_view op, const Convolution& conv, const C* x,
                      const C* w, C* y) {
  const Window& window = conv.window;
  int64_t channels = conv.in_channels / conv.group, rows = conv.out_channels / conv.group;
  int64_t image = Product(window.in), positions = Product(window.out);
  int64_t depth = channels * Product(window.kernel);
  if (positions == 0 || depth == 0) return absl::OkStatus();
  int64_t block =
      std::clamp<int64_t>((int64_t{1} << 18) / depth, 16, positions < 16 ? 16 : positions);
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> columns, Scratch<C>(call, op, {block, depth}));
  for (int64_t n = 0; n < conv.batch; ++n) {
    for (int64_t g = 0; g < conv.group; ++g) {
      const C* from = x + (n * conv.in_channels + g * channels) * image;
      C* to = y + (n * conv.out_channels + g * rows) * positions;
      for (int64_t first = 0; first < positions; first += block) {
        int64_t count = std::min(block, positions - first);
        GatherColumns(window, from, channels, first, count, columns.data());
        MultiplyTransposed(w + g * rows * depth, rows, depth, columns.data(), count, depth, depth,
                           to + first, positions);
      }
    }
  }
  return absl::OkStatus();
}
template absl::Status Convolve(LibraryCall&, std::string_view, const Convolution&, const float*,
                               const float*, float*);
template absl::Status Convolve(LibraryCall&, std::string_view, const Convolution&, const double*,
                               const double*, double*);

namespace {

// Fills [batch, channels, positions] with the bias in operand `index`, or zero.
template <typename C>
absl::Status FillBias(LibraryCall& call, std::string_view op, int index, DimSpan dims, C* y) {
  absl::Span<const C> bias;
  if (call.has_operand(index)) {
    HEDDLE_ASSIGN_OR_RETURN(bias, Load<C>(call, op, index));
    if (static_cast<int64_t>(bias.size()) != dims[1]) {
      return Invalid(op, bias.size(), " biases for ", dims[1], " channels");
    }
  }
  int64_t positions = Product(dims, 2, static_cast<int>(dims.size()));
  for (int64_t line = 0; line < dims[0] * dims[1]; ++line) {
    std::fill_n(y + line * positions, positions, bias.empty() ? C{0} : bias[line % dims[1]]);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Conv(LibraryCall& call) {
  HEDDLE_ASSIGN_OR_RETURN(Convolution conv, ParseConvolution(call, "Conv", 0, 1));
  return VisitCompute("Conv", call.operand(0).element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, "Conv", 0));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> w, Load<C>(call, "Conv", 1));
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, "Conv", 0, conv.result));
    HEDDLE_RETURN_IF_ERROR(FillBias<C>(call, "Conv", 2, conv.result, y.values().data()));
    HEDDLE_RETURN_IF_ERROR(Convolve<C>(call, "Conv", conv, x.data(), w.data(), y.values().data()));
    return y.Store("Conv");
  });
}

namespace {

// The window of a transposed convolution: its image is the result, its positions the input.
absl::StatusOr<Window> TransposedWindow(LibraryCall& call, std::string_view op, DimSpan in,
                                        DimSpan kernel) {
  HEDDLE_ASSIGN_OR_RETURN(Window w, ParseWindow(call, op, in, kernel));
  w.out = w.in;
  Dims extra(w.rank(), 0);
  if (absl::Span<const int64_t> given = call.Ints("output_padding"); !given.empty()) {
    if (given.size() != extra.size()) return Invalid(op, given.size(), " values of output_padding");
    extra = ToDims(given);
  }
  absl::Span<const int64_t> shape = call.Ints("output_shape");
  if (!shape.empty() && shape.size() != in.size()) {
    return Invalid(op, "output_shape ", ShapeText(shape), " for ", in.size(), " axes");
  }
  std::string_view mode = call.Text("auto_pad", "NOTSET");
  bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  for (int i = 0; i < w.rank(); ++i) {
    if (std::abs(extra[i]) > (1 << 20)) return Invalid(op, "output_padding of ", extra[i]);
    if (mode == "VALID") w.begin[i] = w.end[i] = 0;
    int64_t full =
        w.strides[i] * (w.out[i] - 1) + extra[i] + (w.kernel[i] - 1) * w.dilations[i] + 1;
    if (shape.empty() && !same) {
      w.in[i] = full - w.begin[i] - w.end[i];
    } else {
      w.in[i] = shape.empty() ? w.out[i] * w.strides[i] : shape[i];
      if (w.in[i] < 0 || w.in[i] > (int64_t{1} << 40)) {
        return Invalid(op, "a result of ", w.in[i], " along axis ", i + 2);
      }
      int64_t total = full - w.in[i];
      // As the specification has it, the smaller half goes first except for SAME_LOWER.
      w.begin[i] = mode == "SAME_LOWER" ? total - total / 2 : total / 2;
      w.end[i] = total - w.begin[i];
    }
    if (w.in[i] < 0) return Invalid(op, "a result of ", w.in[i], " along axis ", i + 2);
  }
  return w;
}

template <typename C>
absl::Status TransposedConvolution(LibraryCall& call, const Window& window, int64_t group,
                                   DimSpan dims) {
  constexpr std::string_view kOp = "ConvTranspose";
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> w, Load<C>(call, kOp, 1));
  HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, dims));
  HEDDLE_RETURN_IF_ERROR(FillBias<C>(call, kOp, 2, dims, y.values().data()));
  int64_t channels = call.operand(0).dim(1) / group, rows = dims[1] / group;
  int64_t positions = Product(window.out), taps = Product(window.kernel),
          image = Product(window.in);
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> lines, Scratch<C>(call, kOp, {positions, channels}));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> weights, Scratch<C>(call, kOp, {taps, channels}));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> columns, Scratch<C>(call, kOp, {taps, positions}));
  for (int64_t n = 0; n < dims[0]; ++n) {
    for (int64_t g = 0; g < group; ++g) {
      const C* from = x.data() + (n * group + g) * channels * positions;
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t p = 0; p < positions; ++p) lines[p * channels + c] = from[c * positions + p];
      }
      for (int64_t m = 0; m < rows; ++m) {
        for (int64_t c = 0; c < channels; ++c) {
          const C* taps_of = w.data() + ((g * channels + c) * rows + m) * taps;
          for (int64_t t = 0; t < taps; ++t) weights[t * channels + c] = taps_of[t];
        }
        std::fill(columns.begin(), columns.end(), C{0});
        MultiplyTransposed(weights.data(), taps, channels, lines.data(), positions, channels,
                           channels, columns.data(), positions);
        ScatterColumns(window, columns.data(),
                       y.values().data() + ((n * group + g) * rows + m) * image);
      }
    }
  }
  return y.Store(kOp);
}

}  // namespace

absl::Status ConvTranspose(LibraryCall& call) {
  constexpr std::string_view kOp = "ConvTranspose";
  DimSpan in = call.operand(0).dims, weights = call.operand(1).dims;
  int64_t group = call.Int("group", 1);
  Dims dims = {in.empty() ? 0 : in[0], 0};
  if (in.size() < 3 || weights.size() != in.size() || group < 1 || in[1] % group != 0 ||
      weights[0] != in[1] || __builtin_mul_overflow(weights[1], group, &dims[1])) {
    return Invalid(kOp, "input ", ShapeText(in), ", weights ", ShapeText(weights), ", group ",
                   group);
  }
  HEDDLE_ASSIGN_OR_RETURN(Window window,
                          TransposedWindow(call, kOp, in.subspan(2), weights.subspan(2)));
  dims.insert(dims.end(), window.in.begin(), window.in.end());
  return VisitCompute(kOp, call.operand(0).element_type, [&](auto tag) {
    return TransposedConvolution<typename decltype(tag)::Type>(call, window, group, dims);
  });
}

absl::Status Col2Im(LibraryCall& call) {
  constexpr std::string_view kOp = "Col2Im";
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 0, 3));
  HEDDLE_ASSIGN_OR_RETURN(Dims image, IntList(call, kOp, 1));
  HEDDLE_ASSIGN_OR_RETURN(Dims block, IntList(call, kOp, 2));
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(kOp, image).status());
  HEDDLE_ASSIGN_OR_RETURN(Window window, ParseWindow(call, kOp, image, block));
  HEDDLE_RETURN_IF_ERROR(SizeOutput(call, kOp, window));
  HEDDLE_ASSIGN_OR_RETURN(int64_t taps, CheckedProduct(kOp, block));
  DimSpan x_dims = call.operand(0).dims;
  HEDDLE_ASSIGN_OR_RETURN(int64_t positions, CheckedProduct(kOp, window.out));
  if (taps == 0 || x_dims[1] % taps != 0 || x_dims[2] != positions) {
    return Invalid(kOp, "columns ", ShapeText(x_dims), " for blocks ", ShapeText(block), " at ",
                   positions, " positions");
  }
  Dims dims = {x_dims[0], x_dims[1] / taps};
  dims.insert(dims.end(), image.begin(), image.end());
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(kOp, dims).status());
  auto run = [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, 0));
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, dims));
    std::fill(y.values().begin(), y.values().end(), C{0});
    int64_t size = Product(image);
    for (int64_t i = 0; i < dims[0] * dims[1]; ++i) {
      ScatterColumns(window, x.data() + i * taps * positions, y.values().data() + i * size);
    }
    return y.Store(kOp);
  };
  switch (call.operand(0).element_type) {
    case ElementType::kFloat16:
    case ElementType::kBFloat16:
    case ElementType::kFloat32:
      return run(TypeTag<float>{});
    case ElementType::kFloat64:
      return run(TypeTag<double>{});
    default:
      return run(TypeTag<int64_t>{});
  }
}

}  // namespace heddle::library
