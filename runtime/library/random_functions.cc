// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random numbers, keyed by the seed and the position: the same at any thread count, in any order.

#include <bit>
#include <cmath>

#include "runtime/library/buffers.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

// A generator without state: number `i` of the stream of a key (the mixing of SplitMix64).
class Stream {
 public:
  explicit Stream(uint64_t key) : key_(Mix(key + 0x9e3779b97f4a7c15u)) {}

  uint64_t Bits(uint64_t i) const { return Mix(key_ + (i + 1) * 0x9e3779b97f4a7c15u); }
  // In [0, 1).
  double Uniform(uint64_t i) const { return static_cast<double>(Bits(i) >> 11) * 0x1p-53; }
  double Normal(uint64_t i) const {
    double radius = std::sqrt(-2 * std::log(1 - Uniform(2 * i)));
    return radius * std::cos(6.283185307179586476925 * Uniform(2 * i + 1));
  }

 private:
  static uint64_t Mix(uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
  }
  uint64_t key_;
};

Stream SeededStream(const LibraryCall& call) {
  if (std::optional<double> seed = call.Float("seed"); seed.has_value()) {
    return Stream(std::bit_cast<uint64_t>(*seed));
  }
  return Stream(static_cast<uint64_t>(call.Int("seed", 0)));
}

template <typename Draw>
absl::Status Fill(LibraryCall& call, std::string_view op, DimSpan dims, Draw&& draw) {
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(op, dims).status());
  HEDDLE_ASSIGN_OR_RETURN(Output<double> y, Output<double>::Make(call, op, 0, dims));
  Stream stream = SeededStream(call);
  for (uint64_t i = 0; i < y.values().size(); ++i) y[static_cast<int64_t>(i)] = draw(stream, i);
  return y.Store(op);
}

absl::Status Normal(LibraryCall& call, std::string_view op, DimSpan dims) {
  double mean = call.Float("mean", 0), scale = call.Float("scale", 1);
  return Fill(call, op, dims,
              [&](const Stream& s, uint64_t i) { return mean + scale * s.Normal(i); });
}

absl::Status Uniform(LibraryCall& call, std::string_view op, DimSpan dims) {
  double low = call.Float("low", 0), high = call.Float("high", 1);
  return Fill(call, op, dims,
              [&](const Stream& s, uint64_t i) { return low + (high - low) * s.Uniform(i); });
}

}  // namespace

absl::Status RandomNormal(LibraryCall& call) {
  return Normal(call, "RandomNormal", call.Ints("shape"));
}
absl::Status RandomNormalLike(LibraryCall& call) {
  return Normal(call, "RandomNormalLike", call.operand(0).dims);
}
absl::Status RandomUniform(LibraryCall& call) {
  return Uniform(call, "RandomUniform", call.Ints("shape"));
}
absl::Status RandomUniformLike(LibraryCall& call) {
  return Uniform(call, "RandomUniformLike", call.operand(0).dims);
}

absl::Status Bernoulli(LibraryCall& call) {
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> p, Load<double>(call, "Bernoulli", 0));
  return Fill(call, "Bernoulli", call.operand(0).dims,
              [&](const Stream& s, uint64_t i) { return s.Uniform(i) < p[i] ? 1.0 : 0.0; });
}

absl::Status Multinomial(LibraryCall& call) {
  constexpr std::string_view kOp = "Multinomial";
  HEDDLE_RETURN_IF_ERROR(RequireRank(call, kOp, 0, 2));
  int64_t batch = call.operand(0).dim(0), classes = call.operand(0).dim(1);
  int64_t samples = call.Int("sample_size", 1);
  if (classes < 1 || samples < 1) return Invalid(kOp, samples, " samples of ", classes, " classes");
  HEDDLE_RETURN_IF_ERROR(CheckedProduct(kOp, {batch, samples}).status());
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> x, Load<double>(call, kOp, 0));
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<double> sums, Scratch<double>(call, kOp, classes));
  HEDDLE_ASSIGN_OR_RETURN(Output<int64_t> y, Output<int64_t>::Make(call, kOp, 0, {batch, samples}));
  Stream stream = SeededStream(call);
  for (int64_t b = 0; b < batch; ++b) {
    const double* logits = &x[b * classes];
    double most = logits[0], sum = 0;
    for (int64_t c = 1; c < classes; ++c) most = std::max(most, logits[c]);
    for (int64_t c = 0; c < classes; ++c) sums[c] = sum += std::exp(logits[c] - most);
    for (int64_t s = 0; s < samples; ++s) {
      double u = stream.Uniform(static_cast<uint64_t>(b * samples + s)) * sum;
      int64_t c = 0;
      while (c < classes - 1 && !(u < sums[c])) ++c;
      y[b * samples + s] = c;
    }
  }
  return y.Store(kOp);
}

absl::Status Dropout(LibraryCall& call) {
  constexpr std::string_view kOp = "Dropout";
  double ratio = 0.5;
  int64_t training = 0;
  if (call.has_operand(1)) {
    HEDDLE_ASSIGN_OR_RETURN(ratio, FloatScalar(call, kOp, 1));
  }
  if (call.has_operand(2)) {
    HEDDLE_ASSIGN_OR_RETURN(training, IntScalar(call, kOp, 2));
  }
  if (!(ratio >= 0) || ratio >= 1) return Invalid(kOp, "a ratio of ", ratio);
  DimSpan dims = call.operand(0).dims;
  bool* mask = nullptr;
  if (call.wants_result(1)) {
    HEDDLE_ASSIGN_OR_RETURN(MutableTensorView view, call.Result(1, ElementType::kBool, dims));
    mask = static_cast<bool*>(view.data);
  }
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const double> x, Load<double>(call, kOp, 0));
  if (training == 0) ratio = 0;
  return Fill(call, kOp, dims, [&](const Stream& s, uint64_t i) {
    bool keep = s.Uniform(i) >= ratio;
    if (mask != nullptr) mask[i] = keep;
    return keep ? x[i] / (1 - ratio) : 0.0;
  });
}

}  // namespace heddle::library
