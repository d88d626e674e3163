// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/graph/graph_info.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

using program::ExprKind;
using program::Storage;

// Expressions share parts, so their text can be exponentially longer than they are.
constexpr int kTextDepth = 6;

std::string Text(const ProgramGraph& graph, uint32_t index, int depth) {
  const program::Expr& e = graph.exprs[index];
  if (e.kind() == ExprKind::kConstant) return absl::StrCat(e.lhs());
  if (e.kind() == ExprKind::kSymbol) {
    std::string_view name = graph.symbols[e.lhs()];
    return name.empty() ? absl::StrCat("?", e.lhs()) : std::string(name);
  }
  if (depth == 0) return "...";
  std::string lhs = Text(graph, e.lhs(), depth - 1);
  std::string rhs = Text(graph, e.rhs(), depth - 1);
  switch (e.kind()) {
    case ExprKind::kAdd:
      return absl::StrCat("(", lhs, " + ", rhs, ")");
    case ExprKind::kMul:
      return absl::StrCat("(", lhs, " * ", rhs, ")");
    case ExprKind::kFloorDiv:
      return absl::StrCat("(", lhs, " floordiv ", rhs, ")");
    case ExprKind::kCeilDiv:
      return absl::StrCat("(", lhs, " ceildiv ", rhs, ")");
    case ExprKind::kMod:
      return absl::StrCat("(", lhs, " mod ", rhs, ")");
    case ExprKind::kMin:
      return absl::StrCat("min(", lhs, ", ", rhs, ")");
    case ExprKind::kMax:
      return absl::StrCat("max(", lhs, ", ", rhs, ")");
    case ExprKind::kLog2:
      return absl::StrCat("log2(", lhs, ")");
    default:
      return "?";
  }
}

TaskDag MakeDag(const ProgramGraph& graph) {
  std::vector<absl::Span<const uint32_t>> successors;
  successors.reserve(graph.tasks.size());
  for (const ProgramTask& task : graph.tasks) successors.push_back(task.successors);
  return TaskDag(successors);
}

}  // namespace

GraphInfo::GraphInfo(const ProgramGraph& graph, bool repeats)
    : graph(graph), repeats(repeats), dag(MakeDag(graph)), arena(graph) {
  late_symbol.assign(graph.symbols.size(), true);
  for (uint32_t input : graph.inputs) {
    for (uint32_t d : graph.values[input].dims) {
      const program::Expr& e = graph.exprs[d];
      if (e.kind() == ExprKind::kSymbol) late_symbol[e.lhs()] = false;
    }
  }
  for (uint32_t i = 0; i < graph.exprs.size(); ++i) {
    const program::Expr& e = graph.exprs[i];
    bool is_late = e.kind() == ExprKind::kSymbol     ? late_symbol[e.lhs()]
                   : e.kind() == ExprKind::kConstant ? false
                                                     : late_expr[e.lhs()] || late_expr[e.rhs()];
    late_expr.push_back(is_late);
    if (is_late) late_exprs.push_back(i);
  }

  dims_begin.push_back(0);
  for (uint32_t v = 0; v < graph.values.size(); ++v) {
    const ProgramValue& value = graph.values[v];
    dims_begin.push_back(dims_begin.back() + static_cast<uint32_t>(value.rank()));
    bool is_late = std::any_of(value.dims.begin(), value.dims.end(),
                               [this](uint32_t d) { return late_expr[d]; });
    root.push_back(v);
    switch (value.storage) {
      case Storage::kView:
        root[v] = root[value.view_of];
        is_late |= value.view_offset != kNoExpression && late_expr[value.view_offset];
        // Offsets add up along the chain.
        is_late |= graph.values[value.view_of].storage == Storage::kView && late[value.view_of];
        break;
      case Storage::kLate:
        late_roots.push_back(v);
        break;
      case Storage::kConstant:
        constants.push_back(v);
        break;
      default:
        break;
    }
    late.push_back(is_late);
  }

  readers.assign(graph.values.size(), 0);
  output_of.assign(graph.values.size(), -1);
  for (size_t i = graph.outputs.size(); i-- > 0;) {
    output_of[root[graph.outputs[i]]] = static_cast<int32_t>(i);
  }
  for (uint32_t v : late_roots) readers[v] = output_of[v] >= 0 ? 1 : 0;
  late_reads_begin.push_back(0);
  for (const ProgramTask& task : graph.tasks) {
    size_t begin = late_reads.size();
    for (uint32_t operand : task.operands) {
      uint32_t r = root[operand];
      if (graph.values[r].storage == Storage::kLate &&
          std::find(late_reads.begin() + begin, late_reads.end(), r) == late_reads.end()) {
        late_reads.push_back(r);
        ++readers[r];
      }
    }
    late_reads_begin.push_back(static_cast<uint32_t>(late_reads.size()));
  }
}

std::string GraphInfo::ExprText(uint32_t expr) const { return Text(graph, expr, kTextDepth); }

std::string GraphInfo::ExpectedShape(uint32_t value) const {
  std::string text = "[";
  for (uint32_t d : graph.values[value].dims) {
    absl::StrAppend(&text, text.size() > 1 ? "," : "", ExprText(d));
  }
  return text + "]";
}

}  // namespace heddle
