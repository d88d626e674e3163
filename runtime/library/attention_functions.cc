// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention as a whole, for where it is not compiled.

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/library/arithmetic.h"
#include "runtime/library/buffers.h"
#include "runtime/library/dense_kernels.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

constexpr std::string_view kOp = "Attention";

struct Sizes {
  int64_t batch, q_heads, kv_heads, q_length, kv_length, past, total, size, v_size;
  bool packed;  // [batch, length, heads * size] instead of [batch, heads, length, size]
};

// Heads and their size of one of Q, K, V.
absl::Status Heads(const LibraryCall& call, int index, std::string_view attribute, int64_t& heads,
                   int64_t& length, int64_t& size) {
  DimSpan dims = call.operand(index).dims;
  if (dims.size() == 4) {
    heads = dims[1];
    length = dims[2];
    size = dims[3];
    return absl::OkStatus();
  }
  if (dims.size() != 3) return Invalid(kOp, "operand ", index, " of shape ", ShapeText(dims));
  heads = call.Int(attribute, 0);
  length = dims[1];
  HEDDLE_ASSIGN_OR_RETURN(size, HeadSize(kOp, dims[2], heads));
  return absl::OkStatus();
}

absl::StatusOr<Sizes> ParseSizes(const LibraryCall& call) {
  Sizes s{};
  for (int i = 0; i < 3; ++i) {
    if (!call.has_operand(i)) return Invalid(kOp, "operand ", i, " is missing");
  }
  int64_t k_size, v_heads, v_length;
  HEDDLE_RETURN_IF_ERROR(Heads(call, 0, "q_num_heads", s.q_heads, s.q_length, s.size));
  HEDDLE_RETURN_IF_ERROR(Heads(call, 1, "kv_num_heads", s.kv_heads, s.kv_length, k_size));
  HEDDLE_RETURN_IF_ERROR(Heads(call, 2, "kv_num_heads", v_heads, v_length, s.v_size));
  s.batch = call.operand(0).dim(0);
  s.packed = call.operand(0).rank() == 3;
  bool past_key = call.has_operand(4);
  if (past_key != call.has_operand(5) || (past_key && call.has_operand(6))) {
    return Invalid(
        kOp, "the operands past_key and past_value go together, and without nonpad_kv_seqlen");
  }
  if (past_key && call.operand(4).rank() == 4) s.past = call.operand(4).dim(2);
  s.total = s.past + s.kv_length;
  bool fits = k_size == s.size && v_heads == s.kv_heads && v_length == s.kv_length &&
              s.kv_heads > 0 && s.q_heads % s.kv_heads == 0;
  for (int i = 1; i < 3; ++i) {
    fits = fits && call.operand(i).dim(0) == s.batch &&
           call.operand(i).rank() == call.operand(0).rank();
  }
  if (past_key) {
    Dims k = {s.batch, s.kv_heads, s.past, s.size}, v = {s.batch, s.kv_heads, s.past, s.v_size};
    fits = fits && call.operand(4).dims == DimSpan(k) && call.operand(5).dims == DimSpan(v);
  }
  if (!fits) {
    return Invalid(kOp, "query ", ShapeText(call.operand(0).dims), ", key ",
                   ShapeText(call.operand(1).dims), ", value ", ShapeText(call.operand(2).dims),
                   ", past of ", s.past);
  }
  return s;
}

// Which keys a query may look at, and what is added to its scores.
template <typename C>
struct Bias {
  absl::Span<const C> mask;
  Dims strides;  // of the mask for [batch, head, query, key]
  int64_t mask_length = 0;
  Sizes sizes{};
  absl::Span<const int64_t> valid;  // per batch: keys that are no padding; empty: all
  int64_t left = -1, right = -1;

  // Fills one line; false if no key is left.
  bool Line(int64_t b, int64_t h, int64_t q, C* line) const {
    constexpr C kNone = -std::numeric_limits<C>::infinity();
    int64_t end = valid.empty() ? sizes.total : valid[b];
    int64_t position = q + (valid.empty() ? sizes.past : end - sizes.q_length);
    bool any = false;
    for (int64_t k = 0; k < sizes.total; ++k) {
      bool allowed = k < end && (left < 0 || position - k <= left) &&
                     (right < 0 || k - position <= right) && (mask.empty() || k < mask_length);
      C value = 0;
      if (allowed && !mask.empty()) {
        value = mask[b * strides[0] + h * strides[1] + q * strides[2] + k * strides[3]];
      }
      line[k] = allowed ? value : kNone;
      any = any || line[k] != kNone;
    }
    return any;
  }
};

