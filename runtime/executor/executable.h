// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program ready to run: verified, analysed, with its functions found. Shared by all sessions of a
// model.
//
// Thread-safety: immutable once made.

#ifndef HEDDLE_RUNTIME_EXECUTOR_EXECUTABLE_H_
#define HEDDLE_RUNTIME_EXECUTOR_EXECUTABLE_H_

#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "runtime/artifact/kernel_abi.h"
#include "runtime/artifact/program.h"
#include "runtime/graph/graph_info.h"
#include "runtime/library/library_call.h"

namespace heddle {

// An operator that the embedding program brings along. Called like a library function.
class CustomOperator {
 public:
  virtual ~CustomOperator() = default;
  virtual absl::Status Call(LibraryCall& call) const = 0;
};

struct LibraryTarget {
  LibraryFunction function = nullptr;
  std::shared_ptr<const CustomOperator> custom;
  absl::Status Call(LibraryCall& call) const {
    return function != nullptr ? function(call) : custom->Call(call);
  }
};

struct Executable {
  DecodedProgram program;
  std::vector<std::unique_ptr<GraphInfo>> graphs;
  std::vector<std::vector<LibraryTarget>> library;  // by graph and task
  absl::Span<const HeddleKernel> kernels;
  absl::Span<const uint8_t> weights;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_EXECUTABLE_H_
