// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/loops/CollectedStates.h"

#include "compiler/parallel/loops/StepIndex.h"

using namespace mlir;

namespace heddle {

/// Concat(state, x), where x has as many rows in each step.
static std::optional<CollectedState> findAppended(onnx::ConcatOp concat, Value state, Value init) {
  if (concat->getNumOperands() != 2 || concat.getInputs()[0] != state)
    return std::nullopt;
  Value added = concat.getInputs()[1];
  int64_t rank = dimsOf(added).size(), axis = concat.getAxis();
  axis += axis < 0 ? rank : 0;
  for (auto [at, dim] : llvm::enumerate(dimsOf(init)))
    if (static_cast<int64_t>(at) != axis && dim != dimsOf(added)[at])
      return std::nullopt;
  return CollectedState{0, added, axis, init, concat, std::nullopt};
}

/// ScatterND(state, [[i + c]], x), where rows c to c + steps are there.
static std::optional<CollectedState> findWritten(onnx::ScatterNDOp scatter, Value state, Value init,
                                                 Value step, const DimExpr &steps) {
  Dims dims = dimsOf(init), place = dimsOf(scatter.getIndices());
  if (scatter.getData() != state || scatter.getReduction() != "none" || place.size() != 2 ||
      state.getType() != init.getType())
    return std::nullopt;
  std::optional<int64_t> first = offsetFrom(scatter.getIndices(), step);
  if (!first || !isInRange(*first, steps, dims.front()))
    return std::nullopt;
  return CollectedState{0, scatter.getUpdates(), 0, init, scatter, first};
}

SmallVector<CollectedState> findCollectedStates(onnx::LoopOp loop, const DimExpr &steps) {
  SmallVector<CollectedState> found;
  Block &body = loop.getBody().front();
  Operation *yield = body.getTerminator();
  for (auto [i, init] : llvm::enumerate(loop.getVInitial())) {
    Value state = body.getArgument(2 + i), next = yield->getOperand(1 + i);
    Operation *op = next.getDefiningOp();
    if (!op || op->getBlock() != &body || !op->hasOneUse() || !state.hasOneUse())
      continue;
    std::optional<CollectedState> collected;
    if (auto concat = dyn_cast<onnx::ConcatOp>(op))
      collected = findAppended(concat, state, init);
    else if (auto scatter = dyn_cast<onnx::ScatterNDOp>(op))
      collected = findWritten(scatter, state, init, body.getArgument(0), steps);
    if (!collected || !llvm::all_of(dimsOf(collected->added), [](const DimExpr &dim) {
          return dim.asConstant().has_value();
        }))
      continue;
    collected->index = i;
    found.push_back(*collected);
  }
  return found;
}

Value CollectedState::last(Arithmetic &m, Value all, const DimExpr &steps) const {
  Value rows = m.moved(all, 0, axis);
  Dims dims = dimsOf(rows);
  dims[axis] = dims[axis] * dims[axis + 1];
  dims.erase(dims.begin() + axis + 1);
  rows = m.viewedAs(rows, dims);
  if (!firstRow)
    return m.joined(ValueRange{init, rows}, axis);
  DimExpr count = dimsOf(init).front(), end = steps + *firstRow;
  SmallVector<Value> parts;
  if (*firstRow != 0)
    parts.push_back(m.sliced(init, 0, 0, *firstRow, init));
  parts.push_back(rows);
  if (end != count)
    parts.push_back(m.sliced(init, 0, end, count, init));
  return parts.size() == 1 ? rows : m.joined(parts, 0);
}

} // namespace heddle
