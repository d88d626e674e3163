// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Moves what depends on constants alone out of sub-graphs, so that it is computed while compiling
// instead of at every run of a branch or iteration: the transposed weights of a decoder whose graph
// stands inside an If.

#include "compiler/Passes.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_HOISTCONSTANTSPASS
#include "compiler/Passes.h.inc"

namespace {

bool isConstant(Value value) {
  Operation *producer = value.getDefiningOp();
  return producer && isa<onnx::ConstantOp>(producer);
}

struct HoistConstants : impl::HoistConstantsPassBase<HoistConstants> {
  void runOnOperation() override {
    Block &body = getOperation().getBody().front();
    llvm::SetVector<Operation *> hoisted;
    // Sub-graphs in order: the operands of an operation are decided before it is.
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (op->getBlock() == &body || isa<onnx::ConstantOp, IndexTensorOp>(op) ||
          op->getNumRegions() != 0 || op->getNumOperands() == 0 || !isMemoryEffectFree(op) ||
          op->hasTrait<OpTrait::IsTerminator>())
        return;
      bool constant = llvm::all_of(op->getOperands(), [&](Value operand) {
        return isConstant(operand) || hoisted.contains(operand.getDefiningOp());
      });
      if (constant)
        hoisted.insert(op);
    });
    for (Operation *op : hoisted) {
      Operation *place = body.findAncestorOpInBlock(*op);
      for (Value operand : op->getOperands())
        if (operand.getDefiningOp()->getBlock() != &body)
          operand.getDefiningOp()->moveBefore(place);
      op->moveBefore(place);
      ++numHoisted;
    }
  }
};

} // namespace
} // namespace heddle
