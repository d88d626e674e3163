// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/artifact/program_verifier.h"
#include "runtime/executor/control_flow.h"
#include "runtime/support/checked_math.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

// One scan output: the iterations' results one after the other. The number of iterations is not
// known, so the memory grows by doubling.
class Accumulator {
 public:
  void Reset() {
    buffer_.Reset();
    count_ = 0;
  }

  absl::Status Append(const Tensor& slice, BufferPool& pool) {
    if (count_ == 0) {
      type_ = slice.element_type();
      dims_.assign(slice.dims().begin(), slice.dims().end());
      bytes_ = slice.bytes();
      if (ElementBits(type_) < 8) {
        return absl::UnimplementedError("scan outputs of a packed element type");
      }
    } else if (!std::equal(dims_.begin(), dims_.end(), slice.dims().begin(), slice.dims().end())) {
      return absl::InvalidArgumentError(absl::StrCat("a scan output has shape ",
                                                     ShapeText(slice.dims()), " in iteration ",
                                                     count_, " and ", ShapeText(dims_), " before"));
    }
    std::optional<int64_t> needed = CheckedMul(bytes_, count_ + 1);
    if (!needed) return absl::ResourceExhaustedError("a scan output is too large");
    if (buffer_ == nullptr || buffer_->capacity() < static_cast<uint64_t>(*needed)) {
      BufferRef larger = pool.Allocate(static_cast<size_t>(*needed) * 2);
      if (larger == nullptr) {
        return absl::ResourceExhaustedError(
            absl::StrCat("no memory for a scan output of ", *needed, " bytes"));
      }
      if (count_ > 0) std::memcpy(larger->data(), buffer_->data(), bytes_ * count_);
      buffer_ = std::move(larger);
    }
    if (bytes_ > 0) {
      std::memcpy(static_cast<char*>(buffer_->data()) + bytes_ * count_, slice.data(), bytes_);
    }
    ++count_;
    return absl::OkStatus();
  }

  int64_t count() const { return count_; }
  Tensor Take() const {
    Tensor::Dims dims = {count_};
    dims.insert(dims.end(), dims_.begin(), dims_.end());
    return Tensor::Share(type_, dims, buffer_->data(), static_cast<int64_t>(buffer_->capacity()),
                         buffer_);
  }

 private:
  ElementType type_ = ElementType::kUndefined;
  Tensor::Dims dims_;
  int64_t bytes_ = 0;
  int64_t count_ = 0;
  BufferRef buffer_;
};

absl::Status CheckSingle(absl::Span<const int64_t> dims) {
  if (std::all_of(dims.begin(), dims.end(), [](int64_t d) { return d == 1; })) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("the trip count or condition is not a single element");
}

class Loop final : public ControlFlow {
 public:
  Loop(Frame& frame, uint32_t task)
      : ControlFlow(frame, task),
        carried_(task_.operands.size() - task_.captures - 2),
        child_(MakeChild(0)),
        scans_(task_.results.size() - carried_) {}

  absl::Status Begin() override {
    trip_count_ = std::numeric_limits<int64_t>::max();
    condition_ = 1;
    iteration_ = 0;
    for (Accumulator& scan : scans_) scan.Reset();
    HEDDLE_ASSIGN_OR_RETURN(Tensor trip_count, frame_.OperandTensor(index_, 0));
    HEDDLE_ASSIGN_OR_RETURN(Tensor condition, frame_.OperandTensor(index_, 1));
    for (const Tensor* t : {&trip_count, &condition}) {
      if (t->defined()) HEDDLE_RETURN_IF_ERROR(CheckSingle(t->dims()));
    }
    if (trip_count.defined()) trip_count_ = *static_cast<const int64_t*>(trip_count.data());
    if (condition.defined()) condition_ = *static_cast<const uint8_t*>(condition.data());

    // The first two operands of the body are the loop's own; their memory is in this object.
    const ProgramGraph& body = child_->info().graph;
    const int64_t one = 1;
    for (size_t i = 0; i < 2; ++i) {
      const ProgramValue& value = body.values[body.inputs[i]];
      void* data = i == 0 ? static_cast<void*>(&iteration_) : &condition_;
      inputs_.push_back(Tensor::Share(value.element_type,
                                      absl::MakeConstSpan(&one, static_cast<size_t>(value.rank())),
                                      data, i == 0 ? 8 : 1, nullptr));
    }
    has_run_ = false;
    return AppendOperands(2, task_.operands.size(), inputs_);
  }

