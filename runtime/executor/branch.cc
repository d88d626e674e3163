// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <utility>

#include "runtime/executor/control_flow.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

class Branch final : public ControlFlow {
 public:
  Branch(Frame& frame, uint32_t task) : ControlFlow(frame, task) {}

  absl::Status Begin() override {
    HEDDLE_ASSIGN_OR_RETURN(Tensor condition, frame_.OperandTensor(index_, 0));
    if (condition.view().count() != 1) {
      return absl::InvalidArgumentError("the condition has more or less than one element");
    }
    size_t which = *static_cast<const uint8_t*>(condition.data()) != 0 ? 0 : 1;
    if (children_[which] == nullptr) children_[which] = MakeChild(which);
    child_ = children_[which].get();

    inputs_.clear();  // of a time before that ended in an error
    HEDDLE_RETURN_IF_ERROR(AppendOperands(1, task_.operands.size(), inputs_));
    // Results in the arena are written by the sub-graph itself where it can.
    outputs_.resize(task_.results.size());
    const ShapePlan& plan = frame_.plan();
    for (size_t i = 0; i < outputs_.size(); ++i) {
      uint32_t v = task_.results[i];
      const ProgramValue& value = frame_.info().graph.values[v];
      if (value.storage != program::Storage::kArena) continue;
      absl::Span<const int64_t> dims = plan.DimsOf(frame_.info(), v);
      HEDDLE_ASSIGN_OR_RETURN(Frame::Operand place, frame_.Resolve(v, nullptr));
      outputs_[i] = Tensor::Share(value.element_type, dims, place.data, plan.bytes[v], nullptr);
    }
    has_run_ = false;
    absl::Status status = child_->Prepare(inputs_, outputs_);
    inputs_.clear();
    return status;
  }

  absl::StatusOr<Frame*> Next(int) override {
    return std::exchange(has_run_, true) ? nullptr : child_;
  }

  absl::Status End() override {
    for (size_t i = 0; i < task_.results.size(); ++i) {
      HEDDLE_ASSIGN_OR_RETURN(Tensor output, child_->TakeOutput(i));
      HEDDLE_RETURN_IF_ERROR(frame_.DeliverResult(task_.results[i], output));
    }
    return absl::OkStatus();
  }

  void Clear() override {
    if (child_ != nullptr) child_->Clear();
  }

 private:
  std::unique_ptr<Frame> children_[2];  // then, else
  Frame* child_ = nullptr;              // the one that was chosen
  bool has_run_ = false;
  std::vector<Tensor> inputs_;  // for Prepare; these are kept for their memory only
  std::vector<Tensor> outputs_;
};

}  // namespace

std::unique_ptr<ControlFlow> MakeBranch(Frame& frame, uint32_t task) {
  return std::make_unique<Branch>(frame, task);
}

std::unique_ptr<ControlFlow> ControlFlow::Create(Frame& frame, uint32_t task) {
  switch (frame.task(task).kind) {
    case program::TaskKind::kBranch:
      return MakeBranch(frame, task);
    case program::TaskKind::kLoop:
      return MakeLoop(frame, task);
    default:
      return MakeScan(frame, task);
  }
}

Tensor::Dims ControlFlow::KnownDims(uint32_t value) const {
  Tensor::Dims dims;
  for (uint32_t d : frame_.info().graph.values[value].dims) {
    dims.push_back(std::max<int64_t>(frame_.Number(d), 0));
  }
  return dims;
}

}  // namespace heddle
