// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// RotaryEmbedding, LinearAttention, CausalConvWithState: the small operators of language models.

#include <algorithm>
#include <cmath>

#include "runtime/library/activations.h"
#include "runtime/library/buffers.h"
#include "runtime/library/dense_kernels.h"
#include "runtime/library/functions.h"

namespace heddle::library {

absl::Status RotaryEmbedding(LibraryCall& call) {
  constexpr std::string_view kOp = "RotaryEmbedding";
  DimSpan dims = call.operand(0).dims;
  bool packed = dims.size() == 3;
  if (!packed && dims.size() != 4) return Invalid(kOp, "shape ", ShapeText(dims));
  int64_t batch = dims[0], length = dims[packed ? 1 : 2];
  int64_t heads = packed ? call.Int("num_heads", 0) : dims[1];
  int64_t size = dims.back();
  if (packed) {
    HEDDLE_ASSIGN_OR_RETURN(size, HeadSize(kOp, size, heads));
  }
  int64_t rotated = call.Int("rotary_embedding_dim", 0);
  if (rotated == 0) rotated = size;
  int64_t half = rotated / 2;
  bool positions = call.has_operand(3);
  DimSpan cache = call.operand(1).dims;
  Dims expected = {batch, length, half};
  bool fits = rotated > 0 && rotated <= size && rotated % 2 == 0 && cache == call.operand(2).dims &&
              (positions ? cache.size() == 2 && cache[1] == half : cache == DimSpan(expected));
  Dims ids_dims = {batch, length};
  if (!fits || (positions && call.operand(3).dims != DimSpan(ids_dims))) {
    return Invalid(kOp, "cosines ", ShapeText(cache), " for ", rotated, " of shape ",
                   ShapeText(dims));
  }
  absl::Span<const int64_t> ids;
  if (positions) {
    HEDDLE_ASSIGN_OR_RETURN(ids, Load<int64_t>(call, kOp, 3));
  }
  bool interleaved = call.Int("interleaved", 0) != 0;
  return VisitCompute(kOp, call.operand(0).element_type, [&](auto tag) -> absl::Status {
    using C = typename decltype(tag)::Type;
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> x, Load<C>(call, kOp, 0));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> cosine, Load<C>(call, kOp, 1));
    HEDDLE_ASSIGN_OR_RETURN(absl::Span<const C> sine, Load<C>(call, kOp, 2));
    HEDDLE_ASSIGN_OR_RETURN(Output<C> y, Output<C>::Make(call, kOp, 0, dims));
    for (int64_t line = 0; line < batch * length * heads; ++line) {
      int64_t b = line / (length * heads), rest = line % (length * heads);
      int64_t at = b * length + (packed ? rest / heads : rest % length);
      if (positions) {
        at = ids[at];
        if (at < 0 || at >= cache[0]) return OutOfRange(kOp, "position ", at, " of ", cache[0]);
      }
      const C* from = x.data() + line * size;
      C* to = y.values().data() + line * size;
      for (int64_t i = 0; i < half; ++i) {
        int64_t first = interleaved ? 2 * i : i, second = interleaved ? 2 * i + 1 : half + i;
        C c = cosine[at * half + i], s = sine[at * half + i];
        to[first] = c * from[first] - s * from[second];
        to[second] = s * from[first] + c * from[second];
      }
      std::copy(from + rotated, from + size, to + rotated);
    }
    return y.Store(kOp);
  });
}

