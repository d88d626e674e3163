// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the classical-learning operators do with scores before they give them out.

#ifndef HEDDLE_RUNTIME_LIBRARY_ML_SCORES_H_
#define HEDDLE_RUNTIME_LIBRARY_ML_SCORES_H_

#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "runtime/library/library_call.h"

namespace heddle::library {

enum class PostTransform { kNone = 0, kSoftmax = 1, kLogistic = 2, kSoftmaxZero = 3, kProbit = 4 };

absl::StatusOr<PostTransform> ParsePostTransform(const LibraryCall& call, std::string_view op);

// Transforms the scores of one sample in place.
void Transform(PostTransform transform, absl::Span<double> scores);

// The scores of two classes from the one that a binary classifier computes: complementary
// probabilities, or opposite signs, transformed.
std::vector<double> BinaryScores(PostTransform transform, double score, bool probability);

}  // namespace heddle::library

#endif  // HEDDLE_RUNTIME_LIBRARY_ML_SCORES_H_
