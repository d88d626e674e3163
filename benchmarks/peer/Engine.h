// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A runtime to be timed: loads a model, is given inputs once, and runs again and again.

#ifndef HEDDLE_BENCHMARKS_PEER_ENGINE_H
#define HEDDLE_BENCHMARKS_PEER_ENGINE_H

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "frontends/onnx/HostTensor.h"

#include <memory>
#include <string>
#include <vector>

namespace heddle::bench {

class Engine {
public:
  virtual ~Engine() = default;
  /// Loads the model and sets the inputs: by name where the model has the name, else by position.
  virtual absl::Status load(const std::string &model, int threads,
                            std::vector<HostTensor> inputs) = 0;
  /// One run; the results are given back after the clock has stopped.
  virtual absl::StatusOr<double> seconds() = 0;
};

/// Through the C ABI of libheddle_runtime.
std::unique_ptr<Engine> makeHeddleEngine();

/// Through the C API of an onnxruntime library, which is loaded from the file.
std::unique_ptr<Engine> makeOnnxRuntimeEngine(const std::string &library);

} // namespace heddle::bench

#endif // HEDDLE_BENCHMARKS_PEER_ENGINE_H