namespace {

// One head's recurrence over all steps. Distances are those between steps.
struct LinearHead {
  int64_t steps, k_size, v_size, group;
  const float *q, *k, *v, *decay, *beta;  // decay and beta may be null
  int64_t q_step, k_step, v_step, decay_step, beta_step, out_step;
  bool decay_per_key;
  float scale;
  float* state;    // [k_size, v_size]
  float* written;  // [v_size], working space
  float* out;      // `group` heads beside each other
};

void RunHead(const LinearHead& h) {
  for (int64_t t = 0; t < h.steps; ++t) {
    const float* k = h.k + t * h.k_step;
    const float* v = h.v + t * h.v_step;
    if (h.decay != nullptr) {
      const float* g = h.decay + t * h.decay_step;
      for (int64_t d = 0; d < h.k_size; ++d) {
        float factor = std::exp(g[h.decay_per_key ? d : 0]);
        for (int64_t m = 0; m < h.v_size; ++m) h.state[d * h.v_size + m] *= factor;
      }
    }
    std::copy_n(v, h.v_size, h.written);
    if (h.beta != nullptr) {
      for (int64_t d = 0; d < h.k_size; ++d)
        AddScaled(-k[d], h.state + d * h.v_size, h.written, h.v_size);
      for (int64_t m = 0; m < h.v_size; ++m) h.written[m] *= h.beta[t * h.beta_step];
    }
    for (int64_t d = 0; d < h.k_size; ++d)
      AddScaled(k[d], h.written, h.state + d * h.v_size, h.v_size);
    for (int64_t g = 0; g < h.group; ++g) {
      const float* q = h.q + t * h.q_step + g * h.k_size;
      float* out = h.out + t * h.out_step + g * h.v_size;
      std::fill_n(out, h.v_size, 0.0f);
      for (int64_t d = 0; d < h.k_size; ++d)
        AddScaled(h.scale * q[d], h.state + d * h.v_size, out, h.v_size);
    }
  }
}

// What LinearAttention says of its operands, checked.
struct LinearSizes {
  int64_t batch, steps, q_heads, heads, k_size, v_size, decay_width, beta_width;
  bool gated, delta, decay_per_key;
};

absl::StatusOr<LinearSizes> ParseLinearSizes(const LibraryCall& call, std::string_view op) {
  for (int i = 0; i < 3; ++i) HEDDLE_RETURN_IF_ERROR(RequireRank(call, op, i, 3));
  LinearSizes s{};
  std::string_view rule = call.Text("update_rule", "gated_delta");
  s.gated = rule == "gated" || rule == "gated_delta";
  s.delta = rule == "delta" || rule == "gated_delta";
  if (!s.gated && !s.delta && rule != "linear") {
    return Unimplemented(op, "update_rule ", Absl(rule));
  }
  if (s.gated != call.has_operand(4) || s.delta != call.has_operand(5)) {
    return Invalid(op, "update_rule ", Absl(rule), " with other operands than it takes");
  }
  DimSpan q = call.operand(0).dims, k = call.operand(1).dims, v = call.operand(2).dims;
  DimSpan lines = q.subspan(0, 2);
  s.batch = q[0];
  s.steps = q[1];
  s.q_heads = call.Int("q_num_heads", 0);
  s.heads = call.Int("kv_num_heads", 0);
  HEDDLE_ASSIGN_OR_RETURN(int64_t q_size, HeadSize(op, q[2], s.q_heads));
  HEDDLE_ASSIGN_OR_RETURN(s.k_size, HeadSize(op, k[2], s.heads));
  HEDDLE_ASSIGN_OR_RETURN(s.v_size, HeadSize(op, v[2], s.heads));
  if (s.q_heads % s.heads != 0 || q_size != s.k_size || k.subspan(0, 2) != lines ||
      v.subspan(0, 2) != lines) {
    return Invalid(op, "query ", ShapeText(q), " of ", s.q_heads, " heads, key ", ShapeText(k),
                   " and value ", ShapeText(v), " of ", s.heads);
  }
  auto width = [&](int i) { return call.operand(i).rank() == 3 ? call.operand(i).dim(2) : 0; };
  auto fits = [&](int i) { return call.operand(i).dims.subspan(0, 2) == lines; };
  s.decay_width = width(4);
  s.beta_width = width(5);
  s.decay_per_key = s.gated && s.k_size != 1 && s.decay_width == s.heads * s.k_size;
  Dims state = {s.batch, s.heads, s.k_size, s.v_size};
  if ((s.gated && !(fits(4) && (s.decay_per_key || s.decay_width == s.heads))) ||
      (s.delta && !(fits(5) && (s.beta_width == s.heads || s.beta_width == 1))) ||
      (call.has_operand(3) && call.operand(3).dims != DimSpan(state))) {
    return Invalid(op, "past_state, decay or beta of a shape that does not fit ", ShapeText(state));
  }
  return s;
}

struct LinearOperands {
  absl::Span<const float> q, k, v, past, decay, beta;  // the last three may be empty
};

absl::StatusOr<LinearOperands> LoadLinearOperands(LibraryCall& call, std::string_view op) {
  LinearOperands in;
  absl::Span<const float>* all[] = {&in.q, &in.k, &in.v, &in.past, &in.decay, &in.beta};
  for (int i = 0; i < 6; ++i) {
    if (!call.has_operand(i)) continue;
    HEDDLE_ASSIGN_OR_RETURN(*all[i], Load<float>(call, op, i));
  }
  return in;
}

// Head `h` of sequence `b`, but for its working space.
LinearHead HeadOf(const LinearSizes& s, const LinearOperands& in, int64_t b, int64_t h,
                  float* out) {
  LinearHead head{};
  int64_t group = s.q_heads / s.heads, line = b * s.steps;
  head.steps = s.steps;
  head.k_size = s.k_size;
  head.v_size = s.v_size;
  head.group = group;
  head.q_step = s.q_heads * s.k_size;
  head.k_step = s.heads * s.k_size;
  head.v_step = s.heads * s.v_size;
  head.out_step = s.q_heads * s.v_size;
  head.q = in.q.data() + line * head.q_step + h * group * s.k_size;
  head.k = in.k.data() + line * head.k_step + h * s.k_size;
  head.v = in.v.data() + line * head.v_step + h * s.v_size;
  head.out = out + line * head.out_step + h * group * s.v_size;
  head.decay_per_key = s.decay_per_key;
  if (s.gated) {
    head.decay_step = s.decay_width;
    head.decay = in.decay.data() + line * s.decay_width + h * (s.decay_per_key ? s.k_size : 1);
  }
  if (s.delta) {
    head.beta_step = s.beta_width;
    head.beta = in.beta.data() + line * s.beta_width + (s.beta_width == 1 ? 0 : h);
  }
  return head;
}

}  // namespace

