// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a model file says of itself, read without compiling it and without MLIR: also for models
// that Heddle does not support.

#ifndef HEDDLE_TOOLS_HEDDLE_MODELSUMMARY_H
#define HEDDLE_TOOLS_HEDDLE_MODELSUMMARY_H

#include "absl/status/statusor.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace heddle::cli {

struct ValueSummary {
  std::string name;
  std::string type; ///< "float32", "sequence", ...
  bool ranked = false;
  std::vector<std::string> dims; ///< numbers, names, or INPUT:AXIS for those without either
};

struct ModelSummary {
  std::string producer, producerVersion, domain, description, graph;
  int64_t irVersion = 0, modelVersion = 0;
  std::map<std::string, int64_t> opsets;
  std::map<std::string, std::string> properties;
  std::map<std::string, int64_t> operators; ///< sub-graphs and functions included
  uint64_t parameters = 0, parameterBytes = 0;
  std::vector<ValueSummary> inputs, outputs;
  std::set<std::string> externalFiles;

  std::string licence() const; ///< from the properties; empty where they have none
};

/// The summary of the model in a file.
absl::StatusOr<ModelSummary> summarizeModel(const std::string &path);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_MODELSUMMARY_H
