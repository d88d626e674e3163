// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A map is computed for all elements at once where each of its operations has such a form and the
// values in between fit memory. Otherwise it is a loop again, whose iterations run side by side where
// they take long enough: the loop says how many in a row are worth a task.

#include "compiler/Passes.h"
#include "compiler/kernels/CostModel.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/Work.h"
#include "compiler/parallel/batching/Batching.h"
#include "compiler/parallel/loops/ScanLoop.h"
#include "dialects/heddle/TensorDims.h"

#include <cmath>

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_LOWERMAPSPASS
#include "compiler/Passes.h.inc"

namespace {

/// The largest value of the body, for all elements.
double mostElements(MapOp map) {
  DimExpr length = dimsOf(map.getInputs().front()).front();
  double most = 0;
  map.getBody().walk([&](Operation *op) {
    for (Value result : op->getResults())
      if (auto type = dyn_cast<RankedTensorType>(result.getType()))
        most = std::max(most, estimateSize(length * countElements(getDims(type))));
  });
  return most;
}

/// Fails, with the reason, and changes nothing where an operation has no form for all elements.
LogicalResult batch(MapOp map, std::string &reason) {
  Block scratch, &body = map.getBody().front();
  OpBuilder b(map.getContext());
  b.setInsertionPointToEnd(&scratch);
  Batching batching(b, dimsOf(map.getInputs().front()).front());
  for (auto [argument, input] : llvm::zip(body.getArguments(), map.getInputs()))
    batching.map(argument, input);
  for (Operation &op : body.without_terminator())
    if (failed(batching.apply(op))) {
      reason = batching.reason();
      return failure();
    }
  for (auto [result, yielded] : llvm::zip(map.getResults(), body.getTerminator()->getOperands()))
    result.replaceAllUsesWith(batching.stacked(yielded));
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(scratch)))
    if (isOpTriviallyDead(&op))
      op.erase();
  map->getBlock()->getOperations().splice(map->getIterator(), scratch.getOperations());
  return success();
}

double iterationCost(MapOp map) {
  double sum = 0;
  for (Operation &op : map.getBody().front())
    sum += estimateCost(&op);
  return sum;
}

struct LowerMaps : impl::LowerMapsPassBase<LowerMaps> {
  using LowerMapsPassBase::LowerMapsPassBase;

  void runOnOperation() override {
    SmallVector<std::pair<MapOp, Work>> maps; // inner ones first
    getOperation().walk([&](MapOp map) { maps.emplace_back(map, workOf(map)); });
    for (auto [map, work] : maps)
      lower(map, work);
  }

private:
  void lower(MapOp map, const Work &work);
  int64_t grainOf(MapOp map);
  void makeLoop(MapOp map, int64_t grain);
};

/// How many iterations in a row pay for a task; 0 where all of them do not pay for two.
int64_t LowerMaps::grainOf(MapOp map) {
  double one = std::max(iterationCost(map), 1.0);
  double all = one * estimateSize(dimsOf(map.getInputs().front()).front());
  return cores > 1 && all >= 2 * leastCost ? int64_t(std::ceil(leastCost / one)) : 0;
}

/// As a loop again.
void LowerMaps::makeLoop(MapOp map, int64_t grain) {
  OpBuilder b(map);
  auto scan =
      createScan(b, map.getLoc(), map.getResultTypes(), map.getInputs(), map.getNumOperands());
  if (grain > 0)
    setGrain(scan, grain);
  scan.getBody().takeBody(map.getBody());
  Operation *end = scan.getBody().front().getTerminator();
  b.setInsertionPoint(end);
  onnx::YieldOp::create(b, end->getLoc(), end->getOperands());
  end->erase();
  map.replaceAllUsesWith(scan.getResults());
}

void LowerMaps::lower(MapOp map, const Work &work) {
  DimExpr length = dimsOf(map.getInputs().front()).front();
  std::string reason, form = "all at once";
  if (mostElements(map) > largest)
    reason = "its values for all elements at once would be too large";
  int64_t grain = grainOf(map);
  if (reason.empty() && succeeded(batch(map, reason))) {
    ++numBatched;
  } else {
    form = grain > 0 ? "side by side" : "one after the other";
    if (grain == 0)
      recordSequential(map, "independent iterations run one after the other: " + reason +
                                (cores > 1 ? ", and they are too short to run side by side"
                                           : ", and the program is made for one core"));
    makeLoop(map, grain);
    ++(grain > 0 ? numSideBySide : numLoops);
  }
  if (hasFinding(map))
    recordConstruct(map,
                    {.kind = "map",
                     .form = form,
                     .work = work.work,
                     .span = grain == 0 && form != "all at once" ? length * work.span : work.span});
  map.erase();
}

} // namespace
} // namespace heddle
