// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/artifact/graph_verifier.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/artifact/format.h"
#include "runtime/artifact/program_verifier.h"
#include "runtime/support/checked_math.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

using program::ExprKind;
using program::Storage;
using program::TaskKind;

template <typename... Parts>
absl::Status Bad(const Parts&... parts) {
  return absl::DataLossError(absl::StrCat(parts...));
}

bool InRange(Indices indices, size_t size) {
  return std::all_of(indices.begin(), indices.end(), [&](uint32_t i) { return i < size; });
}

class GraphVerifier {
 public:
  GraphVerifier(const DecodedProgram& program, uint32_t index, uint64_t weights_size)
      : program_(program),
        graph_(program.graphs[index]),
        index_(index),
        weights_size_(weights_size) {}

  absl::Status Verify() {
    HEDDLE_RETURN_IF_ERROR(CheckExprs());
    HEDDLE_RETURN_IF_ERROR(CheckInputs());
    for (uint32_t v = 0; v < graph_.values.size(); ++v) {
      absl::Status status = CheckValue(v);
      if (!status.ok()) return Bad("value ", v, ": ", status.message());
    }
    // Every index a task holds, before any of them is followed.
    for (uint32_t t = 0; t < graph_.tasks.size(); ++t) {
      absl::Status status = CheckTaskIndices(t);
      if (!status.ok()) return Bad("task ", t, ": ", status.message());
    }
    FindLate();
    written_.resize(graph_.values.size());
    for (uint32_t t = 0; t < graph_.tasks.size(); ++t) {
      absl::Status status = CheckTask(graph_.tasks[t]);
      if (!status.ok()) return Bad("task ", t, ": ", status.message());
    }
    HEDDLE_RETURN_IF_ERROR(CheckLate());
    return CheckOutputs();
  }

 private:
  absl::Status CheckExprs() {
    for (size_t i = 0; i < graph_.exprs.size(); ++i) {
      const program::Expr& e = graph_.exprs[i];
      auto earlier = [&](int64_t index) { return index >= 0 && index < static_cast<int64_t>(i); };
      bool good = e.kind() <= ExprKind::MAX;
      if (e.kind() == ExprKind::kSymbol) {
        good = e.lhs() >= 0 && e.lhs() < static_cast<int64_t>(graph_.symbols.size());
      } else if (e.kind() != ExprKind::kConstant) {
        good = good && earlier(e.lhs()) && earlier(e.rhs());
      }
      if (!good) return Bad("expression ", i, " is malformed");
    }
    return absl::OkStatus();
  }

