// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The activation functions that recurrent operators name.

#ifndef HEDDLE_RUNTIME_LIBRARY_ACTIVATIONS_H_
#define HEDDLE_RUNTIME_LIBRARY_ACTIVATIONS_H_

#include <cmath>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/library/errors.h"
#include "runtime/library/library_call.h"

namespace heddle::library {

template <typename C>
C Sigmoid(C x) {
  // Written so that exp never overflows.
  if (x >= 0) return 1 / (1 + std::exp(-x));
  C e = std::exp(x);
  return e / (1 + e);
}

struct Activation {
  enum class Kind {
    kSigmoid,
    kTanh,
    kRelu,
    kAffine,
    kLeakyRelu,
    kThresholdedRelu,
    kScaledTanh,
    kHardSigmoid,
    kElu,
    kSoftsign,
    kSoftplus
  };
  Kind kind = Kind::kTanh;
  double alpha = 0, beta = 0;

  // x[i] = f(clamp(x[i], -clip, clip)); no clamping where clip is infinite.
  template <typename C>
  void Apply(C* x, int64_t n, C clip) const {
    if (std::isfinite(clip)) {
      for (int64_t i = 0; i < n; ++i) x[i] = x[i] > clip ? clip : x[i] < -clip ? -clip : x[i];
    }
    C a = static_cast<C>(alpha), b = static_cast<C>(beta);
    auto each = [&](auto f) {
      for (int64_t i = 0; i < n; ++i) x[i] = f(x[i]);
    };
    switch (kind) {
      case Kind::kSigmoid:
        return each([](C v) { return Sigmoid(v); });
      case Kind::kTanh:
        return each([](C v) { return std::tanh(v); });
      case Kind::kRelu:
        return each([](C v) { return v > 0 ? v : C{0}; });
      case Kind::kAffine:
        return each([=](C v) { return a * v + b; });
      case Kind::kLeakyRelu:
        return each([=](C v) { return v >= 0 ? v : a * v; });
      case Kind::kThresholdedRelu:
        return each([=](C v) { return v > a ? v : C{0}; });
      case Kind::kScaledTanh:
        return each([=](C v) { return a * std::tanh(b * v); });
      case Kind::kHardSigmoid:
        return each([=](C v) { return std::fmin(std::fmax(a * v + b, C{0}), C{1}); });
      case Kind::kElu:
        return each([=](C v) { return v >= 0 ? v : a * std::expm1(v); });
      case Kind::kSoftsign:
        return each([](C v) { return v / (1 + std::fabs(v)); });
      case Kind::kSoftplus:
        return each(
            [](C v) { return v > 0 ? v + std::log1p(std::exp(-v)) : std::log1p(std::exp(v)); });
    }
  }
};

// `count` activations from the attributes "activations" (names separated by commas),
// "activation_alpha" and "activation_beta"; `defaults` names them where the first is absent.
absl::StatusOr<absl::InlinedVector<Activation, 6>> ParseActivations(const LibraryCall& call,
                                                                    std::string_view op, int count,
                                                                    std::string_view defaults);

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_ACTIVATIONS_H_
