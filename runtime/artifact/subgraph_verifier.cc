// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "runtime/artifact/graph_verifier.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

using program::Storage;
using program::TaskKind;

template <typename... Parts>
absl::Status Bad(const Parts&... parts) {
  return absl::DataLossError(absl::StrCat(parts...));
}

class SubgraphVerifier {
 public:
  SubgraphVerifier(const DecodedProgram& program, uint32_t graph_index, const ProgramTask& task)
      : program_(program), graph_(program.graphs[graph_index]), task_(task) {}

  absl::Status Verify() {
    size_t wanted = task_.kind == TaskKind::kBranch ? 2 : 1;
    if (task_.graphs.size() != wanted) return Bad("wrong number of sub-graphs");
    for (uint32_t index : task_.graphs) {
      const ProgramGraph& body = program_.graphs[index];
      // The body's own lists are checked when its turn comes; here they are followed already.
      for (uint32_t v : body.inputs) {
        if (v >= body.values.size()) return Bad("malformed sub-graph inputs");
      }
      for (uint32_t v : body.outputs) {
        if (v >= body.values.size()) return Bad("malformed sub-graph outputs");
      }
      absl::Status status = task_.kind == TaskKind::kBranch ? CheckBranch(body)
                            : task_.kind == TaskKind::kLoop ? CheckLoop(body)
                                                            : CheckScan(body);
      HEDDLE_RETURN_IF_ERROR(status);
    }
    return absl::OkStatus();
  }

 private:
  // `rank_step`: how many dimensions `outer` has more than `inner`.
  static bool Agree(const ProgramValue& outer, const ProgramValue& inner, int rank_step) {
    return outer.storage == Storage::kMissing ||
           (outer.element_type == inner.element_type && outer.rank() == inner.rank() + rank_step);
  }
  const ProgramValue& Operand(size_t i) const { return graph_.values[task_.operands[i]]; }
  const ProgramValue& Result(size_t i) const { return graph_.values[task_.results[i]]; }
  static const ProgramValue& Input(const ProgramGraph& body, size_t i) {
    return body.values[body.inputs[i]];
  }
  static const ProgramValue& Output(const ProgramGraph& body, size_t i) {
    return body.values[body.outputs[i]];
  }

  absl::Status CheckCaptures(const ProgramGraph& body) {
    size_t operands = task_.operands.size() - task_.captures;
    size_t inputs = body.inputs.size() - task_.captures;
    for (size_t i = 0; i < task_.captures; ++i) {
      if (!Agree(Operand(operands + i), Input(body, inputs + i), 0)) {
        return Bad("capture ", i, " differs from the sub-graph's input");
      }
    }
    return absl::OkStatus();
  }

  absl::Status CheckBranch(const ProgramGraph& body) {
    if (task_.operands.size() != task_.captures + 1 || body.inputs.size() != task_.captures ||
        body.outputs.size() != task_.results.size() ||
        Operand(0).element_type != ElementType::kBool) {
      return Bad("If: wrong operands or results");
    }
    for (size_t i = 0; i < task_.results.size(); ++i) {
      if (!Agree(Result(i), Output(body, i), 0)) {
        return Bad("result ", i, " differs from the sub-graph's output");
      }
    }
    return CheckCaptures(body);
  }

  absl::Status CheckLoop(const ProgramGraph& body) {
    if (task_.operands.size() < task_.captures + 2 || body.inputs.size() != task_.operands.size()) {
      return Bad("Loop: wrong operands");
    }
    size_t carried = task_.operands.size() - task_.captures - 2;
    if (task_.results.size() < carried || body.outputs.size() != task_.results.size() + 1) {
      return Bad("Loop: wrong results");
    }
    const ElementType types[] = {ElementType::kInt64, ElementType::kBool};
    for (size_t i = 0; i < 2; ++i) {
      if ((Operand(i).storage != Storage::kMissing && Operand(i).element_type != types[i]) ||
          Input(body, i).element_type != types[i] || Input(body, i).rank() > 1) {
        return Bad("Loop: wrong trip count or condition");
      }
    }
    if (Output(body, 0).element_type != ElementType::kBool) return Bad("Loop: wrong condition");
    for (size_t i = 0; i < carried; ++i) {
      if (!Agree(Operand(i + 2), Input(body, i + 2), 0) ||
          !Agree(Input(body, i + 2), Output(body, i + 1), 0)) {
        return Bad("Loop: carried value ", i, " changes its type or rank");
      }
    }
    for (size_t i = 0; i < task_.results.size(); ++i) {
      if (!Agree(Result(i), Output(body, i + 1), i < carried ? 0 : 1)) {
        return Bad("result ", i, " differs from the sub-graph's output");
      }
    }
    return CheckCaptures(body);
  }

  absl::Status CheckScan(const ProgramGraph& body) {
    int64_t scanned = task_.Int("num_scan_inputs", 0);
    size_t operands = task_.operands.size() - task_.captures;
    if (scanned < 1 || static_cast<size_t>(scanned) > operands ||
        body.inputs.size() != task_.operands.size()) {
      return Bad("Scan: wrong operands");
    }
    size_t states = operands - scanned;
    if (task_.results.size() < states || body.outputs.size() != task_.results.size()) {
      return Bad("Scan: wrong results");
    }
    for (size_t i = 0; i < operands; ++i) {
      if (!Agree(Operand(i), Input(body, i), i < states ? 0 : 1) ||
          (i < states && !Agree(Input(body, i), Output(body, i), 0))) {
        return Bad("Scan: operand ", i, " differs from the sub-graph's input");
      }
    }
    for (size_t i = 0; i < task_.results.size(); ++i) {
      if (!Agree(Result(i), Output(body, i), i < states ? 0 : 1)) {
        return Bad("result ", i, " differs from the sub-graph's output");
      }
    }
    HEDDLE_RETURN_IF_ERROR(CheckAxes("scan_input_axes", scanned,
                                     [&](size_t i) { return Operand(states + i).rank(); }));
    HEDDLE_RETURN_IF_ERROR(
        CheckAxes("scan_output_axes", task_.results.size() - states,
                  [&](size_t i) { return Output(body, states + i).rank() + 1; }));
    HEDDLE_RETURN_IF_ERROR(CheckDirections("scan_input_directions", scanned));
    HEDDLE_RETURN_IF_ERROR(
        CheckDirections("scan_output_directions", task_.results.size() - states));
    return CheckCaptures(body);
  }

  template <typename Rank>
  absl::Status CheckAxes(std::string_view name, size_t count, Rank rank) {
    absl::Span<const int64_t> axes = task_.Ints(name);
    if (axes.empty()) return absl::OkStatus();
    bool good = axes.size() == count;
    for (size_t i = 0; good && i < count; ++i) good = axes[i] >= -rank(i) && axes[i] < rank(i);
    return good ? absl::OkStatus() : Bad("Scan: an axis is out of range");
  }

  absl::Status CheckDirections(std::string_view name, size_t count) {
    absl::Span<const int64_t> directions = task_.Ints(name);
    bool good = directions.empty() || directions.size() == count;
    for (int64_t direction : directions) good = good && (direction == 0 || direction == 1);
    return good ? absl::OkStatus() : Bad("Scan: a direction is neither 0 nor 1");
  }

  const DecodedProgram& program_;
  const ProgramGraph& graph_;
  const ProgramTask& task_;
};

}  // namespace

absl::Status VerifySubgraphs(const DecodedProgram& program, uint32_t graph_index,
                             const ProgramTask& task) {
  return SubgraphVerifier(program, graph_index, task).Verify();
}

}  // namespace heddle
