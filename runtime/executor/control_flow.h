// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The tasks that run sub-graphs: If, Loop and Scan with ONNX's semantics. Each is a machine that
// prepares a frame, has somebody else run it, and goes on from its results; so it neither blocks
// nor recurses, however many iterations there are.
//
//   absl::Status status = control.Begin();
//   while (status.ok()) {
//     absl::StatusOr<Frame*> frame = control.Next(0);  // here with one lane
//     if (!frame.ok() || *frame == nullptr) break;
//     (*frame)->RunStraight(worker);
//   }
//   status = control.End();
//   control.Clear();
//
// Iterations that may run apart do so in lanes. Each lane takes some, runs them one after the other
// in a frame of its own, and takes more; so there are never more frames than threads, whatever the
// number of iterations, and a lane that no thread comes for costs nothing.
//
// Thread-safety: Next from one thread at a time for each lane; all else when no lane runs. The
// scheduler's hand-overs order them.

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

  // Takes the operands.
  virtual absl::Status Begin() = 0;
  // How many lanes have something to do; after Begin.
  virtual int lanes() const { return 1; }
  // Takes over what the lane's last frame computed, and prepares its next; null: nothing is left.
  virtual absl::StatusOr<Frame*> Next(int lane) = 0;
  // Delivers the results, when all lanes have come to their end.
  virtual absl::Status End() = 0;
  // Lets go of all tensors; after the end, or instead of going on.
  virtual void Clear() = 0;

 protected:
  ControlFlow(Frame& frame, uint32_t index)
      : frame_(frame), index_(index), task_(frame.task(index)) {}

  std::unique_ptr<Frame> MakeChild(size_t which, int lane = 0) const {
    return std::make_unique<Frame>(frame_.context(), task_.graphs[which],
                                   Frame::Parent{&frame_, index_, lane});
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