absl::Status LinearAttention(LibraryCall& call) {
  constexpr std::string_view kOp = "LinearAttention";
  HEDDLE_ASSIGN_OR_RETURN(LinearSizes s, ParseLinearSizes(call, kOp));
  HEDDLE_ASSIGN_OR_RETURN(LinearOperands in, LoadLinearOperands(call, kOp));
  double scale = call.Float("scale", 0);
  if (scale == 0) scale = 1 / std::sqrt(static_cast<double>(std::max<int64_t>(s.k_size, 1)));
  HEDDLE_ASSIGN_OR_RETURN(int64_t width, CheckedProduct(kOp, {s.q_heads, s.v_size}));
  HEDDLE_ASSIGN_OR_RETURN(Output<float> y,
                          Output<float>::Make(call, kOp, 0, {s.batch, s.steps, width}));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<float> state,
                          Scratch<float>(call, kOp, {s.batch, s.heads, s.k_size, s.v_size}));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<float> written, Scratch<float>(call, kOp, s.v_size));
  if (in.past.empty()) {
    std::fill(state.begin(), state.end(), 0.0f);
  } else {
    std::copy(in.past.begin(), in.past.end(), state.begin());
  }
  // Nothing to write: any number of heads, and no step changes the state.
  int64_t heads = y.values().empty() ? 0 : s.batch * s.heads;
  for (int64_t i = 0; i < heads; ++i) {
    LinearHead head = HeadOf(s, in, i / s.heads, i % s.heads, y.values().data());
    head.scale = static_cast<float>(scale);
    head.state = state.data() + i * s.k_size * s.v_size;
    head.written = written.data();
    RunHead(head);
  }
  if (call.wants_result(1)) {
    HEDDLE_ASSIGN_OR_RETURN(
        Output<float> present,
        Output<float>::Make(call, kOp, 1, {s.batch, s.heads, s.k_size, s.v_size}));
    std::copy(state.begin(), state.end(), present.values().begin());
    HEDDLE_RETURN_IF_ERROR(present.Store(kOp));
  }
  return y.Store(kOp);
}

absl::Status CausalConvWithState(LibraryCall& call) {
  constexpr std::string_view kOp = "CausalConvWithState";
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 0, 3));
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 1, 3));
  DimSpan dims = call.operand(0).dims, weights = call.operand(1).dims;
  int64_t channels = dims[1], length = dims[2], taps = weights[2];
  std::string_view activation = call.Text("activation", "none");
  bool silu = activation == "silu" || activation == "swish";
  if (!silu && activation != "none") return Unimplemented(kOp, "activation ", Absl(activation));
  Dims state_dims = {dims[0], channels, taps - 1};
  if (taps < 1 || weights[0] != channels || weights[1] != 1 ||
      (call.has_operand(2) && call.operand(2).count() != channels) ||
      (call.has_operand(3) && call.operand(3).dims != DimSpan(state_dims))) {
    return Invalid(kOp, "input ", ShapeText(dims), ", weights ", ShapeText(weights));
  }
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const float> x, Load<float>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const float> w, Load<float>(call, kOp, 1));
  absl::Span<const float> bias, past;
  if (call.has_operand(2)) {
    HEDDLE_ASSIGN_OR_RETURN(bias, Load<float>(call, kOp, 2));
  }
  if (call.has_operand(3)) {
    HEDDLE_ASSIGN_OR_RETURN(past, Load<float>(call, kOp, 3));
  }
  HEDDLE_ASSIGN_OR_RETURN(Output<float> y, Output<float>::Make(call, kOp, 0, dims));
  Output<float> present;
  bool keep = call.wants_result(1);
  if (keep) {
    HEDDLE_ASSIGN_OR_RETURN(present, Output<float>::Make(call, kOp, 1, state_dims));
  }
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<float> padded, Scratch<float>(call, kOp, length + taps - 1));
  for (int64_t line = 0; line < dims[0] * channels; ++line) {
    for (int64_t i = 0; i < taps - 1; ++i)
      padded[i] = past.empty() ? 0.0f : past[line * (taps - 1) + i];
    if (length > 0) std::copy_n(x.data() + line * length, length, padded.data() + taps - 1);
    float* to = y.values().data() + line * length;
    int64_t c = line % channels;
    std::fill_n(to, length, bias.empty() ? 0.0f : bias[c]);
    for (int64_t t = 0; t < taps && length > 0; ++t)
      AddScaled(w[c * taps + t], padded.data() + t, to, length);
    for (int64_t i = 0; silu && i < length; ++i) to[i] *= Sigmoid(to[i]);
    if (keep && taps > 1) {
      std::copy_n(padded.data() + length, taps - 1, &present.values()[0] + line * (taps - 1));
    }
  }
  if (keep) HEDDLE_RETURN_IF_ERROR(present.Store(kOp));
  return y.Store(kOp);
}

}  // namespace heddle::library