template <typename C>
absl::StatusOr<Bias<C>> ParseBias(LibraryCall& call, const Sizes& s) {
  Bias<C> bias;
  bias.sizes = s;
  if (call.has_operand(3)) {
    TensorView view = call.operand(3);
    Dims to = {s.batch, s.q_heads, s.q_length, s.total}, dims = ToDims(view.dims);
    if (view.rank() < 1 || view.rank() > 4)
      return Invalid(kOp, "a mask of shape ", ShapeText(dims));
    // A mask shorter than the keys hides those behind it.
    bias.mask_length = dims.back();
    to[3] = bias.mask_length;
    HEDDLE_ASSIGN_OR_RETURN(Dims both, BroadcastDims(kOp, dims, to));
    if (both != to || bias.mask_length > s.total) {
      return Invalid(kOp, "a mask of shape ", ShapeText(dims), " for scores ", ShapeText(to));
    }
    bias.strides = BroadcastStrides(dims, to);
    if (view.element_type == ElementType::kBool) {
      HEDDLE_ASSIGN_OR_RETURN(absl::Span<const bool> allowed, Load<bool>(call, kOp, 3));
      HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> mask, Scratch<C>(call, kOp, view.count()));
      for (size_t i = 0; i < mask.size(); ++i) {
        mask[i] = allowed[i] ? C{0} : -std::numeric_limits<C>::infinity();
      }
      bias.mask = mask;
    } else {
      HEDDLE_ASSIGN_OR_RETURN(bias.mask, Load<C>(call, kOp, 3));
    }
  }
  if (call.has_operand(6)) {
    HEDDLE_ASSIGN_OR_RETURN(bias.valid, Load<int64_t>(call, kOp, 6));
    if (static_cast<int64_t>(bias.valid.size()) != s.batch) {
      return Invalid(kOp, bias.valid.size(), " lengths for a batch of ", s.batch);
    }
    for (int64_t length : bias.valid) {
      if (length < 0 || length > s.total) return OutOfRange(kOp, length, " of ", s.total, " keys");
    }
  }
  bias.left = call.Int("left_window_size", -1);
  bias.right = call.Int("right_window_size", -1);
  if (bias.left < -1 || bias.right < -1) {
    return Invalid(kOp, "windows of ", bias.left, " and ", bias.right);
  }
  if (call.Int("is_causal", 0) != 0) bias.right = 0;
  return bias;
}

// The past followed by operand `index`, as [batch, heads, total, size].
template <typename C>
absl::StatusOr<absl::Span<const C>> Present(LibraryCall& call, const Sizes& s, int index,
                                            int64_t size) {
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> now, Load<C>(call, kOp, index));
  if (s.past == 0 && !s.packed) return now;
  absl::Span<const C> past;
  if (s.past > 0) {
    HEDDLE_ASSIGN_OR_RETURN(past, Load<C>(call, kOp, index + 3));
  }
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> all,
                          Scratch<C>(call, kOp, {s.batch, s.kv_heads, s.total, size}));
  if (all.empty()) return absl::Span<const C>(all);
  C* to = all.data();
  for (int64_t line = 0; line < s.batch * s.kv_heads; ++line) {
    if (s.past > 0) to = std::copy_n(past.data() + line * s.past * size, s.past * size, to);
    for (int64_t k = 0; k < s.kv_length; ++k) {
      int64_t b = line / s.kv_heads, h = line % s.kv_heads;
      int64_t from = s.packed ? (b * s.kv_length + k) * s.kv_heads + h : line * s.kv_length + k;
      to = std::copy_n(now.data() + from * size, size, to);
    }
  }
  return absl::Span<const C>(all);
}

template <typename C>
absl::Status StorePresent(LibraryCall& call, const Sizes& s, int result, int64_t size,
                          absl::Span<const C> values) {
  if (!call.wants_result(result)) return absl::OkStatus();
  HEDDLE_ASSIGN_OR_RETURN(Output<C> y,
                          Output<C>::Make(call, kOp, result, {s.batch, s.kv_heads, s.total, size}));
  std::copy(values.begin(), values.end(), y.values().begin());
  return y.Store(kOp);
}

// What scores become on their way to probabilities: a stage at a time may be a result.
template <typename C>
struct Softmax {
  C scale, softcap;  // no cap: 0
  bool expose;
  int64_t mode;  // the stage that is exposed

  // Turns a line of products into probabilities, where `bias` hides or shifts its keys. Without any
  // key left they are 0. `exposed` is the line of that result, if there is one.
  void Line(absl::Span<C> line, absl::Span<const C> bias, bool any, C* exposed) const {
    constexpr C kNone = -std::numeric_limits<C>::infinity();
    auto show = [&](int64_t stage) {
      if (expose && mode == stage) std::copy(line.begin(), line.end(), exposed);
    };
    for (C& score : line) score *= scale;
    show(0);
    if (softcap > 0) {
      for (C& score : line) score = softcap * std::tanh(score / softcap);
    }
    show(1);
    C most = kNone;
    for (size_t k = 0; k < line.size(); ++k) {
      line[k] += bias[k];
      most = Maximum(line[k], most);
    }
    show(2);
    C sum = 0;
    for (size_t k = 0; k < line.size(); ++k) {
      bool hidden = !any || bias[k] == kNone;
      line[k] = hidden || (std::isinf(most) && most < 0) ? C{0} : std::exp(line[k] - most);
      sum += line[k];
    }
    for (size_t k = 0; k < line.size() && sum != 0; ++k) line[k] /= sum;
    show(3);
  }
};

