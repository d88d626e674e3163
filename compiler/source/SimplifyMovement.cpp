// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that move elements where none moves: exporters leave them around layers that want their
// axes in another order, and sizes turn out to be 1.

#include "compiler/Passes.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/Parameters.h"
#include "compiler/source/Arithmetic.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_SIMPLIFYMOVEMENTPASS
#include "compiler/Passes.h.inc"

namespace {

/// Whether the axes that have more than one element stay in their order.
bool movesOnlyOnes(onnx::TransposeOp transpose) {
  Dims dims = dimsOf(transpose.getData());
  auto axes = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, dims.size())));
  if (auto permutation = transpose.getPerm())
    axes.assign(permutation->begin(), permutation->end());
  llvm::erase_if(axes, [&](int64_t axis) { return dims[axis].isConstant(1); });
  return llvm::is_sorted(axes);
}

/// Nothing where that is not known.
bool holdsOnly(Value integers, int64_t number) {
  auto known = constantIntegers(integers);
  return known && llvm::all_of(*known, [&](int64_t value) { return value == number; });
}

/// Whether the result is the operand, given that it has the operand's type.
bool passesOn(Operation *op) {
  if (isa<onnx::ReshapeOp, onnx::UnsqueezeOp, onnx::FlattenOp, onnx::ExpandOp, onnx::TileOp>(op))
    return true;
  // One without axes may have sizes to look at when it runs.
  if (isa<onnx::SqueezeOp>(op))
    return operationKind(op) == OperationKind::View;
  if (isa<onnx::SplitOp>(op))
    return op->getNumResults() == 1;
  if (isa<onnx::ConcatOp>(op))
    return op->getNumOperands() == 1;
  if (auto slice = dyn_cast<onnx::SliceOp>(op))
    return !slice.getSteps() || holdsOnly(slice.getSteps(), 1);
  if (auto pad = dyn_cast<onnx::PadOp>(op))
    return holdsOnly(pad.getPads(), 0);
  auto transpose = dyn_cast<onnx::TransposeOp>(op);
  return transpose && movesOnlyOnes(transpose);
}

struct SimplifyMovement : impl::SimplifyMovementPassBase<SimplifyMovement> {
  void runOnOperation() override {
    SmallVector<Operation *> found;
    getOperation().walk([&](Operation *op) {
      if (op->getNumResults() == 1 && op->getNumOperands() != 0 &&
          op->getDialect()->getNamespace() == onnx::OnnxDialect::getDialectNamespace())
        found.push_back(op);
    });
    for (Operation *op : found) {
      Value operand = op->getOperand(0), result = op->getResult(0);
      if (operand.getType() == result.getType() && passesOn(op)) {
        result.replaceAllUsesWith(operand);
      } else if (auto transpose = dyn_cast<onnx::TransposeOp>(op);
                 transpose && movesOnlyOnes(transpose)) {
        Arithmetic m(op);
        result.replaceAllUsesWith(m.viewedAs(operand, dimsOf(result)));
      } else {
        continue;
      }
      op->erase();
      ++numDropped;
    }
  }
};

} // namespace
} // namespace heddle