  absl::Status CheckInputs() {
    std::vector<bool> seen(graph_.values.size());
    for (uint32_t input : graph_.inputs) {
      if (input >= seen.size() || seen[input] || graph_.values[input].storage != Storage::kInput) {
        return Bad("malformed list of inputs");
      }
      seen[input] = true;
    }
    for (size_t v = 0; v < seen.size(); ++v) {
      if (!seen[v] && graph_.values[v].storage == Storage::kInput) {
        return Bad("value ", v, " is an input that is not listed");
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckValue(uint32_t index) {
    const ProgramValue& value = graph_.values[index];
    roots_.push_back(index);
    if (value.storage > Storage::MAX) return Bad("unknown storage");
    if (value.storage == Storage::kMissing) return absl::OkStatus();
    if (static_cast<int>(value.element_type) >= kElementTypeCount ||
        value.element_type == ElementType::kUndefined) {
      return Bad("unknown element type");
    }
    if (ElementBits(value.element_type) == 0) {
      return absl::UnimplementedError(
          absl::StrCat(Quoted(value.name), " holds strings, which this runtime does not run"));
    }
    if (value.rank() > kMaxRank || !InRange(value.dims, graph_.exprs.size())) {
      return Bad("malformed dimensions");
    }
    if (value.storage == Storage::kConstant) return CheckConstant(value);
    if (value.storage == Storage::kView) {
      if (value.view_of >= index || graph_.values[value.view_of].storage == Storage::kMissing ||
          (value.view_offset != kNoExpression && value.view_offset >= graph_.exprs.size())) {
        return Bad("malformed view");
      }
      roots_.back() = roots_[value.view_of];
    }
    return absl::OkStatus();
  }

  absl::Status CheckConstant(const ProgramValue& value) {
    std::vector<int64_t> dims;
    for (uint32_t d : value.dims) {
      if (graph_.exprs[d].kind() != ExprKind::kConstant) return Bad("constant of unknown size");
      dims.push_back(graph_.exprs[d].lhs());
    }
    std::optional<int64_t> bytes = CheckedTensorBytes(value.element_type, dims);
    if (!bytes || value.weight_offset % kWeightAlignment != 0 ||
        value.weight_offset > weights_size_ ||
        static_cast<uint64_t>(*bytes) > weights_size_ - value.weight_offset) {
      return Bad("constant outside the weights");
    }
    return absl::OkStatus();
  }

  absl::Status CheckTaskIndices(uint32_t index) {
    const ProgramTask& task = graph_.tasks[index];
    if (graph_.tasks.size() >= kMaxTasks) return Bad("too many tasks");
    if (task.kind > TaskKind::MAX) return Bad("unknown kind");
    if (!InRange(task.operands, graph_.values.size()) ||
        !InRange(task.results, graph_.values.size()) || !InRange(task.dims, graph_.exprs.size()) ||
        !InRange(task.successors, graph_.tasks.size())) {
      return Bad("index out of range");
    }
    if (task.scratch != kNoExpression && task.scratch >= graph_.exprs.size()) {
      return Bad("scratch size out of range");
    }
    if (task.work != kNoExpression && task.work >= graph_.exprs.size()) {
      return Bad("work out of range");
    }
    if (task.operations != kNoExpression && task.operations >= graph_.exprs.size()) {
      return Bad("number of operations out of range");
    }
    if (task.kind == TaskKind::kKernel &&
        (task.kernel >= program_.kernels.size() || task.grid >= graph_.exprs.size())) {
      return Bad("kernel or grid out of range");
    }
    if (task.kind == TaskKind::kLibrary && task.function.empty()) return Bad("no function");
    if (task.captures > task.operands.size()) return Bad("too many captures");
    for (uint32_t graph : task.graphs) {
      if (graph <= index_ || graph >= program_.graphs.size()) return Bad("malformed sub-graph");
    }
    // A successor that comes later makes the order legal and a cycle impossible.
    predecessors_.resize(graph_.tasks.size());
    std::unordered_set<uint32_t> distinct;
    for (uint32_t successor : task.successors) {
      if (successor <= index || !distinct.insert(successor).second) return Bad("malformed edges");
      ++predecessors_[successor];
    }
    if (task.predecessors != predecessors_[index]) return Bad("wrong number of predecessors");
    return absl::OkStatus();
  }

  absl::Status CheckTask(const ProgramTask& task) {
    for (size_t i = 0; i < task.operands.size(); ++i) {
      const ProgramValue& value = graph_.values[task.operands[i]];
      if (value.storage == Storage::kMissing) {
        bool optional = task.kind == TaskKind::kLibrary || (task.kind == TaskKind::kLoop && i < 2);
        if (!optional) return Bad("operand ", i, " is missing");
      } else if (!Available(task.operands[i])) {
        return Bad("operand ", i, " is read before it is written");
      }
    }
    for (size_t i = 0; i < task.results.size(); ++i) {
      uint32_t result = task.results[i];
      const ProgramValue& value = graph_.values[result];
      if (value.storage == Storage::kMissing && task.kind != TaskKind::kKernel) continue;
      Storage root = graph_.values[roots_[result]].storage;
      // A kernel may write a part of an arena value, through a view.
      bool writable = value.storage == Storage::kArena || value.storage == Storage::kLate ||
                      (value.storage == Storage::kView && root == Storage::kArena);
      if (!writable || (value.storage != Storage::kView && written_[result])) {
        return Bad("result ", i, " cannot be written");
      }
      written_[result] = written_[roots_[result]] = true;
    }
    if (task.kind == TaskKind::kKernel || task.kind == TaskKind::kLibrary) {
      return absl::OkStatus();
    }
    return VerifySubgraphs(program_, index_, task);
  }

  bool Available(uint32_t value) const {
    uint32_t root = roots_[value];
    Storage storage = graph_.values[root].storage;
    return storage == Storage::kInput || storage == Storage::kConstant || written_[root];
  }

  // A symbol is early where an input's shape gives its number.
  void FindLate() {
    early_.resize(graph_.symbols.size());
    for (uint32_t input : graph_.inputs) {
      for (uint32_t d : graph_.values[input].dims) {
        const program::Expr& e = graph_.exprs[d];
        if (e.kind() == ExprKind::kSymbol) early_[e.lhs()] = true;
      }
    }
    for (const program::Expr& e : graph_.exprs) {
      bool late = e.kind() == ExprKind::kSymbol     ? !early_[e.lhs()]
                  : e.kind() == ExprKind::kConstant ? false
                                                    : late_[e.lhs()] || late_[e.rhs()];
      late_.push_back(late);
    }
  }

  absl::Status CheckLate() {
    for (size_t v = 0; v < graph_.values.size(); ++v) {
      const ProgramValue& value = graph_.values[v];
      if (value.storage != Storage::kArena && value.storage != Storage::kInput) continue;
      for (uint32_t d : value.dims) {
        if (late_[d]) return Bad("value ", v, ": its size is not known when a run starts");
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckOutputs() {
    for (uint32_t output : graph_.outputs) {
      if (output >= graph_.values.size() || graph_.values[output].storage == Storage::kMissing ||
          !Available(output)) {
        return Bad("malformed list of outputs");
      }
    }
    if (index_ != 0) return absl::OkStatus();
    for (Indices list : {graph_.inputs, graph_.outputs}) {
      std::unordered_set<std::string_view> names;
      for (uint32_t v : list) {
        std::string_view name = graph_.values[v].name;
        if (name.empty() || !names.insert(name).second) {
          return Bad("an input's or output's name is empty or not unique");
        }
      }
    }
    return absl::OkStatus();
  }

  const DecodedProgram& program_;
  const ProgramGraph& graph_;
  const uint32_t index_;
  const uint64_t weights_size_;
  std::vector<uint32_t> roots_;         // by value: what a chain of views ends at
  std::vector<uint32_t> predecessors_;  // by task, counted so far
  std::vector<bool> written_;           // by value, by the tasks so far
  std::vector<bool> early_;             // by symbol
  std::vector<bool> late_;              // by expression
};

}  // namespace

absl::Status VerifyGraph(const DecodedProgram& program, uint32_t index, uint64_t weights_size) {
  return GraphVerifier(program, index, weights_size).Verify();
}

}  // namespace heddle
