// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The inputs of a run: from files, and at random for the rest.

#ifndef HEDDLE_TOOLS_HEDDLE_INPUTS_H
#define HEDDLE_TOOLS_HEDDLE_INPUTS_H

#include "frontends/onnx/HostTensor.h"
#include "runtime/session/session.h"

#include <list>
#include <map>
#include <string>
#include <vector>

namespace heddle::cli {

struct InputRequest {
  std::vector<std::string> files; ///< NAME=FILE
  bool random = false;            ///< for inputs without a file
  uint64_t seed = 0;
  /// Sizes of symbolic dimensions for random inputs, by symbol or INPUT:AXIS.
  std::map<std::string, int64_t> dims;
};

/// A tensor for every input of the model, in its order. Random inputs whose size is not decided by
/// `dims` or by a file get a guess; the guesses are told on standard error.
absl::StatusOr<std::list<HostTensor>> makeInputs(const Model &model, const InputRequest &request);

/// Hands them to the session, which reads them for as long as it runs.
absl::Status setInputs(Session &session, std::list<HostTensor> &inputs);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_INPUTS_H
