// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/dag/RowEdges.h"

#include "compiler/kernels/Parameters.h"
#include "compiler/parallel/dag/Skew.h"

using namespace mlir;

namespace heddle {

namespace {

/// The state of the outer loop that is a row with its edge, and how it is read.
struct EdgedRow {
  unsigned state;
  onnx::ConcatOp next; // of the edge and the cells
  SmallVector<onnx::SliceOp> above, aboveLeft;
};

/// Where a slice of all elements of axis 0 but one begins; nothing for other slices.
std::optional<int64_t> beginOfRest(onnx::SliceOp slice) {
  Dims from = dimsOf(slice.getData()), to = dimsOf(slice.getOutput());
  auto isOnly = [](Value value, int64_t expected) {
    std::optional<SmallVector<DimExpr>> numbers = value ? knownIntegers(value) : std::nullopt;
    return numbers && numbers->size() == 1 && numbers->front().isConstant(expected);
  };
  if (slice.getAxes() && !isOnly(slice.getAxes(), 0))
    return std::nullopt;
  if ((slice.getSteps() && !isOnly(slice.getSteps(), 1)) || to.front() != from.front() - 1)
    return std::nullopt;
  for (int64_t begin : {0, 1})
    if (isOnly(slice.getStarts(), begin))
      return begin;
  return std::nullopt;
}

std::optional<EdgedRow> matchRow(ScanLoop &outer, ScanLoop &inner, unsigned state) {
  Value argument = outer.stateArguments()[state];
  EdgedRow row{state, outer.yield()->getOperand(state).getDefiningOp<onnx::ConcatOp>(), {}, {}};
  if (!row.next || row.next->getNumOperands() != 2 || row.next.getAxis() != 0 ||
      row.next->getBlock() != &outer.body() ||
      dimsOf(row.next->getOperand(0)).front() != DimExpr(1))
    return std::nullopt;
  auto cells = dyn_cast<OpResult>(row.next->getOperand(1));
  if (!cells || cells.getOwner() != inner.op || cells.getResultNumber() < inner.states ||
      dimsOf(argument).front() != dimsOf(cells).front() + 1)
    return std::nullopt;
  for (Operation *user : argument.getUsers()) {
    auto slice = dyn_cast<onnx::SliceOp>(user);
    std::optional<int64_t> begin = slice ? beginOfRest(slice) : std::nullopt;
    if (!begin || user->getBlock() != &outer.body())
      return std::nullopt;
    (*begin == 1 ? row.above : row.aboveLeft).push_back(slice);
  }
  for (onnx::SliceOp slice : row.aboveLeft)
    for (OpOperand &use : slice->getUses())
      if (use.getOwner() != inner.op || use.getOperandNumber() < inner.states)
        return std::nullopt;
  return row;
}

/// The loop with other operands; what its body takes and yields has been changed to fit.
onnx::ScanOp rebuilt(onnx::ScanOp scan, ValueRange operands, unsigned states) {
  OpBuilder b(scan);
  Operation *yield = scan.getBody().front().getTerminator();
  SmallVector<Type> types(yield->getOperands().take_front(states).getTypes());
  unsigned collected = yield->getNumOperands() - states;
  llvm::append_range(types, scan->getResults().take_back(collected).getTypes());
  auto made = createScan(b, scan.getLoc(), types, operands, operands.size() - states);
  made.getBody().takeBody(scan.getBody());
  return made;
}

void insertYield(Operation *yield, unsigned position, Value value) {
  SmallVector<Value> values(yield->getOperands());
  values.insert(values.begin() + position, value);
  yield->setOperands(values);
}

/// The inner loop with the cell above to the left as a state instead of something scanned.
onnx::ScanOp carryAboveLeft(ScanLoop inner, Value row, Value edge, ArrayRef<onnx::SliceOp> slices) {
  Block &body = inner.body();
  SmallVector<Value> initial(inner.initial()), scanned;
  SmallVector<BlockArgument> aboveLeft;
  BlockArgument above;
  for (auto [element, input] : llvm::zip(inner.elements(), inner.inputs())) {
    if (llvm::is_contained(slices, input.getDefiningOp())) {
      aboveLeft.push_back(element);
      continue;
    }
    scanned.push_back(input);
    if (input == row)
      above = element;
  }
  if (!above) {
    scanned.push_back(row);
    above = body.addArgument(tensorWithDims(ArrayRef(dimsOf(row)).drop_front(), elementOf(row)),
                             inner.op.getLoc());
  }
  BlockArgument state = body.insertArgument(inner.states, above.getType(), inner.op.getLoc());
  for (BlockArgument element : aboveLeft) {
    element.replaceAllUsesWith(state);
    body.eraseArgument(element.getArgNumber());
  }
  insertYield(inner.yield(), inner.states, above);
  OpBuilder b(inner.op);
  initial.push_back(
      Arithmetic(b, inner.op.getLoc()).viewedAs(edge, Dims(ArrayRef(dimsOf(edge)).drop_front())));
  llvm::append_range(initial, scanned);
  onnx::ScanOp made = rebuilt(inner.op, initial, inner.states + 1);
  for (auto [i, result] : llvm::enumerate(inner.op->getResults()))
    result.replaceAllUsesWith(made->getResult(i < inner.states ? i : i + 1));
  inner.op->erase();
  return made;
}

} // namespace

bool splitRowEdges(onnx::ScanOp &outerOp, onnx::ScanOp &innerOp) {
  bool changed = false;
  for (unsigned state = 0; state < ScanLoop(outerOp).states; ++state) {
    ScanLoop outer(outerOp), inner(innerOp);
    std::optional<EdgedRow> row = matchRow(outer, inner, state);
    if (!row || !outer.isNormal() || !inner.isNormal())
      continue;
    changed = true;
    OpBuilder b(outerOp);
    Arithmetic m(b, outerOp.getLoc());
    Value whole = outer.initial()[state];
    DimExpr size = dimsOf(whole).front();
    SmallVector<Value> operands(outerOp->getOperands());
    operands[state] = m.sliced(whole, 0, 1, size);
    operands.insert(operands.begin() + outer.states, m.sliced(whole, 0, 0, 1));

    BlockArgument cells = outer.stateArguments()[state];
    BlockArgument edge = outer.body().insertArgument(outer.states, operands[outer.states].getType(),
                                                     outerOp.getLoc());
    cells.setType(operands[state].getType());
    for (onnx::SliceOp slice : row->above) {
      slice.getOutput().replaceAllUsesWith(cells);
      slice->erase();
    }
    if (!row->aboveLeft.empty())
      innerOp = carryAboveLeft(inner, cells, edge, row->aboveLeft);
    for (onnx::SliceOp slice : row->aboveLeft)
      slice->erase();
    Operation *yield = outer.yield();
    yield->setOperand(state, row->next->getOperand(1));
    insertYield(yield, outer.states, row->next->getOperand(0));
    if (row->next->use_empty())
      row->next->erase();
    onnx::ScanOp made = rebuilt(outerOp, operands, outer.states + 1);
    for (auto [i, result] : llvm::enumerate(outerOp->getResults())) {
      if (i != state) {
        result.replaceAllUsesWith(made->getResult(i < outer.states ? i : i + 1));
        continue;
      }
      OpBuilder after(made->getContext());
      after.setInsertionPointAfter(made);
      result.replaceAllUsesWith(
          Arithmetic(after, made.getLoc())
              .joined(ValueRange{made->getResult(outer.states), made->getResult(i)}, 0));
    }
    outerOp->erase();
    outerOp = made;
  }
  return changed;
}

} // namespace heddle
