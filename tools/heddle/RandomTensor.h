// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random tensors that a model accepts. An element depends on the seed, the input's name and its
// place only, so the same request gives the same numbers on every machine.
//
//   floating point   uniform in [-1, 1)
//   bool             false or true
//   integers         0 or 1, which is within every index range that is not trivial; where the
//                    program shows that they pick from a constant (Gather), all that it holds
//   named *mask*     1 everywhere: a mask that hides all leaves nothing to compute
//   named sr, *sample_rate*   16000, as other rates are often refused

#ifndef HEDDLE_TOOLS_HEDDLE_RANDOMTENSOR_H
#define HEDDLE_TOOLS_HEDDLE_RANDOMTENSOR_H

#include "frontends/onnx/HostTensor.h"
#include "runtime/session/model.h"

namespace heddle::cli {

/// Fills `tensor`, whose name, type and dims are set. Integers are below `bound`.
absl::Status fillRandom(HostTensor &tensor, uint64_t seed, int64_t bound);

/// How many values an integer input may take, counted from 0.
int64_t integerBound(const Model &model, int input);

/// A size for a symbolic dimension of an input that nobody gave one.
int64_t guessSize(const TensorSignature &input, size_t axis);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_RANDOMTENSOR_H
