// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops that run a number of times that is known before the first iteration become onnx.Scan along
// axis 0, forward: one form for whatever looks at loops (LoopToScan.h). Branches in their bodies that
// only choose between a few numbers become choices (InlineBranches.h).

#include "compiler/Passes.h"
#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/loops/InlineBranches.h"
#include "compiler/parallel/loops/LoopToScan.h"
#include "compiler/source/Arithmetic.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_NORMALIZELOOPSPASS
#include "compiler/Passes.h.inc"

namespace {

int64_t elementAt(std::optional<ArrayRef<int64_t>> list, size_t i) {
  return list && i < list->size() ? (*list)[i] : 0;
}

/// Gives a scan inputs and outputs along axis 0, forward.
bool turnForward(onnx::ScanOp scan) {
  Arithmetic m(scan);
  unsigned states = scan->getNumOperands() - scan.getNumScanInputs();
  bool changed = false;
  for (unsigned i = 0; i < scan.getNumScanInputs(); ++i) {
    Value input = scan->getOperand(states + i);
    int64_t axis = elementAt(scan.getScanInputAxes(), i);
    Value turned = m.moved(input, axis < 0 ? axis + dimsOf(input).size() : axis, 0);
    if (elementAt(scan.getScanInputDirections(), i) == 1)
      turned = m.reversed(turned);
    scan->setOperand(states + i, turned);
    changed |= turned != input;
  }
  m.b.setInsertionPointAfter(scan);
  for (unsigned i = states; i < scan->getNumResults(); ++i) {
    Value result = scan->getResult(i);
    Dims dims = dimsOf(result);
    int64_t axis = elementAt(scan.getScanOutputAxes(), i - states);
    axis += axis < 0 ? dims.size() : 0;
    bool backward = elementAt(scan.getScanOutputDirections(), i - states) == 1;
    if (axis == 0 && !backward)
      continue;
    DimExpr length = dims[axis];
    dims.erase(dims.begin() + axis);
    dims.insert(dims.begin(), length);
    result.setType(tensorWithDims(dims, elementOf(result)));
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : result.getUses())
      uses.push_back(&use);
    Value turned = backward ? m.reversed(result) : result;
    turned = m.moved(turned, 0, axis);
    for (OpOperand *use : uses)
      use->set(turned);
    changed = true;
  }
  scan.removeScanInputAxesAttr();
  scan.removeScanInputDirectionsAttr();
  scan.removeScanOutputAxesAttr();
  scan.removeScanOutputDirectionsAttr();
  return changed;
}

struct NormalizeLoops : impl::NormalizeLoopsPassBase<NormalizeLoops> {
  void runOnOperation() override {
    numBranches += inlineBranches(getOperation());
    SmallVector<Operation *> found;
    getOperation().walk([&](Operation *op) {
      if (isa<onnx::LoopOp, onnx::ScanOp>(op))
        found.push_back(op);
    });
    for (Operation *op : found) {
      if (auto scan = dyn_cast<onnx::ScanOp>(op)) {
        numTurned += turnForward(scan);
        continue;
      }
      std::string reason = loopToScan(cast<onnx::LoopOp>(op));
      if (reason.empty())
        ++numLoops;
      else
        recordSequential(op, reason);
    }
    // Sizes of results may be known better now.
    Block &block = getOperation().getBody().front();
    getOperation().setType(FunctionType::get(&getContext(), block.getArgumentTypes(),
                                             block.getTerminator()->getOperandTypes()));
  }
};

} // namespace
} // namespace heddle
