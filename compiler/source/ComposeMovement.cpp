// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that only move elements, in the order in which they move fewest. A slice of a slice is a
// slice. A part of a tensor that does not lie together is one too: what computes with it reads it where
// it is. What is done to a concatenation is done to its parts, where they can then be made in place
// (compiler/tasks/LowerJoins.cpp): in the registers of whatever computes them.

#include "compiler/Passes.h"
#include "compiler/kernels/Parameters.h"
#include "compiler/kernels/Runs.h"
#include "compiler/kernels/StructuredLowering.h"
#include "compiler/source/Arithmetic.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_COMPOSEMOVEMENTPASS
#include "compiler/Passes.h.inc"

namespace {

/// The parameters of a slice, where all of them are numbers.
struct Cut {
  SmallVector<int64_t> starts, ends, axes, steps;
};

std::optional<Cut> cutOf(onnx::SliceOp slice) {
  auto starts = constantIntegers(slice.getStarts()), ends = constantIntegers(slice.getEnds());
  if (!starts || !ends)
    return std::nullopt;
  auto rank = static_cast<int64_t>(dimsOf(slice.getData()).size());
  Cut cut{*starts, *ends, llvm::to_vector(llvm::seq<int64_t>(0, starts->size())),
          SmallVector<int64_t>(starts->size(), 1)};
  if (slice.getAxes()) {
    auto axes = constantIntegers(slice.getAxes());
    if (!axes)
      return std::nullopt;
    cut.axes = *axes;
    for (int64_t &axis : cut.axes)
      axis += axis < 0 ? rank : 0;
  }
  if (slice.getSteps()) {
    auto steps = constantIntegers(slice.getSteps());
    if (!steps)
      return std::nullopt;
    cut.steps = *steps;
  }
  return cut;
}

/// Slices of other axes of a slice that nothing else reads: it need not be made.
void composeSlices(onnx::SliceOp inner) {
  std::optional<Cut> first = cutOf(inner);
  auto cutsOtherAxes = [&](Operation *user) {
    auto outer = dyn_cast<onnx::SliceOp>(user);
    std::optional<Cut> second = outer ? cutOf(outer) : std::nullopt;
    return second && outer.getData() == inner.getOutput() &&
           llvm::none_of(second->axes,
                         [&](int64_t axis) { return llvm::is_contained(first->axes, axis); });
  };
  if (!first || inner->use_empty() || !llvm::all_of(inner->getUsers(), cutsOtherAxes))
    return;
  for (Operation *user : llvm::make_early_inc_range(inner->getUsers())) {
    auto outer = cast<onnx::SliceOp>(user);
    Cut both = *cutOf(outer);
    both.starts.append(first->starts);
    both.ends.append(first->ends);
    both.axes.append(first->axes);
    both.steps.append(first->steps);
    Arithmetic a(outer);
    Value starts = a.integers(both.starts), ends = a.integers(both.ends);
    Value axes = a.integers(both.axes), steps = a.integers(both.steps);
    outer.getDataMutable().assign(inner.getData());
    outer.getStartsMutable().assign(starts);
    outer.getEndsMutable().assign(ends);
    outer.getAxesMutable().assign(axes);
    outer.getStepsMutable().assign(steps);
  }
  inner.erase();
}

/// Parts of known sizes that are no views.
void sliceParts(onnx::SplitOp split) {
  Dims dims = dimsOf(split.getInput());
  auto axis = static_cast<int64_t>(split.getAxis());
  axis += axis < 0 ? static_cast<int64_t>(dims.size()) : 0;
  auto hasKnownSize = [&](Value part) { return dimsOf(part)[axis].asConstant().has_value(); };
  if (areRuns(dims, axis) || !llvm::all_of(split->getResults(), hasKnownSize))
    return;
  Arithmetic m(split);
  DimExpr begin = 0;
  for (Value part : split->getResults()) {
    DimExpr end = begin + dimsOf(part)[axis];
    part.replaceAllUsesWith(m.sliced(split.getInput(), axis, begin, end));
    begin = end;
  }
  split.erase();
}

/// Replaces op(concat(parts...)) by the concatenation of op(part) along an axis, which is returned.
onnx::ConcatOp applyToParts(Operation *op, onnx::ConcatOp concat, int64_t axis,
                            function_ref<Dims(Value part)> resultDims) {
  OpBuilder b(op);
  Value result = op->getResult(0);
  SmallVector<Value> parts;
  for (Value part : concat.getInputs()) {
    IRMapping mapping;
    mapping.map(concat.getResult(), part);
    Operation *own = b.clone(*op, mapping);
    own->getResult(0).setType(tensorWithDims(resultDims(part), elementOf(result)));
    parts.push_back(own->getResult(0));
  }
  auto joined = onnx::ConcatOp::create(b, concat.getLoc(), result.getType(), parts, axis);
  result.replaceAllUsesWith(joined.getResult());
  op->erase();
  concat.erase();
  return joined;
}

onnx::ConcatOp transposeParts(onnx::TransposeOp transpose, onnx::ConcatOp concat) {
  if (!transpose.getPerm() || joinsRuns(concat))
    return {};
  SmallVector<int64_t> permutation(*transpose.getPerm());
  int64_t axis = llvm::find(permutation, axisOf(concat)) - permutation.begin();
  if (!areRuns(dimsOf(transpose.getTransposed()), axis))
    return {};
  return applyToParts(transpose, concat, axis, [&](Value part) {
    Dims own = dimsOf(part), moved;
    for (int64_t from : permutation)
      moved.push_back(own[from]);
    return moved;
  });
}

/// Elementwise work that does the same to every element.
onnx::ConcatOp computeParts(Operation *op, onnx::ConcatOp concat) {
  Dims dims = dimsOf(concat.getResult());
  bool uniform =
      op->getNumResults() == 1 && op->getNumRegions() == 0 &&
      accessPattern(op) == AccessPattern::Elementwise && dimsOf(op->getResult(0)) == dims &&
      llvm::all_of(op->getOperands(), [&](Value operand) {
        return operand == concat.getResult() || countElements(dimsOf(operand)).isConstant(1);
      });
  if (!uniform || !joinsRuns(concat))
    return {};
  return applyToParts(op, concat, axisOf(concat), [](Value part) { return dimsOf(part); });
}

/// The concatenation with its only user done to its parts; null where that gains nothing.
onnx::ConcatOp composeConcat(onnx::ConcatOp concat) {
  if (concat.getInputs().size() < 2 || !concat->hasOneUse())
    return {};
  Operation *user = *concat->user_begin();
  if (user->getBlock() != concat->getBlock())
    return {};
  if (auto transpose = dyn_cast<onnx::TransposeOp>(user))
    return transposeParts(transpose, concat);
  return computeParts(user, concat);
}

struct ComposeMovement : impl::ComposeMovementPassBase<ComposeMovement> {
  void runOnOperation() override {
    SmallVector<onnx::SplitOp> splits;
    getOperation().walk([&](onnx::SplitOp split) { splits.push_back(split); });
    for (onnx::SplitOp split : splits)
      sliceParts(split);
    SmallVector<onnx::SliceOp> slices; // inner ones first
    getOperation().walk([&](onnx::SliceOp slice) { slices.push_back(slice); });
    for (onnx::SliceOp slice : slices)
      composeSlices(slice);
    SmallVector<onnx::ConcatOp> concats;
    getOperation().walk([&](onnx::ConcatOp concat) { concats.push_back(concat); });
    for (onnx::ConcatOp concat : concats)
      while (concat)
        concat = composeConcat(concat);
  }
};

} // namespace
} // namespace heddle
