// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/executor/control_flow.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

// How a tensor falls into slices along an axis: `outer` pieces of `inner` bytes per slice.
struct Strides {
  int64_t outer = 1;
  int64_t inner = 0;

  static absl::StatusOr<Strides> Along(ElementType type, absl::Span<const int64_t> dims, int axis) {
    if (ElementBits(type) < 8) {
      return absl::UnimplementedError("scanning tensors of a packed element type");
    }
    Strides strides;
    int64_t inner = 1;
    for (int d = 0; d < axis; ++d) strides.outer *= dims[d];
    for (size_t d = axis + 1; d < dims.size(); ++d) inner *= dims[d];
    strides.inner = ElementBytes(type, inner);
    return strides;
  }
};

class Scan final : public ControlFlow {
 public:
  Scan(Frame& frame, uint32_t task)
      : ControlFlow(frame, task),
        scanned_(static_cast<size_t>(task_.Int("num_scan_inputs", 0))),
        states_(task_.operands.size() - task_.captures - scanned_),
        child_(MakeChild(0)),
        outputs_(task_.results.size() - states_) {}

  absl::StatusOr<Frame*> Begin() override {
    HEDDLE_RETURN_IF_ERROR(AppendOperands(0, states_, inputs_));
    HEDDLE_RETURN_IF_ERROR(AppendOperands(states_, states_ + scanned_, scan_inputs_));
    inputs_.resize(states_ + scanned_);
    HEDDLE_RETURN_IF_ERROR(AppendOperands(states_ + scanned_, task_.operands.size(), inputs_));
    position_ = 0;
    length_ = scan_inputs_[0].dims()[InputAxis(0)];
    for (size_t i = 1; i < scanned_; ++i) {
      if (scan_inputs_[i].dims()[InputAxis(i)] != length_) {
        return absl::InvalidArgumentError("the scan inputs differ in length");
      }
    }
    for (Output& output : outputs_) output.data = nullptr;
    return Next();
  }

  absl::StatusOr<Frame*> Resume() override {
    std::vector<Tensor> states;
    for (size_t i = 0; i < states_; ++i) {
      HEDDLE_ASSIGN_OR_RETURN(Tensor state, child_->TakeOutput(i));
      states.push_back(std::move(state));
    }
    for (size_t i = 0; i < outputs_.size(); ++i) {
      HEDDLE_ASSIGN_OR_RETURN(Tensor slice, child_->TakeOutput(states_ + i));
      HEDDLE_RETURN_IF_ERROR(Store(i, slice));
    }
    for (size_t i = 0; i < states_; ++i) inputs_[i] = std::move(states[i]);
    child_->Clear();
    ++position_;
    return Next();
  }

  void Clear() override {
    child_->Clear();
    inputs_.clear();
    scan_inputs_.clear();
  }

 private:
  struct Output {
    char* data = nullptr;  // null until the first iteration tells the size
    Tensor::Dims slice;
    Strides strides;
  };

