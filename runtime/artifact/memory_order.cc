// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/memory_order.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/support/checked_math.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

using program::Storage;

class MemoryOrder {
 public:
  explicit MemoryOrder(const ProgramGraph& graph)
      : graph_(graph), words_((graph.tasks.size() + 63) / 64), accesses_(graph.values.size()) {
    FindAncestors();
    FindAccesses();
  }

  absl::Status Verify() const {
    for (size_t root = 0; root < accesses_.size(); ++root) {
      HEDDLE_RETURN_IF_ERROR(CheckAccesses(static_cast<uint32_t>(root)));
    }
    return CheckSharing();
  }

 private:
  // Bytes of a value; where they depend on sizes, all of them.
  struct Range {
    int64_t begin = 0, end = INT64_MAX;
    bool Overlaps(const Range& other) const { return begin < other.end && other.begin < end; }
  };
  struct Access {
    uint32_t task;
    Range range;
  };
  // What tasks do with a value's bytes, through views as well; by task, ascending.
  struct Accesses {
    std::vector<Access> readers, writers;
    bool is_output = false;
  };

  bool IsBefore(uint32_t first, uint32_t second) const {
    return (ancestors_[second * words_ + first / 64] >> (first % 64) & 1) != 0;
  }

  // Tasks are listed in a legal order, so one pass is enough.
  void FindAncestors() {
    ancestors_.resize(words_ * graph_.tasks.size());
    for (uint32_t task = 0; task < graph_.tasks.size(); ++task) {
      const uint64_t* own = &ancestors_[task * words_];
      for (uint32_t successor : graph_.tasks[task].successors) {
        uint64_t* theirs = &ancestors_[successor * words_];
        for (size_t word = 0; word < words_; ++word) theirs[word] |= own[word];
        theirs[task / 64] |= uint64_t{1} << (task % 64);
      }
    }
  }

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
        accesses_[RootOf(operand)].readers.push_back({task, RangeOf(operand)});
      }
      for (uint32_t result : graph_.tasks[task].results) {
        if (graph_.values[result].storage == Storage::kMissing) continue;
        accesses_[RootOf(result)].writers.push_back({task, RangeOf(result)});
      }
    }
    for (uint32_t output : graph_.outputs) accesses_[RootOf(output)].is_output = true;
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
          if (!IsBefore(std::min(other.task, writer.task), std::max(other.task, writer.task))) {
            return Bad(writer.task, other.task, root);
          }
        }
      }
    }
    return absl::OkStatus();
  }

  bool IsDeadBefore(const Accesses& first, const Accesses& second) const {
    if (first.is_output) return false;
    auto precedes_second = [&](const Access& access) {
      return std::all_of(second.writers.begin(), second.writers.end(),
                         [&](const Access& writer) { return IsBefore(access.task, writer.task); });
    };
    return std::all_of(first.readers.begin(), first.readers.end(), precedes_second) &&
           std::all_of(first.writers.begin(), first.writers.end(), precedes_second);
  }

  absl::Status CheckSharing() const {
    std::unordered_set<uint64_t> conflicts;
    for (const program::Conflict& c : graph_.conflicts) {
      conflicts.insert(uint64_t{c.first()} << 32 | c.second());
    }
    for (uint32_t a = 0; a < accesses_.size(); ++a) {
      if (graph_.values[a].storage != Storage::kArena) continue;
      for (uint32_t b = a + 1; b < accesses_.size(); ++b) {
        if (graph_.values[b].storage != Storage::kArena) continue;
        if (IsDeadBefore(accesses_[a], accesses_[b]) || IsDeadBefore(accesses_[b], accesses_[a])) {
          continue;
        }
        if (!conflicts.contains(uint64_t{a} << 32 | b)) {
          return absl::InternalError(absl::StrCat("graph ", std::string(graph_.name), ": values ",
                                                  a, " and ", b,
                                                  " may be alive together and share bytes"));
        }
      }
    }
    return absl::OkStatus();
  }

  const ProgramGraph& graph_;
  const size_t words_;               // of a set of tasks
  std::vector<uint64_t> ancestors_;  // by task, a set of tasks
  std::vector<Accesses> accesses_;   // by value; views count for what they view
};

}  // namespace

absl::Status VerifyMemoryOrder(const DecodedProgram& program) {
  for (const ProgramGraph& graph : program.graphs) {
    HEDDLE_RETURN_IF_ERROR(MemoryOrder(graph).Verify());
  }
  return absl::OkStatus();
}

}  // namespace heddle
