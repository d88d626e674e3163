// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// If: what is known of its branches, and after it.

#include "dialects/onnx/shapes/ShapeRules.h"
#include "mlir/IR/Diagnostics.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// What holds whichever branch was taken.
static FailureOr<TensorFacts> joinBranches(IfOp op, ShapeContext &context, const TensorFacts &lhs,
                                           const TensorFacts &rhs, Value result) {
  unsigned number = cast<OpResult>(result).getResultNumber();
  if (lhs.elementType != rhs.elementType)
    return op.emitOpError("has branches that yield ")
           << lhs.elementType << " and " << rhs.elementType << " as result " << number;
  if (lhs.rank() != rhs.rank()) {
    context.addRankConflict(op, "cannot tell the rank of result " + std::to_string(number) +
                                    ": its branches yield " + describe(lhs.dims) + " and " +
                                    describe(rhs.dims) + ", and the condition is not known");
    return failure();
  }
  TensorFacts joined = lhs;
  for (auto [axis, dim] : llvm::enumerate(joined.dims))
    if (dim != rhs.dims[axis])
      dim = context.freshSymbol(result, axis);
  if (joined.floats != rhs.floats)
    joined.floats.reset();
  if (!rhs.integers || (joined.integers && joined.integers->size() != rhs.integers->size()))
    joined.integers.reset();
  if (joined.integers)
    for (auto [left, right] : llvm::zip(*joined.integers, *rhs.integers))
      if (left != right)
        left = DimExpr::unknown();
  return joined;
}

namespace {
/// A branch that may turn out to be impossible: its error is kept instead of being emitted.
struct Attempt {
  Attempt(Region &region, ShapeContext &context) {
    size_t conflicts = context.rankConflicts().size();
    ScopedDiagnosticHandler keeper(region.getContext(), [&](Diagnostic &diagnostic) {
      if (error.empty())
        error = diagnostic.str();
      return success();
    });
    yielded = context.inferRegion(region, {});
    if (!error.empty())
      context.dropRankConflicts(conflicts);
  }
  FailureOr<std::vector<TensorFacts>> yielded = failure();
  std::string error;
};
} // namespace

/// An If marked as one whose branches differ in ranks: where one branch cannot run, the other
/// stands for it.
static LogicalResult tryBranches(IfOp op, ShapeContext &context, bool &decided) {
  Attempt thens(op.getThenBranch(), context), elses(op.getElseBranch(), context);
  if (!thens.error.empty() && !elses.error.empty())
    return op.emitOpError("has no branch that can run: ") << thens.error << "; " << elses.error;
  decided = !thens.error.empty() || !elses.error.empty();
  if (!decided)
    return success();
  const Attempt &possible = thens.error.empty() ? thens : elses;
  if (failed(possible.yielded))
    return failure();
  context.setOnlyBranch(op, {thens.error.empty(), thens.error + elses.error});
  for (auto [result, facts] : llvm::zip(op.getOutputs(), *possible.yielded))
    context.setFacts(result, facts);
  return success();
}

static LogicalResult inferIf(IfOp op, ShapeContext &context) {
  const TensorFacts &condition = context.facts(op.getCond());
  if (!countElements(condition.dims).isAtLeast(1) && countElements(condition.dims).asConstant())
    return op.emitOpError("expects a condition of one element, got ") << describe(condition.dims);
  for (Region *region : {&op.getThenBranch(), &op.getElseBranch()})
    if (region->empty() || region->front().getTerminator()->getNumOperands() != op->getNumResults())
      return op.emitOpError("expects branches that yield ") << op->getNumResults() << " values";
  std::optional<SmallVector<int64_t>> taken = condition.constantIntegers();
  if (taken && taken->size() == 1) {
    // The branch will stand in place of the operation, so what it defines stays defined.
    Region &region = taken->front() ? op.getThenBranch() : op.getElseBranch();
    FailureOr<std::vector<TensorFacts>> yielded = context.inferRegion(region, {});
    if (failed(yielded))
      return failure();
    for (auto [result, facts] : llvm::zip(op.getOutputs(), *yielded))
      context.setFacts(result, facts);
    return success();
  }
  if (bool decided = false; op->hasAttr(kRanksDiffer)) {
    if (failed(tryBranches(op, context, decided)) || decided)
      return success(decided && context.onlyBranch(op));
  }
  FailureOr<std::vector<TensorFacts>> thens = context.inferRegion(op.getThenBranch(), {});
  FailureOr<std::vector<TensorFacts>> elses = context.inferRegion(op.getElseBranch(), {});
  if (failed(thens) || failed(elses))
    return failure();
  for (auto [result, lhs, rhs] : llvm::zip(op.getOutputs(), *thens, *elses)) {
    FailureOr<TensorFacts> joined =
        joinBranches(op, context, context.moveOutside(lhs, op.getThenBranch(), result),
                     context.moveOutside(rhs, op.getElseBranch(), result), result);
    if (failed(joined))
      return failure();
    context.setFacts(result, std::move(*joined));
  }
  return success();
}

void heddle::onnx::attachBranchShapes(MLIRContext *context) { attachRules<inferIf>(context); }
