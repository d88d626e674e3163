// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/library/recurrent_layout.h"

#include <utility>

namespace heddle::library {
namespace {

absl::Status CheckShape(const LibraryCall& call, std::string_view op, int index, DimSpan dims) {
  if (!call.has_operand(index) || call.operand(index).dims == dims) return absl::OkStatus();
  return Invalid(op, "operand ", index, " of shape ", ShapeText(call.operand(index).dims),
                 " where ", ShapeText(dims), " is needed");
}

}  // namespace

absl::StatusOr<RecurrentLayout> ParseLayout(LibraryCall& call, std::string_view op,
                                            RecurrentCell cell) {
  RecurrentLayout l{};
  l.op = op;
  l.cell = cell;
  l.clip = std::numeric_limits<double>::infinity();
  l.gates = cell == RecurrentCell::kLstm ? 4 : cell == RecurrentCell::kGru ? 3 : 1;
  for (int i = 0; i < 3; ++i) HEDDLE_RETURN_IF_ERROR(RequireRank(call, op, i, 3));
  l.batch_first = call.Int("layout", 0) != 0;
  TensorView x = call.operand(0);
  l.steps = x.dim(l.batch_first ? 1 : 0);
  l.batch = x.dim(l.batch_first ? 0 : 1);
  l.inputs = x.dim(2);
  l.hidden = call.operand(2).dim(2);
  std::string_view direction = call.Text("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional") {
    return Invalid(op, "there is no direction \"", Absl(direction), "\"");
  }
  l.directions = direction == "bidirectional" ? 2 : 1;
  l.first_reversed = direction == "reverse";
  int64_t rows = l.gates * l.hidden;
  HEDDLE_RETURN_IF_ERROR(CheckShape(call, op, 1, {l.directions, rows, l.inputs}));
  HEDDLE_RETURN_IF_ERROR(CheckShape(call, op, 2, {l.directions, rows, l.hidden}));
  HEDDLE_RETURN_IF_ERROR(CheckShape(call, op, 3, {l.directions, 2 * rows}));
  Dims state = {l.directions, l.batch, l.hidden};
  if (l.batch_first) std::swap(state[0], state[1]);
  HEDDLE_RETURN_IF_ERROR(CheckShape(call, op, 5, state));
  if (cell == RecurrentCell::kLstm) {
    HEDDLE_RETURN_IF_ERROR(CheckShape(call, op, 6, state));
    HEDDLE_RETURN_IF_ERROR(CheckShape(call, op, 7, {l.directions, 3 * l.hidden}));
  }
  if (l.batch > kLongestList) return Invalid(op, "a batch of ", l.batch);
  l.lengths.assign(l.batch, l.steps);
  if (call.has_operand(4)) {
    HEDDLE_ASSIGN_OR_RETURN(l.lengths, IntList(call, op, 4));
    if (static_cast<int64_t>(l.lengths.size()) != l.batch) {
      return Invalid(op, l.lengths.size(), " lengths for a batch of ", l.batch);
    }
    for (int64_t length : l.lengths) {
      if (length < 0 || length > l.steps) {
        return OutOfRange(op, "length ", length, " of ", l.steps, " steps");
      }
    }
  }
  l.linear_before_reset = call.Int("linear_before_reset", 0) != 0;
  l.input_forget = call.Int("input_forget", 0) != 0;
  if (std::optional<double> clip = call.Float("clip"); clip.has_value() && *clip > 0)
    l.clip = *clip;
  int each = cell == RecurrentCell::kLstm ? 3 : cell == RecurrentCell::kGru ? 2 : 1;
  std::string_view defaults = cell == RecurrentCell::kLstm  ? "Sigmoid,Tanh,Tanh"
                              : cell == RecurrentCell::kGru ? "Sigmoid,Tanh"
                                                            : "Tanh";
  HEDDLE_ASSIGN_OR_RETURN(
      l.activations, ParseActivations(call, op, each * static_cast<int>(l.directions), defaults));
  return l;
}

}  // namespace heddle::library
