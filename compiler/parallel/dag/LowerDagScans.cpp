// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recurrences over grids and graphs become loops whose steps compute all that is ready at once.

#include "compiler/Passes.h"
#include "compiler/parallel/dag/DagForms.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_LOWERDAGSCANSPASS
#include "compiler/Passes.h.inc"

namespace {

struct LowerDagScans : impl::LowerDagScansPassBase<LowerDagScans> {
  using LowerDagScansPassBase::LowerDagScansPassBase;

  void runOnOperation() override {
    // Inner ones first: what stands in a cell must have a form for many of them.
    SmallVector<Operation *> found;
    getOperation().walk([&](Operation *op) {
      if (isa<GridScanOp, DagScanOp>(op))
        found.push_back(op);
    });
    for (Operation *op : found) {
      auto grid = dyn_cast<GridScanOp>(op);
      DagResults results = grid ? lower(grid) : lower(cast<DagScanOp>(op));
      op->replaceAllUsesWith(*results);
      op->erase();
    }
  }

  DagResults lower(GridScanOp grid) {
    if (grid.getForm() == "pairing")
      if (DagResults results = buildPairing(grid)) {
        ++numPairings;
        return results;
      }
    if (grid.getForm() == "blocks" && hasBlocks(grid, cores)) {
      ++numBlocked;
      return buildBlocks(grid, cores);
    }
    if (grid.getForm() != "recurrent" && grid.getForm() != "blocks")
      if (DagResults results = buildWavefront(grid)) {
        ++numWavefronts;
        return results;
      }
    ++numRecurrent;
    return buildRecurrentGrid(grid);
  }

  DagResults lower(DagScanOp dag) {
    if (dag.getForm() != "recurrent")
      if (DagResults results = buildLevels(dag, "levels_" + std::to_string(levelsMade))) {
        ++levelsMade;
        ++numLevels;
        return results;
      }
    ++numRecurrent;
    return buildRecurrentDag(dag);
  }

  unsigned levelsMade = 0;
};

} // namespace
} // namespace heddle
