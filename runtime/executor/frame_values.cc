// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Frame: where values are, what their dimensions are, and memory for results.

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "runtime/artifact/program_verifier.h"
#include "runtime/executor/frame.h"
#include "runtime/support/checked_math.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

using program::ExprKind;
using program::Storage;

}  // namespace

int64_t Frame::Number(uint32_t expr) const {
  if (!info_.late_expr[expr]) return plan_->exprs[expr];
  // Expressions are as deep as the file made them: a stack of our own, and each is computed once.
  absl::InlinedVector<uint32_t, 16> stack = {expr};
  auto known = [this](int64_t e) {
    return info_.late_expr[e] ? late_numbers_[e].load(std::memory_order_relaxed) : plan_->exprs[e];
  };
  while (!stack.empty()) {
    uint32_t top = stack.back();
    const program::Expr& e = info_.graph.exprs[top];
    int64_t number;
    if (e.kind() == ExprKind::kSymbol) {
      number = late_symbols_[e.lhs()].load(std::memory_order_acquire);
    } else {
      bool deeper = false;
      for (int64_t part : {e.lhs(), e.rhs()}) {
        if (known(part) != kNoNumber) continue;
        if (!info_.late_expr[part]) return kNoNumber;
        stack.push_back(static_cast<uint32_t>(part));
        deeper = true;
      }
      if (deeper) continue;
      number = EvaluateOperation(e.kind(), known(e.lhs()), known(e.rhs()));
    }
    if (number == kNoNumber) return kNoNumber;
    late_numbers_[top].store(number, std::memory_order_relaxed);
    stack.pop_back();
  }
  return late_numbers_[expr].load(std::memory_order_relaxed);
}

absl::StatusOr<Frame::Operand> Frame::Resolve(uint32_t v, int64_t* late_dims) const {
  const ProgramValue& value = info_.graph.values[v];
  const Slot& slot = slots_[info_.root[v]];
  bool is_view = value.storage == Storage::kView;
  Operand operand{slot.data, plan_->DimsOf(info_, v)};
  if (operand.data == nullptr) {
    return absl::InternalError(
        absl::StrCat("value ", v, " ", Quoted(value.name), " is read while it has no memory"));
  }
  if (!info_.late[v] && plan_->bytes[info_.root[v]] >= 0) return Known(v);
  if (!is_view) {  // a late value: its maker left the dimensions
    operand.dims = absl::MakeConstSpan(late_dims_)
                       .subspan(info_.dims_begin[v], static_cast<size_t>(value.rank()));
    return operand;
  }
  for (int d = 0; d < value.rank(); ++d) late_dims[d] = Number(value.dims[d]);
  operand.dims = absl::MakeConstSpan(late_dims, static_cast<size_t>(value.rank()));
  std::optional<int64_t> bytes = CheckedTensorBytes(value.element_type, operand.dims);
  std::optional<int64_t> offset = 0;
  for (uint32_t at = v; offset && info_.graph.values[at].storage == Storage::kView;
       at = info_.graph.values[at].view_of) {
    uint32_t expr = info_.graph.values[at].view_offset;
    int64_t own = expr == kNoExpression ? 0 : Number(expr);
    offset = own < 0 ? std::nullopt : CheckedAdd(*offset, own);
  }
  std::optional<int64_t> end = bytes && offset ? CheckedAdd(*bytes, *offset) : std::nullopt;
  if (!end || *end > slot.bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        Quoted(value.name), " of shape ", info_.ExpectedShape(v), " = ", ShapeText(operand.dims),
        " does not fit in the ", slot.bytes, " bytes it views"));
  }
  operand.data = static_cast<char*>(operand.data) + *offset;
  return operand;
}

absl::StatusOr<Tensor> Frame::OperandTensor(uint32_t t, size_t i) const {
  uint32_t v = task(t).operands[i];
  const ProgramValue& value = info_.graph.values[v];
  if (value.storage == Storage::kMissing) return Tensor();
  int64_t late_dims[kMaxRank];
  HEDDLE_ASSIGN_OR_RETURN(Operand operand, Resolve(v, late_dims));
  const BufferRef& buffer = slots_[info_.root[v]].buffer;
  std::optional<int64_t> bytes = CheckedTensorBytes(value.element_type, operand.dims);
  return Tensor::Share(value.element_type, operand.dims, operand.data, bytes.value_or(0), buffer);
}

bool Frame::BindSymbol(uint32_t symbol, int64_t number) {
  int64_t unbound = kNoNumber;
  // Release pairs with the acquire in Number for readers that are ordered by nothing else.
  return late_symbols_[symbol].compare_exchange_strong(unbound, number,
                                                       std::memory_order_acq_rel) ||
         unbound == number;
}

absl::Status Frame::CheckResultDims(uint32_t v, absl::Span<const int64_t> dims) {
  const ProgramValue& value = info_.graph.values[v];
  bool good = dims.size() == value.dims.size();
  for (size_t d = 0; good && d < dims.size(); ++d) {
    const program::Expr& e = info_.graph.exprs[value.dims[d]];
    if (e.kind() == ExprKind::kSymbol && info_.late_symbol[e.lhs()]) {
      good = dims[d] >= 0 && BindSymbol(static_cast<uint32_t>(e.lhs()), dims[d]);
    }
  }
  // Compound expressions may use symbols that a later dimension binds.
  for (size_t d = 0; good && d < dims.size(); ++d) good = Number(value.dims[d]) == dims[d];
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("result ", Quoted(value.name), " has shape ",
                                                 ShapeText(dims), ", the model expects ",
                                                 info_.ExpectedShape(v)));
}

