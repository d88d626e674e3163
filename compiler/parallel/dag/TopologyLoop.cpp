// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/dag/TopologyLoop.h"
#include "compiler/parallel/Constructs.h"

#include "compiler/parallel/batching/Batching.h"
#include "compiler/source/Arithmetic.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heddle {

static Operation *scatterInto(Value value, Value table) {
  Operation *op = value.getDefiningOp();
  return op && isa<onnx::ScatterNDOp, onnx::ScatterElementsOp>(op) && op->getOperand(0) == table
             ? op
             : nullptr;
}

bool TopologyLoop::isCandidate() {
  for (auto [i, state] : llvm::enumerate(outer.stateArguments()))
    if (Operation *scatter = scatterInto(outer.yield()->getOperand(i), state))
      tables.push_back({unsigned(i), scatter});
  return !tables.empty();
}

/// Of a table of which one row is written: whether the indices are for one row, and the updates are
/// that row.
static bool writesOneRow(Operation *scatter) {
  Dims table = dimsOf(scatter->getOperand(0)), indices = dimsOf(scatter->getOperand(1));
  StringRef reduction = scatter->getAttrOfType<StringAttr>("reduction").getValue();
  if (!countElements(indices).isConstant(1) || (reduction != "none" && reduction != "add"))
    return false;
  if (isa<onnx::ScatterElementsOp>(scatter)) // of several axes it would be an element of a row
    return table.size() == 1;
  return indices.back().isConstant(1); // the last axis tells places: one number is a row
}

/// A gather of whole rows: along axis 0, with indices of rank 0 or 1.
static bool readsRows(Operation *op) {
  if (auto gather = dyn_cast<onnx::GatherOp>(op))
    return dimsOf(gather.getIndices()).size() <= 1 &&
           (gather.getAxis() == 0 || static_cast<int64_t>(gather.getAxis()) ==
                                         -static_cast<int64_t>(dimsOf(gather.getData()).size()));
  if (auto gather = dyn_cast<onnx::GatherNDOp>(op)) {
    Dims indices = dimsOf(gather.getIndices());
    return gather.getBatchDims() == 0 && indices.size() <= 2 && indices.back().isConstant(1);
  }
  return false;
}

bool TopologyLoop::checkTable(unsigned number) {
  auto [state, scatter] = tables[number];
  Value table = outer.stateArguments()[state];
  if (!writesOneRow(scatter))
    return refuse(describeNode(scatter) + " does not write one row of the table");
  if (!scatter->getResult(0).hasOneUse())
    return refuse("the table is read again after " + describeNode(scatter) + " has written to it");
  if (isTainted(scatter->getOperand(1)))
    return refuse("where " + describeNode(scatter) + " writes depends on the recurrence itself");
  for (OpOperand &use : table.getUses()) {
    Operation *user = use.getOwner();
    if (user == scatter && use.getOperandNumber() == 0)
      continue;
    if (user->getBlock() != &outer.body() || use.getOperandNumber() != 0 || !readsRows(user))
      return refuse(describeNode(user) + " reads the table in another way than row by row");
    if (isTainted(user->getOperand(1)))
      return refuse("where " + describeNode(user) + " reads depends on the recurrence itself");
    reads.push_back({number, user});
  }
  return true;
}

bool TopologyLoop::checkCell() {
  auto isRead = [&](Operation *op) {
    return llvm::any_of(reads, [&](Read read) { return read.gather == op; });
  };
  auto isScatter = [&](Operation *op) {
    return llvm::any_of(tables, [&](Table table) { return table.scatter == op; });
  };
  for (Operation &op : outer.body().without_terminator()) {
    bool isOfCell = llvm::any_of(op.getResults(), [&](Value value) { return isTainted(value); });
    if (!isOfCell || isRead(&op) || isScatter(&op))
      continue;
    SmallVector<bool> flags;
    for (Value operand : op.getOperands())
      flags.push_back(isOfStep(operand));
    if (op.getNumRegions() != 0 || !Batching::hasForm(op, flags))
      return refuse("steps cannot be computed at once: " + describeNode(&op) +
                    " has no form for many elements");
    cell.push_back(&op);
  }
  return true;
}

bool TopologyLoop::match() {
  if (!outer.isNormal())
    return refuse("the loop runs backwards, or along an axis that is not the first");
  if (!isMemoryEffectFree(outer.op))
    return refuse("something in the loop has effects");
  if (!checkSizes(outer))
    return false;
  hoistInvariants(&outer.body());
  SmallVector<Value> arguments;
  for (Table table : tables)
    arguments.push_back(outer.stateArguments()[table.state]);
  taintFrom(arguments);
  for (unsigned i = 0; i < tables.size(); ++i)
    if (!checkTable(i))
      return false;
  for (Value state : outer.stateArguments())
    if (isTainted(state) && !llvm::is_contained(arguments, state))
      return refuse("the loop carries more than tables from step to step");
  if (!checkCell())
    return false;
  // All else is before.
  SmallVector<Value> needed;
  auto need = [&](Value value) {
    if (!isTainted(value))
      needed.push_back(value);
  };
  for (Operation *op : cell)
    llvm::for_each(op->getOperands(), need);
  for (Read read : reads)
    need(read.gather->getOperand(1));
  for (Table table : tables)
    llvm::for_each(table.scatter->getOperands().drop_front(), need);
  llvm::for_each(outer.yield()->getOperands(), need);
  sliceBefore(needed);
  return true;
}

