// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/graph/shape_plan.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/numeric/bits.h"
#include "absl/strings/str_cat.h"
#include "runtime/graph/spread.h"
#include "runtime/support/checked_math.h"
#include "runtime/support/status_macros.h"
#include "runtime/support/text.h"

namespace heddle {
namespace {

using program::ExprKind;
using program::Storage;
using program::TaskKind;

// With up to half as much as room.
int64_t RoundUp(int64_t bytes) {
  if (bytes <= 0 || bytes > int64_t{1} << 50) return bytes;
  int64_t step = std::max<int64_t>(absl::bit_floor(static_cast<uint64_t>(bytes)) / 2, 64);
  return (bytes + step - 1) / step * step;
}

// Whether what was planned for `room` does for `sizes`, without being much too large. Frames keep the
// largest arena they had, so what is gained by a smaller one is only that values are closer.
bool Fits(absl::Span<const int64_t> sizes, absl::Span<const int64_t> room) {
  if (sizes.size() != room.size()) return false;
  double needed = 4 << 20, planned = 0;
  for (size_t v = 0; v < sizes.size(); ++v) {
    if (sizes[v] > room[v]) return false;
    needed += 4.0 * static_cast<double>(std::max<int64_t>(sizes[v], 0));
    planned += static_cast<double>(std::max<int64_t>(room[v], 0));
  }
  return planned <= needed;
}

class Planner {
 public:
  Planner(const GraphInfo& info, absl::Span<const Tensor> inputs, LastLayout* last)
      : info_(info), graph_(info.graph), inputs_(inputs), last_(last) {}

  absl::StatusOr<std::shared_ptr<const ShapePlan>> Make() {
    HEDDLE_RETURN_IF_ERROR(BindSymbols());
    EvaluateExprs();
    HEDDLE_RETURN_IF_ERROR(CheckInputs());
    HEDDLE_RETURN_IF_ERROR(SizeValues());
    HEDDLE_RETURN_IF_ERROR(PlaceArena());
    HEDDLE_RETURN_IF_ERROR(SizeTasks());
    return std::make_shared<const ShapePlan>(std::move(plan_));
  }

 private:
  const ProgramValue& InputValue(size_t i) const { return graph_.values[graph_.inputs[i]]; }

  absl::Status WrongShape(size_t i, std::string_view where) const {
    return absl::InvalidArgumentError(absl::StrCat(
        "input ", Quoted(InputValue(i).name), " has shape ", ShapeText(inputs_[i].dims()),
        ", expected ", info_.ExpectedShape(graph_.inputs[i]), Absl(where)));
  }

  absl::Status BindSymbols() {
    symbols_.assign(graph_.symbols.size(), kNoNumber);
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const ProgramValue& value = InputValue(i);
      absl::Span<const int64_t> dims = inputs_[i].dims();
      if (inputs_[i].element_type() != value.element_type) {
        return absl::InvalidArgumentError(
            absl::StrCat("input ", Quoted(value.name), " has element type ",
                         Absl(ElementTypeName(inputs_[i].element_type())), ", expected ",
                         Absl(ElementTypeName(value.element_type))));
      }
      if (dims.size() != value.dims.size()) return WrongShape(i, "");
      for (size_t d = 0; d < dims.size(); ++d) {
        const program::Expr& e = graph_.exprs[value.dims[d]];
        if (e.kind() != ExprKind::kSymbol) continue;
        int64_t& symbol = symbols_[e.lhs()];
        if (symbol == kNoNumber) symbol = dims[d];
        if (symbol != dims[d]) {
          return WrongShape(i, absl::StrCat(" with ", info_.ExprText(value.dims[d]), " = ", symbol,
                                            " from an earlier input"));
        }
      }
    }
    return absl::OkStatus();
  }

