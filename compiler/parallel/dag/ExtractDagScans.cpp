// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds recurrences over grids, which people write as a loop in a loop, and over graphs: a loop that
// reads and writes rows of a table by indices that come from data.

#include "compiler/Passes.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/dag/DagForms.h"
#include "compiler/parallel/dag/GridLoop.h"
#include "compiler/parallel/dag/RowEdges.h"
#include "compiler/parallel/dag/TopologyLoop.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_EXTRACTDAGSCANSPASS
#include "compiler/Passes.h.inc"

namespace {

/// How a grid is computed: by its sizes, or as somebody wants it, to compare.
StringRef chooseForm(GridScanOp grid, StringRef forced, int64_t cores) {
  if (forced == "pairing")
    return pairingWork(grid) ? forced : "wavefront";
  if (forced == "blocks")
    return hasBlocks(grid, cores) ? forced : "recurrent";
  return forced == "recurrent" || forced == "wavefront" ? forced : chooseGridForm(grid);
}

void recordGrid(GridScanOp grid, int64_t cores) {
  StringRef form = *grid.getForm();
  bool isPaired = form == "pairing";
  Work work = isPaired              ? *pairingWork(grid)
              : form == "recurrent" ? recurrentWork(grid)
              : form == "blocks"    ? blocksWork(grid, cores)
                                    : wavefrontWork(grid);
  std::string proof =
      "a cell depends on the cell before it in its row by what the inner loop carries, on "
      "the cell above it by what the outer loop carries, and on no other cell";
  if (isPaired)
    proof += "; what it sends on is affine in what it gets";
  std::string summary = "recurrence over a grid of " + grid.getHeight().str() + " x " +
                        grid.getWidth().str() + " cells";
  if (isPaired)
    summary += ", in " + (logarithm(grid.getHeight()) + logarithm(grid.getWidth())).str() +
               " levels of products of matrices";
  recordConstruct(grid, {.kind = "dag_scan",
                         .summary = summary,
                         .proof = proof,
                         .equivalence = isPaired ? Equivalence::Reassociation : Equivalence::Exact,
                         .form = form.str(),
                         .work = work.work,
                         .span = work.span});
}

/// How many levels there are, only the indices tell.
void recordTopology(DagScanOp dag) {
  Work step = workOf(dag.getBody().front());
  recordConstruct(
      dag, {.kind = "dag_scan",
            .summary = "recurrence of " + dag.getLength().str() +
                       " steps over a graph that its indices tell",
            .proof = "which rows a step reads and writes does not depend on the rows, so steps "
                     "that wait for none of each other are known before the first begins",
            .equivalence = Equivalence::Exact,
            .form = "levels",
            .work = dag.getLength() * step.work,
            .span = DimExpr::symbol("levels") * step.span});
}

struct ExtractDagScans : impl::ExtractDagScansPassBase<ExtractDagScans> {
  using ExtractDagScansPassBase::ExtractDagScansPassBase;

  void runOnOperation() override {
    // Outer loops first; what is left of one may hold another grid.
    SmallVector<onnx::ScanOp> loops;
    auto collect = [&] {
      loops.clear();
      getOperation().walk<WalkOrder::PreOrder>([&](onnx::ScanOp loop) { loops.push_back(loop); });
    };
    collect();
    llvm::DenseSet<Operation *> left; // for a reason
    for (size_t i = 0; i < loops.size(); ++i) {
      if (left.contains(loops[i]) || !extract(loops[i], left))
        continue;
      collect();
      i = -1;
    }
  }

  bool extract(onnx::ScanOp outer, llvm::DenseSet<Operation *> &left) {
    for (onnx::ScanOp inner : outer.getBody().getOps<onnx::ScanOp>())
      if (splitRowEdges(outer, inner))
        return true; // both are other loops now
    std::string reason;
    for (onnx::ScanOp inner : outer.getBody().getOps<onnx::ScanOp>()) {
      GridLoop grid(outer, inner);
      if (!grid.isCandidate())
        continue;
      if (grid.match()) {
        GridScanOp scan = grid.rewrite();
        scan.setForm(chooseForm(scan, form, cores));
        recordGrid(scan, cores);
        ++numGrids;
        return true;
      }
      if (reason.empty())
        reason = grid.reason();
    }
    TopologyLoop topology(outer);
    if (reason.empty() && topology.isCandidate()) {
      if (topology.match()) {
        recordTopology(topology.rewrite());
        ++numGraphs;
        return true;
      }
      reason = topology.reason();
    }
    if (!reason.empty()) {
      left.insert(outer);
      recordSequential(outer, reason);
      ++numLeft;
    }
    return false;
  }
};

} // namespace
} // namespace heddle
