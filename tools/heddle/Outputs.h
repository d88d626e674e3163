// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What becomes of a run's outputs: files, a summary for people, or JSON.

#ifndef HEDDLE_TOOLS_HEDDLE_OUTPUTS_H
#define HEDDLE_TOOLS_HEDDLE_OUTPUTS_H

#include "frontends/onnx/HostTensor.h"
#include "runtime/session/session.h"

#include <nlohmann/json.hpp>
#include <string>

namespace heddle::cli {

/// The file for an output: every character outside letters, digits, '.', '-' and '_' as '_'.
std::string fileNameOf(const std::string &output, ElementType type);

/// Writes every output to the folder, which is made where it is missing.
absl::Status writeOutputs(const Session &session, const std::string &folder);

/// A line for each output: name, type, shape, smallest, largest, mean and first values.
void printOutputs(const Session &session);

/// The same as JSON.
nlohmann::ordered_json describeOutputs(const Session &session);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_OUTPUTS_H
