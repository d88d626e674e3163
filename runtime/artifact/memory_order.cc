// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/memory_order.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/artifact/reachability.h"
#include "runtime/artifact/view_places.h"
#include "runtime/support/checked_math.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

using program::Storage;

class MemoryOrder {
 public:
  explicit MemoryOrder(const ProgramGraph& graph)
      : graph_(graph), order_(graph), places_(graph), accesses_(graph.values.size()) {
    FindAccesses();
  }

  absl::Status Verify() const {
    for (size_t root = 0; root < accesses_.size(); ++root) {
      HEDDLE_RETURN_IF_ERROR(CheckAccesses(static_cast<uint32_t>(root)));
    }
    return absl::OkStatus();
  }

 private:
  // Bytes of a value; where they depend on sizes, all of them.
  struct Range {
    int64_t begin = 0, end = INT64_MAX;
    bool Overlaps(const Range& other) const { return begin < other.end && other.begin < end; }
  };
  struct Access {
    uint32_t task;
    uint32_t value;
    Range range;
  };
  // What tasks do with a value's bytes, through views as well; by task, ascending.
  struct Accesses {
    std::vector<Access> readers, writers;
  };

  uint32_t RootOf(uint32_t value) const {
    while (graph_.values[value].storage == Storage::kView) value = graph_.values[value].view_of;
    return value;
  }

  std::optional<int64_t> NumberOf(uint32_t expr) const {
    if (expr == kNoExpression) return 0;
    const program::Expr& e = graph_.exprs[expr];
    if (e.kind() == program::ExprKind::kConstant) return e.lhs();
    return std::nullopt;
  }

  Range RangeOf(uint32_t value) const {
    std::vector<int64_t> dims;
    for (uint32_t d : graph_.values[value].dims) {
      std::optional<int64_t> number = NumberOf(d);
      if (!number) return {};
      dims.push_back(*number);
    }
    std::optional<int64_t> bytes = CheckedTensorBytes(graph_.values[value].element_type, dims);
    std::optional<int64_t> begin = 0;
    for (; begin && graph_.values[value].storage == Storage::kView;
         value = graph_.values[value].view_of) {
      std::optional<int64_t> own = NumberOf(graph_.values[value].view_offset);
      begin = own ? CheckedAdd(*begin, *own) : std::nullopt;
    }
    std::optional<int64_t> end = begin && bytes ? CheckedAdd(*begin, *bytes) : std::nullopt;
    return end ? Range{*begin, *end} : Range{};
  }

  void FindAccesses() {
    for (uint32_t task = 0; task < graph_.tasks.size(); ++task) {
      for (uint32_t operand : graph_.tasks[task].operands) {
        if (graph_.values[operand].storage == Storage::kMissing) continue;
        accesses_[RootOf(operand)].readers.push_back({task, operand, RangeOf(operand)});
      }
      for (uint32_t result : graph_.tasks[task].results) {
        if (graph_.values[result].storage == Storage::kMissing) continue;
        accesses_[RootOf(result)].writers.push_back({task, result, RangeOf(result)});
      }
    }
  }

  absl::Status Bad(uint32_t first, uint32_t second, uint32_t value) const {
    return absl::InternalError(
        absl::StrCat("graph ", std::string(graph_.name), ": nothing orders task ", first, " (",
                     std::string(graph_.tasks[first].name), ") and task ", second, " (",
                     std::string(graph_.tasks[second].name), "), which share value ", value));
  }

  // Tasks that touch the same bytes, one of them writing, have an order.
  absl::Status CheckAccesses(uint32_t root) const {
    Storage storage = graph_.values[root].storage;
    if (storage != Storage::kArena && storage != Storage::kLate) return absl::OkStatus();
    const Accesses& accesses = accesses_[root];
    for (const Access& writer : accesses.writers) {
      for (const std::vector<Access>* others : {&accesses.readers, &accesses.writers}) {
        for (const Access& other : *others) {
          if (other.task == writer.task || !other.range.Overlaps(writer.range)) continue;
          auto [first, second] = std::minmax(other.task, writer.task);
          if (!order_.IsBefore(first, second) && !places_.Apart(other.value, writer.value)) {
            return Bad(writer.task, other.task, root);
          }
        }
      }
    }
    return absl::OkStatus();
  }

  const ProgramGraph& graph_;
  const Reachability order_;
  const ViewPlaces places_;
  std::vector<Accesses> accesses_;  // by value; views count for what they view
};

}  // namespace

absl::Status VerifyMemoryOrder(const DecodedProgram& program) {
  for (const ProgramGraph& graph : program.graphs) {
    HEDDLE_RETURN_IF_ERROR(MemoryOrder(graph).Verify());
  }
  return absl::OkStatus();
}

}  // namespace heddle