/// As i64: one for each step, or several.
Value TopologyLoop::indicesOfSteps(OpBuilder &b, Value index, bool isOne) {
  Value all = ofAllSteps(b, index);
  Arithmetic m(b, index.getLoc());
  Dims dims{length()};
  if (!isOne)
    dims.push_back(countElements(dimsOf(index)));
  all = m.viewedAs(all, dims);
  Type i64 = b.getI64Type();
  if (elementOf(all) == i64)
    return all;
  return onnx::CastOp::create(b, index.getLoc(), withElement(all.getType(), i64), all, "up",
                              /*saturate=*/1, /*to=*/7);
}

DagScanOp TopologyLoop::rewrite() {
  OpBuilder b(outer.op);
  buildBefore(b);
  SmallVector<Value> initial, writes, readIndices, elements, elementsOf;
  SmallVector<int64_t> readTables;
  for (Table table : tables) {
    initial.push_back(outer.initial()[table.state]);
    writes.push_back(indicesOfSteps(b, table.scatter->getOperand(1), true));
  }
  for (Read read : reads) {
    bool isOne = dimsOf(read.gather->getResult(0)).size() + 1 == dimsOf(initial[read.table]).size();
    readIndices.push_back(indicesOfSteps(b, read.gather->getOperand(1), isOne));
    readTables.push_back(read.table);
  }
  // An update that is added reads its row first.
  auto isAdded = [](Table table) {
    return table.scatter->getAttrOfType<StringAttr>("reduction").getValue() == "add";
  };
  for (auto [i, table] : llvm::enumerate(tables))
    if (isAdded(table)) {
      readIndices.push_back(writes[i]);
      readTables.push_back(i);
    }
  llvm::SetVector<Value> used;
  for (Operation *op : cell)
    used.insert(op->operand_begin(), op->operand_end());
  for (Table table : tables)
    used.insert(table.scatter->getOperand(2));
  for (Value value : used)
    if (isOfStep(value) && !isTainted(value)) {
      elements.push_back(ofAllSteps(b, value));
      elementsOf.push_back(value);
    }
  SmallVector<Type> marks;
  SmallVector<unsigned> collected;
  for (unsigned i = outer.states; i < outer.op->getNumResults(); ++i) {
    Value value = outer.yield()->getOperand(i);
    if (!isTainted(value)) {
      outer.op->getResult(i).replaceAllUsesWith(ofAllSteps(b, value));
    } else {
      collected.push_back(i);
      marks.push_back(outer.op->getResult(i).getType());
    }
  }
  auto dag = DagScanOp::create(b, outer.op.getLoc(), ValueRange(initial).getTypes(), marks, initial,
                               writes, readIndices, readTables, elements, StringAttr());
  Block &body = dag.getBody().emplaceBlock();
  IRMapping mapping;
  for (Read read : reads)
    mapping.map(read.gather->getResult(0),
                body.addArgument(read.gather->getResult(0).getType(), read.gather->getLoc()));
  SmallVector<Value> rowsBefore;
  auto rowDims = [&](unsigned i) { return Dims(ArrayRef(dimsOf(initial[i])).drop_front()); };
  for (auto [i, table] : llvm::enumerate(tables))
    if (isAdded(table))
      rowsBefore.push_back(body.addArgument(tensorWithDims(rowDims(i), elementOf(initial[i])),
                                            table.scatter->getLoc()));
  for (Value value : elementsOf)
    mapping.map(value, body.addArgument(value.getType(), value.getLoc()));
  OpBuilder inside = OpBuilder::atBlockEnd(&body);
  for (Operation *op : cell)
    inside.clone(*op, mapping);
  SmallVector<Value> yields;
  size_t added = 0;
  for (auto [i, table] : llvm::enumerate(tables)) {
    Arithmetic m(inside, table.scatter->getLoc());
    Value row = m.viewedAs(mapping.lookupOrDefault(table.scatter->getOperand(2)), rowDims(i));
    yields.push_back(isAdded(table) ? m.add(rowsBefore[added++], row) : row);
  }
  for (unsigned i : collected)
    yields.push_back(mapping.lookupOrDefault(outer.yield()->getOperand(i)));
  YieldOp::create(inside, dag.getLoc(), yields);
  for (auto [table, last] : llvm::zip(tables, dag.getLast()))
    outer.op->getResult(table.state).replaceAllUsesWith(last);
  for (auto [i, mark] : llvm::zip(collected, dag.getMarks()))
    outer.op->getResult(i).replaceAllUsesWith(mark);
  outer.op->erase();
  return dag;
}

} // namespace heddle
