// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/executor/control_flow.h"
#include "runtime/executor/repeated_steps.h"
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
        grain_(states_ == 0 ? task_.Int("heddle.grain", 0) : 0),
        lanes_(1),
        outputs_(task_.results.size() - states_) {}

  absl::Status Begin() override {
    HEDDLE_RETURN_IF_ERROR(AppendOperands(0, states_, inputs_));
    HEDDLE_RETURN_IF_ERROR(AppendOperands(states_, states_ + scanned_, scan_inputs_));
    inputs_.resize(states_ + scanned_);
    HEDDLE_RETURN_IF_ERROR(AppendOperands(states_ + scanned_, task_.operands.size(), inputs_));
    length_ = scan_inputs_[0].dims()[InputAxis(0)];
    for (size_t i = 1; i < scanned_; ++i) {
      if (scan_inputs_[i].dims()[InputAxis(i)] != length_) {
        return absl::InvalidArgumentError("the scan inputs differ in length");
      }
    }
    HEDDLE_RETURN_IF_ERROR(MeasureSlices());
    // Relaxed: no lane runs yet.
    for (Output& output : outputs_) output.data.store(nullptr, std::memory_order_relaxed);
    taken_.store(0, std::memory_order_relaxed);
    int64_t count = 1;
    if (grain_ > 0) {
      count = length_ / grain_ + (length_ % grain_ != 0);
      count = std::clamp<int64_t>(count, 1, frame_.context().scheduler->threads());
    }
    lanes_.resize(std::max(lanes_.size(), static_cast<size_t>(count)));
    count_ = static_cast<int>(count);
    return absl::OkStatus();
  }

  int lanes() const override { return count_; }

  absl::StatusOr<Frame*> Next(int index) override {
    Lane& lane = lanes_[index];
    if (lane.position < lane.end) HEDDLE_RETURN_IF_ERROR(TakeResults(lane));
    if (lane.position == lane.end) {
      int64_t some = grain_ > 0 ? grain_ : length_;
      // Relaxed: only the number counts.
      lane.position = std::min(taken_.fetch_add(some, std::memory_order_relaxed), length_);
      lane.end = lane.position + std::min(some, length_ - lane.position);
      if (lane.position == lane.end) return nullptr;
    }
    if (lane.steps.active()) {
      HEDDLE_RETURN_IF_ERROR(lane.steps.Advance());
      for (size_t i = 0; i < scanned_; ++i) {
        lane.child->MoveInput(states_ + i, SliceAt(i, lane.position));
      }
      return lane.child.get();
    }
    if (lane.child == nullptr) lane.child = MakeChild(0, index);
    if (lane.inputs.empty()) lane.inputs = inputs_;
    for (size_t i = 0; i < scanned_; ++i) {
      HEDDLE_ASSIGN_OR_RETURN(lane.inputs[states_ + i], Slice(i, lane.position));
    }
    HEDDLE_RETURN_IF_ERROR(lane.child->Prepare(lane.inputs));
    if (slices_lie_together_) lane.steps.Begin(*lane.child, states_);
    return lane.child.get();
  }

  absl::Status End() override {
    // States make for one lane; without an iteration they are the initial ones.
    const Lane& lane = lanes_[0];
    const std::vector<Tensor>& last = length_ > 0 ? lane.inputs : inputs_;
    for (size_t i = 0; i < states_; ++i) {
      HEDDLE_RETURN_IF_ERROR(frame_.DeliverResult(
          task_.results[i], lane.steps.active() ? lane.steps.state(i) : last[i]));
    }
    for (size_t i = 0; length_ == 0 && i < outputs_.size(); ++i) {
      uint32_t value = task_.results[states_ + i];
      if (frame_.info().graph.values[value].storage == program::Storage::kMissing) continue;
      Tensor::Dims dims = KnownDims(value);
      dims[OutputAxis(i, dims.size())] = 0;
      HEDDLE_RETURN_IF_ERROR(frame_.MakeResult(value, dims).status());
    }
    return absl::OkStatus();
  }

  void Clear() override {
    for (Lane& lane : lanes_) {
      lane.steps.End();
      if (lane.child != nullptr) lane.child->Clear();
      lane.inputs.clear();
      lane.position = lane.end = 0;
    }
    taken_states_.clear();
    inputs_.clear();
    scan_inputs_.clear();
  }

 private:
  struct Lane {
    std::unique_ptr<Frame> child;  // made when there is a first iteration for it
    std::vector<Tensor> inputs;    // states, slices, captures
    RepeatedSteps steps;           // after the first one
    int64_t position = 0;          // iterations that the lane has taken and not done
    int64_t end = 0;
  };

  struct Output {
    std::atomic<char*> data{nullptr};  // null until the first iteration tells the size
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
  int64_t Index(std::string_view directions_name, size_t i, int64_t position) const {
    absl::Span<const int64_t> directions = task_.Ints(directions_name);
    bool backwards = !directions.empty() && directions[i] != 0;
    return backwards ? length_ - 1 - position : position;
  }

  absl::Status TakeResults(Lane& lane) {
    if (lane.steps.active()) {
      for (size_t i = 0; i < outputs_.size(); ++i) {
        HEDDLE_RETURN_IF_ERROR(Store(i, lane.steps.result(states_ + i), lane));
      }
      ++lane.position;
      return absl::OkStatus();
    }
    for (size_t i = 0; i < states_; ++i) {
      HEDDLE_ASSIGN_OR_RETURN(Tensor state, lane.child->TakeOutput(i));
      taken_states_.push_back(std::move(state));
    }
    for (size_t i = 0; i < outputs_.size(); ++i) {
      HEDDLE_ASSIGN_OR_RETURN(Tensor slice, lane.child->TakeOutput(states_ + i));
      HEDDLE_RETURN_IF_ERROR(Store(i, {slice.data(), slice.dims()}, lane));
    }
    for (size_t i = 0; i < states_; ++i) lane.inputs[i] = std::move(taken_states_[i]);
    taken_states_.clear();
    lane.child->Clear();
    ++lane.position;
    return absl::OkStatus();
  }

  absl::Status MeasureSlices() {
    slices_.resize(scanned_);
    slices_lie_together_ = true;
    for (size_t i = 0; length_ > 0 && i < scanned_; ++i) {
      const Tensor& whole = scan_inputs_[i];
      HEDDLE_ASSIGN_OR_RETURN(slices_[i],
                              Strides::Along(whole.element_type(), whole.dims(), InputAxis(i)));
      slices_lie_together_ &= slices_[i].outer == 1;
    }
    return absl::OkStatus();
  }

  // Where the slice of a scan input begins.
  char* SliceAt(size_t i, int64_t position) const {
    return static_cast<char*>(scan_inputs_[i].data()) +
           Index("scan_input_directions", i, position) * slices_[i].inner;
  }

  // A slice of a scan input: a part of it along the first axis, else a copy.
  absl::StatusOr<Tensor> Slice(size_t i, int64_t position) {
    const Tensor& whole = scan_inputs_[i];
    auto [outer, inner] = slices_[i];
    Tensor::Dims dims(whole.dims().begin(), whole.dims().end());
    dims.erase(dims.begin() + InputAxis(i));
    char* from = SliceAt(i, position);
    if (outer == 1) return Tensor::Share(whole.element_type(), dims, from, inner, whole.buffer());
    HEDDLE_ASSIGN_OR_RETURN(Tensor slice,
                            Tensor::Allocate(whole.element_type(), dims, *frame_.context().pool));
    char* to = static_cast<char*>(slice.data());
    for (int64_t o = 0; inner > 0 && o < outer; ++o) {
      std::memcpy(to + o * inner, from + o * inner * length_, inner);
    }
    return slice;
  }

  // Memory for an output, once its first slice is there; whichever lane has that first.
  absl::Status MakeOutput(size_t i, uint32_t value, const Frame::Operand& slice) {
    std::unique_lock lock(mutex_);
    Output& output = outputs_[i];
    if (output.data.load(std::memory_order_relaxed) != nullptr) return absl::OkStatus();
    output.slice.assign(slice.dims.begin(), slice.dims.end());
    Tensor::Dims dims = output.slice;
    int axis = OutputAxis(i, dims.size() + 1);
    dims.insert(dims.begin() + axis, length_);
    HEDDLE_ASSIGN_OR_RETURN(void* data, frame_.MakeResult(value, dims));
    const ProgramGraph& body = frame_.context().executable.graphs[task_.graphs[0]]->graph;
    ElementType type = body.values[body.outputs[states_ + i]].element_type;
    HEDDLE_ASSIGN_OR_RETURN(output.strides, Strides::Along(type, dims, axis));
    // Release pairs with the acquire in Store.
    output.data.store(static_cast<char*>(data), std::memory_order_release);
    return absl::OkStatus();
  }

  // Stores what the lane's step has made of an output.
  absl::Status Store(size_t i, const Frame::Operand& slice, const Lane& lane) {
    Output& output = outputs_[i];
    uint32_t value = task_.results[states_ + i];
    if (frame_.info().graph.values[value].storage == program::Storage::kMissing) {
      return absl::OkStatus();
    }
    if (output.data.load(std::memory_order_acquire) == nullptr) {
      HEDDLE_RETURN_IF_ERROR(MakeOutput(i, value, slice));
    }
    if (absl::MakeConstSpan(output.slice) != slice.dims) {
      return absl::InvalidArgumentError(
          absl::StrCat("a scan output has shape ", ShapeText(slice.dims), " in iteration ",
                       lane.position, " and ", ShapeText(output.slice), " before"));
    }
    auto [outer, inner] = output.strides;
    char* to = output.data.load(std::memory_order_relaxed) +
               Index("scan_output_directions", i, lane.position) * inner;
    const char* from = static_cast<const char*>(slice.data);
    for (int64_t o = 0; inner > 0 && o < outer; ++o) {
      std::memcpy(to + o * inner * length_, from + o * inner, inner);
    }
    return absl::OkStatus();
  }

  const size_t scanned_;
  const size_t states_;
  // Without states the iterations may run apart: this many in a row are worth handing out. 0 where
  // the compiler did not say so.
  const int64_t grain_;
  std::vector<Lane> lanes_;
  int count_ = 1;               // of lanes in this run
  std::vector<Tensor> inputs_;  // initial states, room for slices, captures
  std::vector<Tensor> scan_inputs_;
  std::vector<Strides> slices_;  // of scan inputs
  bool slices_lie_together_ = false;
  std::vector<Tensor> taken_states_;  // on their way from a frame's outputs to its inputs
  std::vector<Output> outputs_;
  std::mutex mutex_;
  std::atomic<int64_t> taken_{0};  // iterations that lanes have taken
  int64_t length_ = 0;
};

}  // namespace

std::unique_ptr<ControlFlow> MakeScan(Frame& frame, uint32_t task) {
  return std::make_unique<Scan>(frame, task);
}

}  // namespace heddle
