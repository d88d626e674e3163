// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which steps of a recurrence over tables may run at once.
//
// Operand 0 has the number of rows of each table. The others are indices, one or several for each
// step: operand 1 + i of the table tables[i]; the first `writes` are what a step writes, the others
// what it reads. Results: the steps, level by level, in their own order within a level; where each
// level begins; where it ends.
//
// The steps of a level read before any of them writes. So a step that reads a row stands in a later
// level than the last step that writes it, a step that writes it no earlier than those that read what
// was there and later than the one that wrote that.

#include <algorithm>
#include <vector>

#include "runtime/library/buffers.h"
#include "runtime/library/errors.h"
#include "runtime/library/functions.h"

namespace heddle::library {
namespace {

constexpr std::string_view kOp = "Levels";

// The indices of one operand.
struct Indices {
  absl::Span<const int64_t> values;
  int64_t each = 0;  // for a step
  size_t table = 0;
};

// The levels of the last steps that wrote and read a row; -1 before there are any.
struct Row {
  int64_t written = -1;
  int64_t read = -1;
};

absl::StatusOr<Indices> LoadIndices(LibraryCall& call, int index, int64_t steps) {
  Indices indices;
  const TensorView view = call.operand(index);
  HEDDLE_ASSIGN_OR_RETURN(indices.values, Load<int64_t>(call, kOp, index));
  if (view.rank() < 1 || view.rank() > 2 || view.dims[0] != steps) {
    return Invalid(kOp, "indices of another number of steps");
  }
  indices.each = view.rank() == 2 ? view.dims[1] : 1;
  indices.table = static_cast<size_t>(call.Ints("tables")[index - 1]);
  return indices;
}

}  // namespace

absl::Status Levels(LibraryCall& call) {
  HEDDLE_ASSIGN_OR_RETURN(absl::Span<const int64_t> rows, Load<int64_t>(call, kOp, 0));
  const int64_t writes = call.Int("writes", 0);
  if (call.operand_count() < 2 || call.operand(1).rank() < 1 || writes < 1 ||
      static_cast<int64_t>(call.Ints("tables").size()) != call.operand_count() - 1) {
    return Invalid(kOp, "no indices");
  }
  const int64_t steps = call.operand(1).dims[0];
  std::vector<std::vector<Row>> tables;
  for (int64_t count : rows) {
    if (count < 0) return Invalid(kOp, "a table of ", count, " rows");
    tables.emplace_back(static_cast<size_t>(count));
  }
  std::vector<Indices> indices;
  for (int i = 1; i < call.operand_count(); ++i) {
    HEDDLE_ASSIGN_OR_RETURN(Indices loaded, LoadIndices(call, i, steps));
    if (loaded.table >= tables.size()) return Invalid(kOp, "table ", loaded.table);
    indices.push_back(loaded);
  }

  std::vector<int64_t> level_of(static_cast<size_t>(steps));
  int64_t levels = 0;
  // Calls visit(row, whether it is written) for each row of a step, or fails.
  auto visit_rows = [&](int64_t step, auto visit) -> absl::Status {
    for (size_t i = 0; i < indices.size(); ++i) {
      auto [values, each, table] = indices[i];
      const int64_t count = static_cast<int64_t>(tables[table].size());
      for (int64_t j = 0; j < each; ++j) {
        const int64_t given = values[step * each + j];
        const int64_t row = given < 0 ? given + count : given;
        if (row < 0 || row >= count) {
          return absl::InvalidArgumentError(absl::StrCat("step ", step,
                                                         " of a recurrence has index ", given,
                                                         " into a table of ", count, " rows"));
        }
        visit(tables[table][row], static_cast<int64_t>(i) < writes);
      }
    }
    return absl::OkStatus();
  };
  for (int64_t step = 0; step < steps; ++step) {
    int64_t level = 0;
    HEDDLE_RETURN_IF_ERROR(visit_rows(step, [&](const Row& row, bool is_written) {
      level = std::max(level, row.written + 1);
      if (is_written) level = std::max(level, row.read);
    }));
    HEDDLE_RETURN_IF_ERROR(visit_rows(step, [&](Row& row, bool is_written) {
      int64_t& last = is_written ? row.written : row.read;
      last = std::max(last, level);
    }));
    level_of[step] = level;
    levels = std::max(levels, level + 1);
  }

  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView order, call.Result(0, ElementType::kInt64, {steps}));
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView begins, call.Result(1, ElementType::kInt64, {levels}));
  HEDDLE_ASSIGN_OR_RETURN(MutableTensorView ends, call.Result(2, ElementType::kInt64, {levels}));
  absl::Span<int64_t> begin = begins.elements<int64_t>(), end = ends.elements<int64_t>();
  std::fill(end.begin(), end.end(), 0);
  for (int64_t level : level_of) ++end[level];
  for (int64_t i = 0, sum = 0; i < levels; ++i) {
    begin[i] = sum;
    sum += end[i];
    end[i] = begin[i];
  }
  for (int64_t step = 0; step < steps; ++step) {
    order.elements<int64_t>()[end[level_of[step]]++] = step;
  }
  return absl::OkStatus();
}

}  // namespace heddle::library
