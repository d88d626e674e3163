// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tasks that run sub-graphs: If, Loop and Scan with ONNX's semantics. Each is a machine that
// prepares a frame, has somebody else run it, and goes on from its results; so it neither blocks
// nor recurses, however many iterations there are.
//
//   for (step = control.Begin(); step.ok() && *step != nullptr; step = control.Resume()) {
//     (*step)->RunStraight(worker);
//   }
//   control.Clear();
//
// Thread-safety: one caller at a time, which the scheduler's hand-overs order.

#ifndef HEDDLE_RUNTIME_EXECUTOR_CONTROL_FLOW_H_
#define HEDDLE_RUNTIME_EXECUTOR_CONTROL_FLOW_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/executor/frame.h"

namespace heddle {

class ControlFlow {
 public:
  static std::unique_ptr<ControlFlow> Create(Frame& frame, uint32_t task);
  virtual ~ControlFlow() = default;

  // The frame to run, or null: the results are delivered.
  virtual absl::StatusOr<Frame*> Begin() = 0;
  virtual absl::StatusOr<Frame*> Resume() = 0;
  // Lets go of all tensors; after the last step, or instead of going on.
  virtual void Clear() = 0;

 protected:
  ControlFlow(Frame& frame, uint32_t index)
      : frame_(frame), index_(index), task_(frame.task(index)) {}

  std::unique_ptr<Frame> MakeChild(size_t which) const {
    return std::make_unique<Frame>(frame_.context(), task_.graphs[which], &frame_, index_);
  }
  absl::Status AppendOperands(size_t begin, size_t end, std::vector<Tensor>& tensors) const {
    for (size_t i = begin; i < end; ++i) {
      absl::StatusOr<Tensor> tensor = frame_.OperandTensor(index_, i);
      if (!tensor.ok()) return tensor.status();
      tensors.push_back(*std::move(tensor));
    }
    return absl::OkStatus();
  }
  // The dimensions of a result that no iteration made: those the program knows, else 0.
  Tensor::Dims KnownDims(uint32_t value) const;

  Frame& frame_;
  const uint32_t index_;
  const ProgramTask& task_;
};

std::unique_ptr<ControlFlow> MakeBranch(Frame& frame, uint32_t task);
std::unique_ptr<ControlFlow> MakeLoop(Frame& frame, uint32_t task);
std::unique_ptr<ControlFlow> MakeScan(Frame& frame, uint32_t task);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_CONTROL_FLOW_H_
