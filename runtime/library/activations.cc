// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/library/activations.h"

#include <cctype>
#include <string>

#include "absl/strings/str_split.h"

namespace heddle::library {
namespace {

struct Known {
  absl::string_view name;  // lower case
  Activation::Kind kind;
  bool alpha, beta;  // takes one from the list
  double default_alpha, default_beta;
};

constexpr Known kKnown[] = {
    {"sigmoid", Activation::Kind::kSigmoid, false, false, 0, 0},
    {"tanh", Activation::Kind::kTanh, false, false, 0, 0},
    {"relu", Activation::Kind::kRelu, false, false, 0, 0},
    {"affine", Activation::Kind::kAffine, true, true, 1, 0},
    {"leakyrelu", Activation::Kind::kLeakyRelu, true, false, 0.01, 0},
    {"thresholdedrelu", Activation::Kind::kThresholdedRelu, true, false, 1, 0},
    {"scaledtanh", Activation::Kind::kScaledTanh, true, true, 1, 1},
    {"hardsigmoid", Activation::Kind::kHardSigmoid, true, true, 0.2, 0.5},
    {"elu", Activation::Kind::kElu, true, false, 1, 0},
    {"softsign", Activation::Kind::kSoftsign, false, false, 0, 0},
    {"softplus", Activation::Kind::kSoftplus, false, false, 0, 0},
};

}  // namespace

absl::StatusOr<absl::InlinedVector<Activation, 6>> ParseActivations(const LibraryCall& call,
                                                                    std::string_view op, int count,
                                                                    std::string_view defaults) {
  std::string names(call.Text("activations", ""));
  if (names.empty()) names = defaults;
  absl::Span<const double> alphas = call.Floats("activation_alpha");
  absl::Span<const double> betas = call.Floats("activation_beta");
  absl::InlinedVector<Activation, 6> result;
  for (absl::string_view name : absl::StrSplit(names, ',')) {
    std::string lower;
    for (char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const Known* found = nullptr;
    for (const Known& known : kKnown) {
      if (known.name == lower) found = &known;
    }
    if (found == nullptr) return Invalid(op, "there is no activation \"", name, "\"");
    Activation activation{found->kind, found->default_alpha, found->default_beta};
    // The lists hold values only for those that take one, in order.
    if (found->alpha && !alphas.empty()) {
      activation.alpha = alphas.front();
      alphas.remove_prefix(1);
    }
    if (found->beta && !betas.empty()) {
      activation.beta = betas.front();
      betas.remove_prefix(1);
    }
    result.push_back(activation);
  }
  // One direction's worth serves both.
  if (result.size() * 2 == static_cast<size_t>(count)) {
    for (size_t i = 0, n = result.size(); i < n; ++i) result.push_back(result[i]);
  }
  if (static_cast<int>(result.size()) < count) {
    return Invalid(op, result.size(), " activations where ", count, " are needed");
  }
  return result;
}

}  // namespace heddle::library
