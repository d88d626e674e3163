// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The steps of a scan after its first one, where all that changes from step to step is where a state
// is read and where the next one goes: two blocks take turns. So a step costs little more than its
// kernels: nothing is planned, allocated or counted.
//
//   RETURN_IF_ERROR(frame.Prepare(inputs));   // for the first step
//   if (steps.Begin(frame, states)) {
//     ...                                     // the frame runs
//     steps.result(i);                        // what output i is now
//     RETURN_IF_ERROR(steps.Advance());       // the states are inputs
//     ...
//     steps.state(i);                         // to keep
//   }
//   steps.End();
//
// Thread-safety: as the frame's.

#ifndef HEDDLE_RUNTIME_EXECUTOR_REPEATED_STEPS_H_
#define HEDDLE_RUNTIME_EXECUTOR_REPEATED_STEPS_H_

#include <vector>

#include "absl/status/status.h"
#include "runtime/executor/frame.h"
#include "runtime/memory/buffer_pool.h"
#include "runtime/tensor/tensor.h"

namespace heddle {

class RepeatedSteps {
 public:
  // Of a prepared frame, whose first inputs and outputs are the states. False where it has to be
  // prepared for each step.
  bool Begin(Frame& frame, size_t states);
  void End();
  bool active() const { return frame_ != nullptr; }

  // Has the states that were computed last be read next.
  absl::Status Advance();

  // Output `index` of the step that was run last.
  Frame::Operand result(size_t index) const { return frame_->Known(Output(index)); }
  // The same with a share of its memory.
  Tensor state(size_t index) const;

 private:
  struct Block {
    uint32_t root;
    BufferRef other;  // not the one that the frame writes
  };

  uint32_t Output(size_t index) const { return frame_->info().graph.outputs[index]; }
  bool IsRepeated(size_t state) const;

  Frame* frame_ = nullptr;
  size_t states_ = 0;
  std::vector<Block> blocks_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_REPEATED_STEPS_H_