  int InputAxis(size_t i) const {
    absl::Span<const int64_t> axes = task_.Ints("scan_input_axes");
    int64_t axis = axes.empty() ? 0 : axes[i];
    return static_cast<int>(axis < 0 ? axis + scan_inputs_[i].view().rank() : axis);
  }
  int OutputAxis(size_t i, size_t rank) const {
    absl::Span<const int64_t> axes = task_.Ints("scan_output_axes");
    int64_t axis = axes.empty() ? 0 : axes[i];
    return static_cast<int>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis);
  }
  int64_t Index(std::string_view directions_name, size_t i) const {
    absl::Span<const int64_t> directions = task_.Ints(directions_name);
    bool backwards = !directions.empty() && directions[i] != 0;
    return backwards ? length_ - 1 - position_ : position_;
  }

  absl::StatusOr<Frame*> Next() {
    if (position_ < length_) {
      for (size_t i = 0; i < scanned_; ++i) {
        HEDDLE_ASSIGN_OR_RETURN(inputs_[states_ + i], Slice(i));
      }
      HEDDLE_RETURN_IF_ERROR(child_->Prepare(inputs_));
      return child_.get();
    }
    for (size_t i = 0; i < states_; ++i) {
      HEDDLE_RETURN_IF_ERROR(frame_.DeliverResult(task_.results[i], inputs_[i]));
    }
    for (size_t i = 0; length_ == 0 && i < outputs_.size(); ++i) {
      uint32_t value = task_.results[states_ + i];
      if (frame_.info().graph.values[value].storage == program::Storage::kMissing) continue;
      Tensor::Dims dims = KnownDims(value);
      dims[OutputAxis(i, dims.size())] = 0;
      HEDDLE_RETURN_IF_ERROR(frame_.MakeResult(value, dims).status());
    }
    return nullptr;
  }

  // The current slice of a scan input: a part of it along the first axis, else a copy.
  absl::StatusOr<Tensor> Slice(size_t i) {
    const Tensor& whole = scan_inputs_[i];
    int axis = InputAxis(i);
    HEDDLE_ASSIGN_OR_RETURN(Strides strides,
                            Strides::Along(whole.element_type(), whole.dims(), axis));
    Tensor::Dims dims(whole.dims().begin(), whole.dims().end());
    dims.erase(dims.begin() + axis);
    char* from =
        static_cast<char*>(whole.data()) + Index("scan_input_directions", i) * strides.inner;
    if (strides.outer == 1) {
      return Tensor::Share(whole.element_type(), dims, from, strides.inner, whole.buffer());
    }
    HEDDLE_ASSIGN_OR_RETURN(Tensor slice,
                            Tensor::Allocate(whole.element_type(), dims, *frame_.context().pool));
    char* to = static_cast<char*>(slice.data());
    for (int64_t o = 0; strides.inner > 0 && o < strides.outer; ++o) {
      std::memcpy(to + o * strides.inner, from + o * strides.inner * length_, strides.inner);
    }
    return slice;
  }

  absl::Status Store(size_t i, const Tensor& slice) {
    Output& output = outputs_[i];
    uint32_t value = task_.results[states_ + i];
    if (frame_.info().graph.values[value].storage == program::Storage::kMissing) {
      return absl::OkStatus();
    }
    if (output.data == nullptr) {
      output.slice.assign(slice.dims().begin(), slice.dims().end());
      Tensor::Dims dims = output.slice;
      int axis = OutputAxis(i, dims.size() + 1);
      dims.insert(dims.begin() + axis, length_);
      HEDDLE_ASSIGN_OR_RETURN(void* data, frame_.MakeResult(value, dims));
      HEDDLE_ASSIGN_OR_RETURN(output.strides, Strides::Along(slice.element_type(), dims, axis));
      output.data = static_cast<char*>(data);
    } else if (!std::equal(output.slice.begin(), output.slice.end(), slice.dims().begin(),
                           slice.dims().end())) {
      return absl::InvalidArgumentError(
          absl::StrCat("a scan output has shape ", ShapeText(slice.dims()), " in iteration ",
                       position_, " and ", ShapeText(output.slice), " before"));
    }
    auto [outer, inner] = output.strides;
    char* to = output.data + Index("scan_output_directions", i) * inner;
    const char* from = static_cast<const char*>(slice.data());
    for (int64_t o = 0; inner > 0 && o < outer; ++o) {
      std::memcpy(to + o * inner * length_, from + o * inner, inner);
    }
    return absl::OkStatus();
  }

  const size_t scanned_;
  const size_t states_;
  std::unique_ptr<Frame> child_;
  std::vector<Tensor> inputs_;  // states, slices, captures
  std::vector<Tensor> scan_inputs_;
  std::vector<Output> outputs_;
  int64_t length_ = 0;
  int64_t position_ = 0;
};

}  // namespace

std::unique_ptr<ControlFlow> MakeScan(Frame& frame, uint32_t task) {
  return std::make_unique<Scan>(frame, task);
}

}  // namespace heddle
