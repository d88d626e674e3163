// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/library/window.h"

#include <algorithm>
#include <optional>

#include "runtime/library/arithmetic.h"

namespace heddle::library {
namespace {

// Bounds of attributes and of axes, so that sums of products of two do not overflow.
constexpr int64_t kLongest = int64_t{1} << 20;
constexpr int64_t kLargest = int64_t{1} << 40;

absl::Status Take(std::string_view op, std::string_view name, absl::Span<const int64_t> values,
                  size_t count, int64_t least, Dims& to) {
  if (values.empty()) return absl::OkStatus();
  if (values.size() != count) {
    return Invalid(op, values.size(), " ", Absl(name), " where ", count, " are needed");
  }
  for (int64_t v : values) {
    if (v < least || v > kLongest) return Invalid(op, Absl(name), " of ", v);
  }
  to = ToDims(values);
  return absl::OkStatus();
}

// Where the tap `k` of the window at `o` is in an image; nothing in its padding.
std::optional<int64_t> PixelUnder(const Window& w, const Dims& strides, const Dims& o,
                                  const Dims& k) {
  int64_t pixel = 0;
  for (int a = 0; a < w.rank(); ++a) {
    int64_t at = w.Position(a, o[a], k[a]);
    if (at < 0 || at >= w.in[a]) return std::nullopt;
    pixel += at * strides[a];
  }
  return pixel;
}

}  // namespace

absl::StatusOr<Window> ParseWindow(const LibraryCall& call, std::string_view op, DimSpan in,
                                   DimSpan kernel) {
  Window w;
  size_t n = in.size();
  w.in = ToDims(in);
  w.kernel = ToDims(kernel);
  HEDDLE_RETURN_IF_ERROR(Take(op, "kernel_shape", call.Ints("kernel_shape"), n, 1, w.kernel));
  if (w.kernel.size() != n) return Invalid(op, "a kernel of ", w.kernel.size(), " axes for ", n);
  for (size_t i = 0; i < n && !kernel.empty(); ++i) {
    if (kernel[i] != w.kernel[i]) {
      return Invalid(op, "kernel_shape ", ShapeText(w.kernel), " for weights ", ShapeText(kernel));
    }
  }
  w.strides.assign(n, 1);
  w.dilations.assign(n, 1);
  HEDDLE_RETURN_IF_ERROR(Take(op, "strides", call.Ints("strides"), n, 1, w.strides));
  HEDDLE_RETURN_IF_ERROR(Take(op, "dilations", call.Ints("dilations"), n, 1, w.dilations));
  Dims pads(2 * n, 0);
  HEDDLE_RETURN_IF_ERROR(Take(op, "pads", call.Ints("pads"), 2 * n, -kLongest, pads));
  w.begin.assign(pads.begin(), pads.begin() + n);
  w.end.assign(pads.begin() + n, pads.end());
  for (size_t i = 0; i < n; ++i) {
    if (w.kernel[i] < 1 || w.kernel[i] > kLongest || in[i] > kLargest) {
      return Invalid(op, "a kernel of ", w.kernel[i], " over ", in[i]);
    }
  }
  return w;
}

absl::Status SizeOutput(const LibraryCall& call, std::string_view op, Window& w) {
  std::string_view mode = call.Text("auto_pad", "NOTSET");
  bool ceil = call.Int("ceil_mode", 0) != 0;
  w.out.resize(w.rank());
  for (int i = 0; i < w.rank(); ++i) {
    int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1, stride = w.strides[i];
    if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
      w.out[i] = CeilDiv(w.in[i], stride);
      int64_t total = std::max<int64_t>(0, (w.out[i] - 1) * stride + reach - w.in[i]);
      w.begin[i] = mode == "SAME_UPPER" ? total / 2 : total - total / 2;
      w.end[i] = total - w.begin[i];
      continue;
    }
    if (mode == "VALID") w.begin[i] = w.end[i] = 0;
    int64_t room = w.in[i] + w.begin[i] + w.end[i] - reach;
    if (room < 0) {
      if (w.in[i] != 0) {
        return Invalid(op, "a window of ", reach, " over ", w.in[i], " padded by ", w.begin[i],
                       " and ", w.end[i]);
      }
      w.out[i] = 0;
      continue;
    }
    w.out[i] = (ceil ? CeilDiv(room, stride) : room / stride) + 1;
    // A window may not start in the padding behind the input.
    if (ceil && (w.out[i] - 1) * stride >= w.in[i] + w.begin[i]) --w.out[i];
  }
  return absl::OkStatus();
}

template <typename C>
void GatherColumns(const Window& w, const C* from, int64_t channels, int64_t first, int64_t count,
                   C* to) {
  int64_t image = Product(w.in), taps = Product(w.kernel);
  Dims strides = Strides(w.in), o(w.rank()), k(w.rank());
  int64_t rest = first;
  for (int a = w.rank() - 1; a >= 0; --a) {
    o[a] = rest % w.out[a];
    rest /= w.out[a];
  }
  for (int64_t p = 0; p < count; ++p) {
    std::fill(k.begin(), k.end(), 0);
    for (int64_t tap = 0; tap < taps; ++tap) {
      std::optional<int64_t> pixel = PixelUnder(w, strides, o, k);
      for (int64_t c = 0; c < channels; ++c) {
        to[(p * channels + c) * taps + tap] = pixel ? from[c * image + *pixel] : C{0};
      }
      NextIndex(w.kernel, absl::MakeSpan(k));
    }
    NextIndex(w.out, absl::MakeSpan(o));
  }
}

template <typename C>
void ScatterColumns(const Window& w, const C* columns, C* image) {
  int64_t taps = Product(w.kernel), positions = Product(w.out);
  Dims strides = Strides(w.in), k(w.rank(), 0), o(w.rank());
  for (int64_t tap = 0; tap < taps; ++tap) {
    std::fill(o.begin(), o.end(), 0);
    for (int64_t p = 0; p < positions; ++p) {
      std::optional<int64_t> pixel = PixelUnder(w, strides, o, k);
      if (pixel) image[*pixel] = Add(image[*pixel], columns[tap * positions + p]);
      NextIndex(w.out, absl::MakeSpan(o));
    }
    NextIndex(w.kernel, absl::MakeSpan(k));
  }
}

template void GatherColumns(const Window&, const float*, int64_t, int64_t, int64_t, float*);
template void GatherColumns(const Window&, const double*, int64_t, int64_t, int64_t, double*);
template void ScatterColumns(const Window&, const float*, float*);
template void ScatterColumns(const Window&, const double*, double*);
template void ScatterColumns(const Window&, const int64_t*, int64_t*);

}  // namespace heddle::library
