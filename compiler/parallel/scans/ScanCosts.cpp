// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the forms of a scan cost, to choose between them: the times of their passes (RecurrenceCost.h),
// shared by as many cores as they have parts for, where that pays.

#include "compiler/kernels/CostModel.h"
#include "compiler/kernels/RecurrenceCost.h"
#include "compiler/kernels/RecurrenceStep.h"
#include "compiler/parallel/scans/ScanForms.h"

#include <cmath>

using namespace mlir;

namespace heddle {
namespace {

/// Nanoseconds, measured (docs/scans.md).
constexpr double kPass = 100;        // of a pass on one core
constexpr double kForkedPass = 1000; // of one that several cores share
constexpr double kShared = 10000; // what one core does alone of a pass (runtime/executor/chunks.h)
constexpr double kWaking = 20000; // and of a program (compiler/tasks/LowerToTasks.cpp)
constexpr double kLoopStep = 250; // of a step of a loop that runs tasks
constexpr double kPerProduct = 0.05; // of an operation on one element in such a step
constexpr double kBatchedStep = 600; // of a step of all chunks
constexpr double kLevel = 1500;      // of a level of a tree of pairs
constexpr double kPerBatched = 0.08; // of an operation on one element in both
constexpr double kLanes = 16;

SmallVector<bool> keptStates(ScanOp scan) {
  return llvm::map_to_vector(scan.getResults().drop_front(scan.getInit().size()),
                             [](Value all) { return !all.use_empty(); });
}

class ScanCosts {
public:
  ScanCosts(const ScanShape &shape, int64_t cores) : ScanCosts(shape, shape.scan, cores) {}

  ScanCosts(const ScanShape &shape, ScanOp scan, int64_t cores)
      : shape(shape), cores(cores), length(estimateSize(shape.length)),
        points(estimateSize(shape.points)),
        combine(scan.getCombine(), scan.getElements().size(), {}, true),
        apply(scan.getApply(), scan.getInit().size(), keptStates(scan), false),
        start(scan.getApply(), scan.getInit().size(),
              SmallVector<bool>(scan.getInit().size(), true), false) {}

  double of(ScanForm form) const {
    SmallVector<Pass> passes;
    double rest = length;
    for (const ScanLevel &level : cutFor(shape, form, cores)) {
      double chunks = estimateSize(level.chunks);
      bool isFirst = passes.empty();
      passes.push_back(pass(combine, rest, chunks, true));
      passes.push_back(pass(isFirst ? apply : start, rest, chunks, isFirst));
      rest = chunks;
    }
    passes.push_back(pass(passes.empty() ? apply : start, rest, 1, false));
    double all = 0, total = 0;
    for (const Pass &pass : passes)
      all += pass.time;
    for (const Pass &pass : passes) {
      bool isShared = all >= kWaking && pass.time >= kShared && pass.independent > 1;
      double most = std::min(pass.independent, static_cast<double>(cores));
      // Parts are even only as far as their number is.
      double share = std::ceil(pass.independent / most) / pass.independent;
      total += isShared ? pass.time * share + kForkedPass : pass.time + kPass;
    }
    return total;
  }

  /// Parts that lanes of points are split into at least: what all points share is computed once in
  /// each part, so that splitting need not pay.
  int64_t parts() const {
    double whole = recurrentIn(1);
    return whole >= kShared && recurrentIn(cores) < 0.8 * whole ? cores : 1;
  }

private:
  struct Pass {
    double time, independent;
  };

  /// A pass over `length` elements in `chunks` that do not wait for each other.
  Pass pass(const StepCost &step, double length, double chunks, bool mayBeNarrow) const {
    std::optional<int64_t> few = shape.points.asConstant();
    if (mayBeNarrow && few && *few <= kFewPoints && chunks >= kLanes) {
      double vectors = std::ceil(chunks / kLanes);
      return {vectors * std::ceil(length / chunks / kLanes) * kLanes * step.ofChunks(), vectors};
    }
    auto [groups, time] = grouped(step, length, parts());
    return {groups * time, step.isBeyondCaches(length) ? 1 : chunks * groups};
  }

  /// How many grid points the lanes of a chunk make, and how long each takes for all steps.
  std::pair<double, double> grouped(const StepCost &step, double length, int64_t parts) const {
    int64_t vectors = std::max<int64_t>(1, std::ceil(points / kLanes));
    int64_t together = vectorsTogether(vectors, parts);
    return {static_cast<double>(vectors / together), length * step.ofPoints(together, length)};
  }

  /// The recurrent form in so many parts.
  double recurrentIn(int64_t parts) const {
    auto [groups, time] = grouped(apply, length, parts);
    if (apply.isBeyondCaches(length))
      return groups * time;
    return std::ceil(groups / std::min(groups, static_cast<double>(cores))) * time;
  }

  const ScanShape &shape;
  int64_t cores;
  double length, points;
  StepCost combine, apply, start;
};

} // namespace

ScanForm chooseForm(const ScanShape &shape, int64_t cores) {
  if (!shape.elementwise)
    return ScanForm::Recurrent;
  ScanCosts costs(shape, cores);
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

int64_t partsFor(const ScanShape &shape, int64_t cores) { return ScanCosts(shape, cores).parts(); }

ScanForm chooseFormForLoops(const ScanShape &shape) {
  ScanCut cut = cutForLoops(shape);
  if (cut.empty())
    return ScanForm::Recurrent;
  double length = estimateSize(shape.length), step = estimateSize(shape.step.work);
  double all = length * (step + estimateSize(shape.combine.work)) * kPerBatched;
  double recurrent = length * (kLoopStep + step * kPerProduct);
  double chunk =
      (2 * estimateSize(cut[0].chunk) + estimateSize(cut[0].chunks)) * kBatchedStep + all;
  double tree = (std::log2(length) + 1) * kLevel + all;
  // Only a clear gain is worth other bits.
  if (std::min(chunk, tree) > 0.7 * recurrent)
    return ScanForm::Recurrent;
  return tree < chunk ? ScanForm::Tree : ScanForm::Chunk;
}

} // namespace heddle
