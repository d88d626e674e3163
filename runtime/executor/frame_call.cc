// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/executor/frame_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {

using program::AttributeKind;
using program::Storage;

absl::Status FrameCall::Prepare() {
  const std::vector<ProgramValue>& values = frame_.info().graph.values;
  size_t rank = 0;
  for (uint32_t v : task_.operands) rank += values[v].dims.size();
  late_dims_.resize(rank);
  result_dims_.resize(task_.results.size());
  made_.resize(task_.results.size());
  int64_t* dims = late_dims_.data();
  for (uint32_t v : task_.operands) {
    TensorView view;
    if (values[v].storage != Storage::kMissing) {
      HEDDLE_ASSIGN_OR_RETURN(Frame::Operand operand, frame_.Resolve(v, dims));
      view.element_type = values[v].element_type;
      view.dims = operand.dims;
      view.data = operand.data;
    }
    dims += values[v].dims.size();
    operands_.push_back(view);
  }
  return absl::OkStatus();
}

absl::Status FrameCall::CheckComplete() const {
  for (int i = 0; i < result_count(); ++i) {
    if (wants_result(i) && !made_[i]) {
      return absl::InternalError(
          absl::StrCat("the function ", Quoted(task_.function), " did not make result ", i));
    }
  }
  return absl::OkStatus();
}

TensorView FrameCall::operand(int index) const {
  return index >= 0 && index < operand_count() ? operands_[index] : TensorView();
}

bool FrameCall::wants_result(int index) const {
  return index >= 0 && index < result_count() &&
         frame_.info().graph.values[task_.results[index]].storage != Storage::kMissing;
}

ElementType FrameCall::result_type(int index) const {
  return index >= 0 && index < result_count()
             ? frame_.info().graph.values[task_.results[index]].element_type
             : ElementType::kUndefined;
}

absl::StatusOr<MutableTensorView> FrameCall::MakeResult(int index, absl::Span<const int64_t> dims) {
  HEDDLE_RETURN_IF_ERROR(CheckUnmade(index));
  HEDDLE_ASSIGN_OR_RETURN(void* data, frame_.MakeResult(task_.results[index], dims));
  return Made(index, dims, data);
}

absl::StatusOr<MutableTensorView> FrameCall::Grown(int index, int operand, bool share,
                                                   absl::Span<const int64_t> dims) {
  HEDDLE_RETURN_IF_ERROR(CheckUnmade(index));
  HEDDLE_ASSIGN_OR_RETURN(
      void* data, frame_.GrowResult(task_.results[index], task_.operands[operand], share, dims));
  return Made(index, dims, data);
}

absl::Status FrameCall::Prefix(int index, int operand, absl::Span<const int64_t> dims) {
  HEDDLE_RETURN_IF_ERROR(CheckUnmade(index));
  HEDDLE_ASSIGN_OR_RETURN(Tensor all, frame_.OperandTensor(index_, operand));
  HEDDLE_RETURN_IF_ERROR(frame_.DeliverResult(
      task_.results[index],
      Tensor::Share(all.element_type(), dims, all.data(), all.capacity(), all.buffer())));
  made_[index] = true;
  return absl::OkStatus();
}

absl::Status FrameCall::CheckUnmade(int index) const {
  if (wants_result(index) && !made_[index]) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("the function made result ", index, " twice or unasked"));
}

MutableTensorView FrameCall::Made(int index, absl::Span<const int64_t> dims, void* data) {
  made_[index] = true;
  result_dims_[index].assign(dims.begin(), dims.end());
  MutableTensorView view;
  view.element_type = result_type(index);
  view.dims = result_dims_[index];
  view.data = data;
  return view;
}

const ProgramAttribute* FrameCall::Find(std::string_view name, AttributeKind kind) const {
  const ProgramAttribute* found = task_.FindAttribute(name);
  return found != nullptr && found->kind == kind ? found : nullptr;
}

std::optional<int64_t> FrameCall::Int(std::string_view name) const {
  const ProgramAttribute* found = Find(name, AttributeKind::kInt);
  return found != nullptr ? std::optional(found->integer) : std::nullopt;
}
std::optional<double> FrameCall::Float(std::string_view name) const {
  const ProgramAttribute* found = Find(name, AttributeKind::kFloat);
  return found != nullptr ? std::optional(found->number) : std::nullopt;
}
std::optional<std::string_view> FrameCall::Text(std::string_view name) const {
  const ProgramAttribute* found = Find(name, AttributeKind::kText);
  return found != nullptr ? std::optional(found->text) : std::nullopt;
}
absl::Span<const int64_t> FrameCall::Ints(std::string_view name) const {
  const ProgramAttribute* found = Find(name, AttributeKind::kInts);
  return found != nullptr ? found->ints : absl::Span<const int64_t>();
}
absl::Span<const double> FrameCall::Floats(std::string_view name) const {
  const ProgramAttribute* found = Find(name, AttributeKind::kFloats);
  return found != nullptr ? found->floats : absl::Span<const double>();
}

void* FrameCall::Scratch(int64_t bytes) {
  if (bytes < 0) return nullptr;
  BufferRef block = frame_.context().pool->Allocate(static_cast<size_t>(bytes));
  if (block == nullptr) return nullptr;
  scratch_.push_back(std::move(block));
  return scratch_.back()->data();
}

}  // namespace heddle