  absl::StatusOr<Frame*> Next(int) override {
    if (std::exchange(has_run_, true)) HEDDLE_RETURN_IF_ERROR(TakeResults());
    if (iteration_ >= trip_count_ || condition_ == 0) return nullptr;
    HEDDLE_RETURN_IF_ERROR(child_->Prepare(inputs_));
    return child_.get();
  }

  absl::Status End() override {
    for (size_t i = 0; i < carried_; ++i) {
      HEDDLE_RETURN_IF_ERROR(frame_.DeliverResult(task_.results[i], inputs_[2 + i]));
    }
    for (size_t i = 0; i < scans_.size(); ++i) {
      uint32_t value = task_.results[carried_ + i];
      if (scans_[i].count() > 0) {
        HEDDLE_RETURN_IF_ERROR(frame_.DeliverResult(value, scans_[i].Take()));
        continue;
      }
      if (frame_.info().graph.values[value].storage == program::Storage::kMissing) continue;
      Tensor::Dims dims = KnownDims(value);
      dims[0] = 0;
      HEDDLE_RETURN_IF_ERROR(frame_.MakeResult(value, dims).status());
    }
    return absl::OkStatus();
  }

  void Clear() override {
    child_->Clear();
    inputs_.clear();
    taken_.clear();
    for (Accumulator& scan : scans_) scan.Reset();
  }

 private:
  absl::Status TakeResults() {
    const ProgramGraph& body = child_->info().graph;
    int64_t dims[kMaxRank];
    HEDDLE_ASSIGN_OR_RETURN(Frame::Operand condition, child_->Resolve(body.outputs[0], dims));
    HEDDLE_RETURN_IF_ERROR(CheckSingle(condition.dims));
    uint8_t goes_on = *static_cast<const uint8_t*>(condition.data);
    for (size_t i = 0; i < carried_; ++i) {
      HEDDLE_ASSIGN_OR_RETURN(Tensor output, child_->TakeOutput(1 + i));
      taken_.push_back(std::move(output));
    }
    for (size_t i = 0; i < scans_.size(); ++i) {
      HEDDLE_ASSIGN_OR_RETURN(Tensor output, child_->TakeOutput(1 + carried_ + i));
      HEDDLE_RETURN_IF_ERROR(scans_[i].Append(output, *frame_.context().pool));
    }
    // All outputs are taken: only now may the inputs that some of them share be replaced.
    for (size_t i = 0; i < carried_; ++i) inputs_[2 + i] = std::move(taken_[i]);
    taken_.clear();
    child_->Clear();
    condition_ = goes_on;
    ++iteration_;
    return absl::OkStatus();
  }

  const size_t carried_;
  std::unique_ptr<Frame> child_;
  std::vector<Tensor> inputs_;  // iteration, condition, carried values, captures
  std::vector<Tensor> taken_;   // carried values on their way from outputs to inputs
  std::vector<Accumulator> scans_;
  int64_t trip_count_ = 0;
  int64_t iteration_ = 0;
  uint8_t condition_ = 1;
  bool has_run_ = false;
};

}  // namespace

std::unique_ptr<ControlFlow> MakeLoop(Frame& frame, uint32_t task) {
  return std::make_unique<Loop>(frame, task);
}

}  // namespace heddle