  void EvaluateExprs() {
    plan_.exprs.reserve(graph_.exprs.size());
    for (const program::Expr& e : graph_.exprs) {
      int64_t number =
          e.kind() == ExprKind::kConstant ? e.lhs()
          : e.kind() == ExprKind::kSymbol
              ? symbols_[e.lhs()]
              : EvaluateOperation(e.kind(), plan_.exprs[e.lhs()], plan_.exprs[e.rhs()]);
      plan_.exprs.push_back(number);
    }
  }

  absl::Status CheckInputs() {
    for (size_t i = 0; i < inputs_.size(); ++i) {
      for (size_t d = 0; d < inputs_[i].dims().size(); ++d) {
        if (plan_.exprs[InputValue(i).dims[d]] != inputs_[i].dims()[d]) return WrongShape(i, "");
      }
    }
    return absl::OkStatus();
  }

  absl::Status SizeValues() {
    size_t count = graph_.values.size();
    plan_.dims.reserve(info_.dims_begin.back());
    plan_.bytes.assign(count, -1);
    plan_.offset.assign(count, 0);
    for (uint32_t v = 0; v < count; ++v) {
      const ProgramValue& value = graph_.values[v];
      for (uint32_t d : value.dims) plan_.dims.push_back(plan_.exprs[d]);
      if (info_.late[v] || value.storage == Storage::kMissing) continue;
      absl::Span<const int64_t> dims = plan_.DimsOf(info_, v);
      std::optional<int64_t> bytes = CheckedTensorBytes(value.element_type, dims);
      if (!bytes) {
        return absl::InvalidArgumentError(
            absl::StrCat("the size of ", Quoted(value.name), ", ", info_.ExpectedShape(v),
                         ", is negative, too large or not defined for these input shapes"));
      }
      plan_.bytes[v] = *bytes;
      if (value.storage == Storage::kView) HEDDLE_RETURN_IF_ERROR(PlaceView(v));
    }
    return absl::OkStatus();
  }

  absl::Status PlaceView(uint32_t v) {
    const ProgramValue& value = graph_.values[v];
    int64_t own = value.view_offset == kNoExpression ? 0 : plan_.exprs[value.view_offset];
    bool base_is_view = graph_.values[value.view_of].storage == Storage::kView;
    int64_t base = base_is_view ? plan_.offset[value.view_of] : 0;
    int64_t limit = plan_.bytes[info_.root[v]];  // -1: late, checked when it is read
    std::optional<int64_t> offset = own < 0 ? std::nullopt : CheckedAdd(base, own);
    std::optional<int64_t> end = offset ? CheckedAdd(*offset, plan_.bytes[v]) : std::nullopt;
    if (!end || (limit >= 0 && *end > limit)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the view ", Quoted(value.name), " does not fit in what it views"));
    }
    plan_.offset[v] = *offset;
    return absl::OkStatus();
  }

  absl::Status PlaceArena() {
    absl::Span<const uint32_t> values = info_.arena.blocks();
    std::vector<int64_t> sizes(values.size(), -1);
    plan_.direct.assign(graph_.values.size(), false);
    for (size_t block = 0; block < values.size(); ++block) {
      uint32_t v = values[block];
      // An output is written where it goes, provided that it is all of the value.
      if (info_.output_of[v] >= 0) {
        uint32_t output = graph_.outputs[info_.output_of[v]];
        plan_.direct[v] = !info_.late[output] && plan_.bytes[output] == plan_.bytes[v] &&
                          (output == v || plan_.offset[output] == 0);
      }
      if (!plan_.direct[v]) sizes[block] = plan_.bytes[v];
    }
    LastLayout own;
    LastLayout& last = last_ != nullptr ? *last_ : own;
    if (!Fits(sizes, last.sizes)) {
      if (!last.sizes.empty()) std::transform(sizes.begin(), sizes.end(), sizes.begin(), RoundUp);
      HEDDLE_ASSIGN_OR_RETURN(last.layout, PlanArena(sizes, [this](uint32_t a, uint32_t b) {
                                return info_.arena.MayShare(a, b);
                              }));
      last.sizes = std::move(sizes);
    }
    for (size_t block = 0; block < values.size(); ++block) {
      plan_.offset[values[block]] = last.layout.offsets[block];
    }
    plan_.arena_bytes = last.layout.size;
    return absl::OkStatus();
  }

