// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/memory_order.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/strings/str_cat.h"
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
  // What tasks do with a value's bytes, through views as well.
  struct Accesses {
    std::vector<uint32_t> readers, writers;  // tasks, ascending
    bool written_in_parts = false;           // through views
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

  void FindAccesses() {
    for (uint32_t task = 0; task < graph_.tasks.size(); ++task) {
      for (uint32_t operand : graph_.tasks[task].operands) {
        accesses_[RootOf(operand)].readers.push_back(task);
      }
      for (uint32_t result : graph_.tasks[task].results) {
        Accesses& accesses = accesses_[RootOf(result)];
        accesses.writers.push_back(task);
        accesses.written_in_parts |= graph_.values[result].storage == Storage::kView;
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

  // Parts of a value are taken to be disjoint; a reader waits for all of them.
  absl::Status CheckAccesses(uint32_t root) const {
    Storage storage = graph_.values[root].storage;
    if (storage != Storage::kArena && storage != Storage::kLate) return absl::OkStatus();
    const Accesses& accesses = accesses_[root];
    for (uint32_t writer : accesses.writers) {
      for (uint32_t reader : accesses.readers) {
        if (reader == writer) continue;
        if (!IsBefore(std::min(reader, writer), std::max(reader, writer))) {
          return Bad(writer, reader, root);
        }
      }
      for (uint32_t other : accesses.writers) {
        if (writer < other && !accesses.written_in_parts && !IsBefore(writer, other)) {
          return Bad(writer, other, root);
        }
      }
    }
    return absl::OkStatus();
  }

  bool IsDeadBefore(const Accesses& first, const Accesses& second) const {
    if (first.is_output) return false;
    auto precedes_second = [&](uint32_t task) {
      return std::all_of(second.writers.begin(), second.writers.end(),
                         [&](uint32_t writer) { return IsBefore(task, writer); });
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
