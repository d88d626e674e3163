// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A map is computed for all elements at once where each of its operations has such a form and the
// values in between fit memory, and as a loop otherwise.

#include "compiler/Passes.h"
#include "compiler/kernels/CostModel.h"
#include "compiler/parallel/batching/Batching.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/loops/ScanLoop.h"
#include "dialects/heddle/TensorDims.h"

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

/// As a loop again.
void makeLoop(MapOp map) {
  OpBuilder b(map);
  auto scan = createScan(b, map.getLoc(), map.getResultTypes(), map.getInputs(), map.getNumOperands());
  scan.getBody().takeBody(map.getBody());
  Operation *end = scan.getBody().front().getTerminator();
  b.setInsertionPoint(end);
  onnx::YieldOp::create(b, end->getLoc(), end->getOperands());
  end->erase();
  map.replaceAllUsesWith(scan.getResults());
}

struct LowerMaps : impl::LowerMapsPassBase<LowerMaps> {
  using LowerMapsPassBase::LowerMapsPassBase;

  void runOnOperation() override {
    SmallVector<MapOp> maps; // inner ones first
    getOperation().walk([&](MapOp map) { maps.push_back(map); });
    for (MapOp map : maps) {
      std::string reason;
      if (mostElements(map) > double(largest))
        reason = "its values for all elements at once would be too large";
      if (reason.empty() && succeeded(batch(map, reason))) {
        ++numBatched;
      } else {
        recordSequential(map, "independent iterations run one after the other: " + reason);
        makeLoop(map);
        ++numLoops;
      }
      map.erase();
    }
  }
};

} // namespace
} // namespace heddle