  absl::Status SizeTasks() {
    plan_.tasks.resize(graph_.tasks.size());
    for (size_t t = 0; t < graph_.tasks.size(); ++t) {
      const ProgramTask& source = graph_.tasks[t];
      ShapePlan::Task& task = plan_.tasks[t];
      task.dims_begin = static_cast<uint32_t>(plan_.task_dims.size());
      if (source.kind != TaskKind::kKernel) {
        bool counts = source.work != kNoExpression && plan_.exprs[source.work] >= 0;
        task.cost = EstimateCost(source, 1, counts ? plan_.exprs[source.work] : 1);
        continue;
      }
      bool bad = false;
      for (uint32_t d : source.dims) {
        task.late |= info_.late_expr[d];
        bad |= plan_.exprs[d] == kNoNumber;
        plan_.task_dims.push_back(plan_.exprs[d]);
      }
      task.late |= info_.late_expr[source.grid];
      task.grid = plan_.exprs[source.grid];
      if (source.scratch != kNoExpression) {
        task.late |= info_.late_expr[source.scratch];
        task.scratch = plan_.exprs[source.scratch];
      }
      int64_t work = 1;
      if (source.work != kNoExpression) {
        task.late |= info_.late_expr[source.work];
        work = plan_.exprs[source.work];
      }
      task.cost = EstimateCost(source, task.grid, work);
      if (!task.late && (bad || task.grid < 0 || task.scratch < 0)) {
        return absl::InvalidArgumentError(
            absl::StrCat(Absl(source.op), " ", Quoted(source.name),
                         ": a size is negative or not defined for these input shapes"));
      }
    }
    plan_.sequential = graph_.sequential && !GainsBySecondThread(graph_, plan_, info_.repeats);
    plan_.unsure_work = UnsureWork(graph_, plan_);
    return absl::OkStatus();
  }

  const GraphInfo& info_;
  const ProgramGraph& graph_;
  absl::Span<const Tensor> inputs_;
  LastLayout* const last_;
  std::vector<int64_t> symbols_;
  ShapePlan plan_;
};

}  // namespace

double EstimateCost(const ProgramTask& task, int64_t grid, int64_t work) {
  if (grid < 0 || work < 0) return 0;  // not known yet, or refused elsewhere
  return static_cast<double>(task.cost_per_point) * static_cast<double>(work) *
         static_cast<double>(grid);
}

int64_t EvaluateOperation(ExprKind kind, int64_t lhs, int64_t rhs) {
  if (lhs == kNoNumber || rhs == kNoNumber) return kNoNumber;
  switch (kind) {
    case ExprKind::kAdd:
      return CheckedAdd(lhs, rhs).value_or(kNoNumber);
    case ExprKind::kMul:
      return CheckedMul(lhs, rhs).value_or(kNoNumber);
    case ExprKind::kFloorDiv:
      return CheckedFloorDiv(lhs, rhs).value_or(kNoNumber);
    case ExprKind::kCeilDiv:
      return CheckedCeilDiv(lhs, rhs).value_or(kNoNumber);
    case ExprKind::kMod:
      return CheckedMod(lhs, rhs).value_or(kNoNumber);
    case ExprKind::kMin:
      return std::min(lhs, rhs);
    case ExprKind::kMax:
      return std::max(lhs, rhs);
    case ExprKind::kLog2:
      return lhs < 1 ? 0 : absl::bit_width(static_cast<uint64_t>(lhs - 1));
    default:
      return kNoNumber;
  }
}

absl::StatusOr<std::shared_ptr<const ShapePlan>> MakeShapePlan(const GraphInfo& info,
                                                               absl::Span<const Tensor> inputs,
                                                               LastLayout* last) {
  return Planner(info, inputs, last).Make();
}

}  // namespace heddle
