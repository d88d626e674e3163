// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the forms of a scan cost, to choose between them. The forms of a scan differ by factors, so
// the model is small: how long a step waits for the one before, how long it keeps the core busy, and
// what a pass costs before its first step.

#include "compiler/kernels/CostModel.h"
#include "compiler/kernels/RecurrenceStep.h"
#include "compiler/parallel/scans/ScanForms.h"
#include "dialects/onnx/Onnx.h"

#include <cmath>

using namespace mlir;

namespace heddle {
namespace {

/// Nanoseconds, measured with benchmarks/scan_forms.py on a Zen 5 core (docs/scans.md).
constexpr double kLatency = 1.0;     // of an addition or a product, fused ones included
constexpr double kFunction = 8;      // of an exponential or a quotient, in additions
constexpr double kIssue = 0.25;      // of an operation on a vector that waits for nothing
constexpr double kTransposed = 1.2;  // of a vector of elements that is read or written across chunks
constexpr double kPass = 100;        // of a pass on one core
constexpr double kForkedPass = 3000; // of one that several cores share
constexpr double kShared = 30000;    // what one core does alone
constexpr double kLoopStep = 3000;   // of a step of a loop that runs tasks
constexpr double kPerProduct = 0.05; // of an operation on one element in such a step
constexpr double kLanes = 16;

double weightOf(Operation &op) {
  if (isa<onnx::ConstantOp, IndexTensorOp>(op) || op.getNumResults() == 0)
    return 0;
  // A sum of a product is one operation with it.
  if (isa<onnx::AddOp, onnx::SubOp>(op) && llvm::any_of(op.getOperands(), [](Value operand) {
        return operand.getDefiningOp<onnx::MulOp>() && operand.hasOneUse();
      }))
    return 0;
  return isa<onnx::ExpOp, onnx::LogOp, onnx::TanhOp, onnx::SigmoidOp, onnx::DivOp, onnx::SqrtOp,
             onnx::PowOp, onnx::ErfOp>(op)
             ? kFunction
             : 1;
}

/// A region as a step: how long one waits for the other, how long it keeps a core busy with a vector.
struct StepCost {
  StepCost(Region &region, unsigned carried) {
    DenseMap<Value, double> waits; // of what depends on the step before
    for (Value value : region.getArguments().take_front(carried))
      waits[value] = 0;
    for (Operation &op : region.front().without_terminator()) {
      busy += weightOf(op) * kIssue;
      double before = -1;
      for (Value operand : op.getOperands())
        if (auto found = waits.find(operand); found != waits.end())
          before = std::max(before, found->second);
      if (before < 0)
        continue;
      for (Value result : op.getResults())
        waits[result] = before + weightOf(op) * kLatency;
      latency = std::max(latency, before + weightOf(op) * kLatency);
    }
  }
  double latency = 0.25, busy = 0;
};

class ScanCosts {
public:
  ScanCosts(ScanOp scan, const ScanShape &shape, int64_t cores)
      : shape(shape), cores(cores), apply(scan.getApply(), scan.getInit().size()),
        combine(scan.getCombine(), scan.getElements().size()),
        points(estimateSize(shape.points)),
        operands(scan.getElements().size() + scan.getInit().size()) {}

  double of(ScanForm form) const {
    ScanCut cut = cutFor(shape, form, cores);
    double rest = estimateSize(shape.length), total = 0;
    for (const ScanLevel &level : cut) {
      double chunks = estimateSize(level.chunks);
      bool narrow = &level == cut.begin() && isNarrow() && chunks >= kLanes;
      total += pass(combine, rest, chunks, narrow);
      total += pass(apply, rest, chunks, narrow);
      rest = chunks;
    }
    return total + pass(apply, rest, 1, false);
  }

private:
  bool isNarrow() const {
    std::optional<int64_t> few = shape.points.asConstant();
    return few && *few <= kFewPoints;
  }

  /// A pass over `length` elements in `chunks` that do not wait for each other.
  double pass(const StepCost &step, double length, double chunks, bool narrow) const {
    double time, independent;
    if (narrow) {
      independent = std::ceil(chunks / kLanes);
      double vector = points * (step.busy + operands * kTransposed);
      time = length / kLanes * std::max(step.latency, vector);
    } else {
      double vectors = std::ceil(points / kLanes);
      independent = chunks * vectors;
      // Neighbouring vectors fill the time that one of them waits.
      double together = std::max(1.0, std::min(4.0, vectors / static_cast<double>(cores)));
      time = length * vectors * std::max(step.latency / together, step.busy);
    }
    double sharing = time < kShared ? 1 : std::min(independent, static_cast<double>(cores));
    return time / sharing + (sharing > 1 ? kForkedPass : kPass);
  }

  const ScanShape &shape;
  int64_t cores;
  StepCost apply, combine;
  double points;
  double operands;
};

} // namespace

ScanForm chooseForm(const ScanShape &shape, int64_t cores) {
  if (!shape.elementwise)
    return ScanForm::Recurrent;
  ScanCosts costs(shape.scan, shape, cores);
  ScanForm best = ScanForm::Recurrent;
  for (ScanForm form : {ScanForm::Chunk, ScanForm::Tree}) {
    if (form == ScanForm::Tree && !shape.length.asConstant())
      continue;
    // Only a clear gain is worth other bits.
    if (costs.of(form) < 0.9 * costs.of(best))
      best = form;
  }
  return best;
}

bool paysInLoops(const ScanShape &shape, const ScanCut &cut) {
  if (cut.empty())
    return false;
  double length = estimateSize(shape.length), steps = 0;
  double products = estimateSize(shape.step.work) * kPerProduct;
  double combined = estimateSize(shape.combine.work) * kPerProduct;
  steps = 2 * estimateSize(cut[0].chunk) + estimateSize(cut[0].chunks);
  double chunked = steps * kLoopStep + length * (products + combined);
  return chunked < 0.5 * length * (kLoopStep + products);
}

} // namespace heddle