absl::Status Frame::AllocateLate(uint32_t v, int64_t bytes) {
  Slot& slot = slots_[v];
  slot.bytes = bytes;
  int32_t output = info_.output_of[v];
  if (output >= 0 && outputs_[output].defined() && outputs_[output].capacity() >= bytes) {
    slot.data = outputs_[output].data();
    slot.buffer = outputs_[output].buffer();
    return absl::OkStatus();
  }
  slot.buffer = context_.pool->Allocate(bytes);
  if (slot.buffer == nullptr) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "no memory for ", Quoted(info_.graph.values[v].name), " of ", bytes, " bytes"));
  }
  slot.data = slot.buffer->data();
  return absl::OkStatus();
}

absl::StatusOr<void*> Frame::MakeResult(uint32_t v, absl::Span<const int64_t> dims) {
  const ProgramValue& value = info_.graph.values[v];
  HEDDLE_RETURN_IF_ERROR(CheckResultDims(v, dims));
  if (value.storage != Storage::kLate) {
    int64_t late_dims[kMaxRank];
    HEDDLE_ASSIGN_OR_RETURN(Operand place, Resolve(v, late_dims));
    return place.data;
  }
  std::optional<int64_t> bytes = CheckedTensorBytes(value.element_type, dims);
  if (!bytes) {
    return absl::InvalidArgumentError(absl::StrCat("result ", Quoted(value.name), " of shape ",
                                                   ShapeText(dims), " is too large"));
  }
  HEDDLE_RETURN_IF_ERROR(AllocateLate(v, *bytes));
  std::copy(dims.begin(), dims.end(), late_dims_.begin() + info_.dims_begin[v]);
  return slots_[v].data;
}

absl::StatusOr<void*> Frame::GrowResult(uint32_t v, uint32_t from, bool share,
                                        absl::Span<const int64_t> dims) {
  const ProgramValue& value = info_.graph.values[v];
  int64_t late_dims[kMaxRank];
  HEDDLE_ASSIGN_OR_RETURN(Operand source, Resolve(from, late_dims));
  std::optional<int64_t> before =
      CheckedTensorBytes(info_.graph.values[from].element_type, source.dims);
  std::optional<int64_t> bytes = CheckedTensorBytes(value.element_type, dims);
  if (!before || !bytes || *bytes < *before) {
    return absl::InvalidArgumentError(absl::StrCat("result ", Quoted(value.name), " of shape ",
                                                   ShapeText(dims), " does not hold what grows"));
  }
  const BufferRef& block = slots_[info_.root[from]].buffer;
  int32_t output = info_.output_of[v];
  bool bound = output >= 0 && outputs_[output].defined();
  if (value.storage != Storage::kLate || bound) {
    HEDDLE_ASSIGN_OR_RETURN(void* data, MakeResult(v, dims));
    if (*before > 0) std::memcpy(data, source.data, *before);
    return data;
  }
  HEDDLE_RETURN_IF_ERROR(CheckResultDims(v, dims));
  std::copy(dims.begin(), dims.end(), late_dims_.begin() + info_.dims_begin[v]);
  Slot& slot = slots_[v];
  slot.bytes = *bytes;
  bool is_version = block && block->holds_versions();
  if (share && is_version) {
    int64_t begin = static_cast<char*>(source.data) - static_cast<char*>(block->data());
    if (block->Extend(begin + *before, begin + *bytes)) {
      slot.data = source.data;
      slot.buffer = block;
      return slot.data;
    }
  }
  // What has outgrown its block gets twice what it needs, so that all copies of something that grows
  // cost no more than its final size does. What comes from elsewhere may never grow again.
  std::optional<int64_t> room = is_version ? CheckedMul(*bytes, 2) : bytes;
  slot.buffer = room ? context_.pool->Allocate(*room) : nullptr;
  if (slot.buffer == nullptr) {
    return absl::ResourceExhaustedError(
        absl::StrCat("no memory for ", Quoted(value.name), " of ", *bytes, " bytes"));
  }
  slot.buffer->SetVersionsEnd(*bytes);
  slot.data = slot.buffer->data();
  if (*before > 0) std::memcpy(slot.data, source.data, *before);
  return slot.data;
}

absl::Status Frame::DeliverResult(uint32_t v, const Tensor& tensor) {
  const ProgramValue& value = info_.graph.values[v];
  if (value.storage == Storage::kMissing) return absl::OkStatus();
  int32_t output = info_.output_of[v];
  bool bound = output >= 0 && outputs_[output].defined();
  if (value.storage == Storage::kLate && tensor.buffer() && !bound) {
    HEDDLE_RETURN_IF_ERROR(CheckResultDims(v, tensor.dims()));
    slots_[v].data = tensor.data();
    slots_[v].bytes = tensor.bytes();
    slots_[v].buffer = tensor.buffer();
    std::copy(tensor.dims().begin(), tensor.dims().end(), late_dims_.begin() + info_.dims_begin[v]);
    return absl::OkStatus();
  }
  HEDDLE_ASSIGN_OR_RETURN(void* data, MakeResult(v, tensor.dims()));
  int64_t bytes = tensor.bytes();
  if (bytes > 0 && data != tensor.data()) std::memcpy(data, tensor.data(), bytes);
  return absl::OkStatus();
}

}  // namespace heddle
