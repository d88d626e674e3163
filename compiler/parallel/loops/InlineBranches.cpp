// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/loops/InlineBranches.h"

#include "compiler/parallel/Work.h"
#include "compiler/parallel/recurrence/Recurrence.h"
#include "compiler/parallel/recurrence/Ring.h"

using namespace mlir;

namespace heddle {

/// Scalar operations in a branch up to which computing it is cheaper than deciding whether to.
static constexpr int64_t kFew = 1024;

/// Whether it may be computed although nobody asked for it. A quotient of integers may end the run.
static bool isHarmless(Operation &op) {
  if (isa<onnx::ConstantOp, onnx::YieldOp>(op) || isView(&op))
    return true;
  bool quotient = isa<onnx::DivOp, onnx::ModOp>(op) && isa<IntegerType>(elementOf(op.getResult(0)));
  return !quotient &&
         isa<onnx::AddOp, onnx::SubOp, onnx::MulOp, onnx::DivOp, onnx::NegOp, onnx::AbsOp,
             onnx::MaxOp, onnx::MinOp, onnx::SumOp, onnx::ReluOp, onnx::SigmoidOp, onnx::TanhOp,
             onnx::ExpOp, onnx::LogOp, onnx::SqrtOp, onnx::WhereOp, onnx::AndOp, onnx::OrOp,
             onnx::XorOp, onnx::NotOp, onnx::EqualOp, onnx::LessOp, onnx::LessOrEqualOp,
             onnx::GreaterOp, onnx::GreaterOrEqualOp, onnx::CastOp>(op);
}

static bool isFew(Block &branch) {
  int64_t work = 0;
  for (Operation &op : branch) {
    if (!isHarmless(op))
      return false;
    for (Value result : op.getResults()) {
      std::optional<int64_t> count = countElements(dimsOf(result)).asConstant();
      if (!count)
        return false;
      work += *count;
    }
  }
  return work <= kFew;
}

static bool inlineBranch(onnx::IfOp branch) {
  Block &yes = branch.getThenBranch().front(), &no = branch.getElseBranch().front();
  if (!isSingle(branch.getCond()) || !isFew(yes) || !isFew(no))
    return false;
  Operation *ends[] = {yes.getTerminator(), no.getTerminator()};
  for (auto [x, y, result] :
       llvm::zip(ends[0]->getOperands(), ends[1]->getOperands(), branch->getResults()))
    if (x.getType() != y.getType() || x.getType() != result.getType())
      return false;
  Arithmetic m(branch);
  Value condition = m.asScalar(branch.getCond());
  for (Block *block : {&yes, &no})
    for (Operation &op : llvm::make_early_inc_range(block->without_terminator()))
      op.moveBefore(branch);
  m.b.setInsertionPoint(branch);
  for (auto [x, y, result] :
       llvm::zip(ends[0]->getOperands(), ends[1]->getOperands(), branch->getResults()))
    result.replaceAllUsesWith(select(m, condition, x, y));
  branch.erase();
  return true;
}

unsigned inlineBranches(Operation *root) {
  SmallVector<onnx::IfOp> found; // inner ones first
  root->walk([&](onnx::IfOp branch) {
    if (branch->getParentOfType<onnx::LoopOp>() || branch->getParentOfType<onnx::ScanOp>())
      found.push_back(branch);
  });
  return llvm::count_if(found, inlineBranch);
}

} // namespace heddle
