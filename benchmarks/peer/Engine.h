// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Something to be timed: a runtime that loads a model, is given inputs once, and runs again and
// again; or work whose rate is known, to hold the runtimes against.

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
  /// What a process does once, whatever it loads then: opens the library, makes an environment.
  virtual absl::Status prepare() { return absl::OkStatus(); }
  /// Loads the model and makes what runs it.
  virtual absl::Status load(const std::string &model, int threads) = 0;
  /// By name where the model has the name, else by position.
  virtual absl::Status setInputs(std::vector<HostTensor> inputs) = 0;
  /// One run; the results are given back after the clock has stopped.
  virtual absl::StatusOr<double> seconds() = 0;
  /// One run, and what it gives.
  virtual absl::StatusOr<std::vector<HostTensor>> results() {
    return absl::UnimplementedError("only timed");
  }
};

/// Through the C ABI of libheddle_runtime; runs the artifact's code for `targetCpu`, or the best that
/// this CPU runs where it is empty.
std::unique_ptr<Engine> makeHeddleEngine(const std::string &targetCpu);

/// Through the C API of an onnxruntime library, which is loaded from the file.
std::unique_ptr<Engine> makeOnnxRuntimeEngine(const std::string &library);

/// Multiply-adds in registers, or reading more than caches hold: the same amount for each thread of
/// a run. Its model is not looked at.
std::unique_ptr<Engine> makeMultiplyAddEngine();
std::unique_ptr<Engine> makeReadEngine();

} // namespace heddle::bench

#endif // HEDDLE_BENCHMARKS_PEER_ENGINE_H
