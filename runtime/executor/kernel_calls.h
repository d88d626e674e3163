// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The calls of compiled kernels whose operands' places and sizes are known when a run starts. They
// are described once for each shape and arena; between runs only what inputs and outputs are in
// changes. So a run of small kernels is a list of calls, and nothing else.
//
// Thread-safety: Describe and Place between runs; Find from any thread during one.

#ifndef HEDDLE_RUNTIME_EXECUTOR_KERNEL_CALLS_H_
#define HEDDLE_RUNTIME_EXECUTOR_KERNEL_CALLS_H_

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "runtime/artifact/kernel_abi.h"
#include "runtime/graph/graph_info.h"
#include "runtime/graph/shape_plan.h"

namespace heddle {

struct KernelCall {
  HeddleKernel kernel = nullptr;
  void* const* buffers = nullptr;  // operands, then results
  const int64_t* dims = nullptr;
  int64_t grid = 0;
  int64_t scratch = 0;
  double cost = 0;  // of the whole grid, estimated nanoseconds on one core
};

class KernelCalls {
 public:
  // Finds out which calls these are. The plan stays alive until the next Describe.
  void Describe(const GraphInfo& info, const ShapePlan& plan,
                absl::Span<const HeddleKernel> kernels);
  // The memory of a root value (GraphInfo::root) is there now.
  void Place(uint32_t root, void* data) {
    for (uint32_t i = uses_begin_[root]; i < uses_begin_[root + 1]; ++i) {
      buffers_[uses_[i].buffer] = static_cast<char*>(data) + uses_[i].offset;
    }
  }
  // The task's call; null where something of it is only known when it runs.
  const KernelCall* Find(uint32_t task) const {
    return calls_[task].kernel == nullptr ? nullptr : &calls_[task];
  }

 private:
  struct Use {
    uint32_t buffer;
    int64_t offset;
  };
  std::vector<KernelCall> calls_;     // by task
  std::vector<void*> buffers_;        // of all calls
  std::vector<uint32_t> uses_begin_;  // by value, and the end
  std::vector<Use> uses_;             // of a root value in buffers_
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_KERNEL_CALLS_H_
