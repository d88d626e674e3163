// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/repeated_steps.h"

#include <algorithm>

namespace heddle {

bool RepeatedSteps::Begin(Frame& frame, size_t states) {
  End();
  if (!frame.repeats()) return false;
  frame_ = &frame;
  states_ = states;
  for (size_t i = 0; i < states; ++i) {
    if (!IsRepeated(i)) {
      End();
      return false;
    }
    uint32_t root = frame.info().root[Output(i)];
    auto is_root = [root](const Block& block) { return block.root == root; };
    if (std::none_of(blocks_.begin(), blocks_.end(), is_root)) blocks_.push_back({root, nullptr});
  }
  return true;
}

void RepeatedSteps::End() {
  frame_ = nullptr;
  blocks_.clear();
}

// A state that is passed on, from another one or from outside, is not in a block of its own.
bool RepeatedSteps::IsRepeated(size_t state) const {
  const GraphInfo& info = frame_->info();
  const ShapePlan& plan = frame_->plan();
  uint32_t input = info.graph.inputs[state], output = Output(state);
  return plan.direct[info.root[output]] &&
         info.graph.values[input].element_type == info.graph.values[output].element_type &&
         plan.DimsOf(info, input) == plan.DimsOf(info, output);
}

absl::Status RepeatedSteps::Advance() {
  for (size_t i = 0; i < states_; ++i) frame_->MoveInput(i, result(i).data);
  for (Block& block : blocks_) {
    if (block.other == nullptr) {
      block.other = frame_->context().pool->Allocate(frame_->plan().bytes[block.root]);
      if (block.other == nullptr) return absl::ResourceExhaustedError("no memory for a state");
    }
    frame_->SwapBlock(block.root, block.other);
  }
  frame_->Repeat();
  return absl::OkStatus();
}

Tensor RepeatedSteps::state(size_t index) const {
  auto [data, dims] = result(index);
  const BufferRef& block = frame_->block(frame_->info().root[Output(index)]);
  auto before = static_cast<char*>(data) - static_cast<char*>(block->data());
  return Tensor::Share(frame_->info().graph.values[Output(index)].element_type, dims, data,
                       static_cast<int64_t>(block->capacity()) - before, block);
}

}  // namespace heddle