template <typename C>
Softmax<C> ParseSoftmax(const LibraryCall& call, const Sizes& s) {
  return {.scale = static_cast<C>(call.Float(
              "scale", 1 / std::sqrt(static_cast<double>(std::max<int64_t>(s.size, 1))))),
          .softcap = static_cast<C>(call.Float("softcap", 0)),
          .expose = call.wants_result(3),
          .mode = call.Int("qk_matmul_output_mode", 0)};
}

// The result, which is 0 where no key is left.
template <typename C>
absl::StatusOr<Output<C>> MakeAttended(LibraryCall& call, const Sizes& s) {
  Dims dims = {s.batch, s.q_heads, s.q_length, s.v_size};
  if (s.packed) {
    HEDDLE_ASSIGN_OR_RETURN(int64_t width, CheckedProduct(kOp, {s.q_heads, s.v_size}));
    dims = {s.batch, s.q_length, width};
  }
  HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, dims));
  std::fill(y.values().begin(), y.values().end(), C{0});
  return y;
}

template <typename C>
absl::Status Attend(LibraryCall& call, const Sizes& s) {
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> query, Load<C>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> keys, Present<C>(call, s, 1, s.size));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> values, Present<C>(call, s, 2, s.v_size));
  HEDDLE_RETURN_IF_ERROR(StorePresent<C>(call, s, 1, s.size, keys));
  HEDDLE_RETURN_IF_ERROR(StorePresent<C>(call, s, 2, s.v_size, values));
  HEDDLE_ASSIGN_OR_RETURN(Bias<C> bias, ParseBias<C>(call, s));
  HEDDLE_ASSIGN_OR_RETURN(Output<C> y, MakeAttended<C>(call, s));
  const Softmax<C> softmax = ParseSoftmax<C>(call, s);
  Output<C> exposed;
  if (softmax.expose) {
    HEDDLE_ASSIGN_OR_RETURN(
        exposed, Output<C>::Make(call, kOp, 3, {s.batch, s.q_heads, s.q_length, s.total}));
  }
  // Without results, any number of heads.
  if (y.values().empty() && exposed.values().empty()) return absl::OkStatus();
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> scores, Scratch<C>(call, kOp, {s.q_length, s.total}));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<C> line_bias, Scratch<C>(call, kOp, s.total));
  for (int64_t bh = 0; bh < s.batch * s.q_heads; ++bh) {
    int64_t b = bh / s.q_heads, h = bh % s.q_heads;
    int64_t kv = b * s.kv_heads + h / (s.q_heads / s.kv_heads);
    int64_t q_row = s.packed ? s.q_heads * s.size : s.size;
    const C* q = query.data() +
                 (s.packed ? (b * s.q_length * s.q_heads + h) * s.size : bh * s.q_length * s.size);
    std::fill(scores.begin(), scores.end(), C{0});
    MultiplyTransposed(q, s.q_length, q_row, keys.data() + kv * s.total * s.size, s.total, s.size,
                       s.size, scores.data(), s.total);
    for (int64_t i = 0; i < s.q_length; ++i) {
      absl::Span<C> line = scores.subspan(i * s.total, s.total);
      bool any = bias.Line(b, h, i, line_bias.data());
      softmax.Line(line, line_bias, any, exposed.values().data() + (bh * s.q_length + i) * s.total);
      int64_t at = s.packed ? (b * s.q_length + i) * s.q_heads + h : bh * s.q_length + i;
      for (int64_t k = 0; k < s.total; ++k) {
        if (line[k] == 0) continue;
        AddScaled(line[k], values.data() + (kv * s.total + k) * s.v_size,
                  y.values().data() + at * s.v_size, s.v_size);
      }
    }
  }
  if (softmax.expose) HEDDLE_RETURN_IF_ERROR(exposed.Store(kOp));
  return y.Store(kOp);
}

}  // namespace

absl::Status Attention(LibraryCall& call) {
  HEDDLE_ASSIGN_OR_RETURN(Sizes sizes, ParseSizes(call));
  return VisitCompute(kOp, call.operand(0).element_type,
                      [&](auto tag) { return Attend<typename decltype(tag)::Type>(call, sizes); });
}

}  // namespace heddle::library
