// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A recurrence over a graph, step by step or level by level. Both are loops that carry the tables:
// rows are gathered, the body computed, and what it yields scattered.

#include "compiler/parallel/batching/Batching.h"
#include "compiler/parallel/dag/DagForms.h"
#include "compiler/parallel/dag/Skew.h"
#include "compiler/parallel/loops/ScanLoop.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heddle {

/// Rows of a table: one for each index, along the axes of the indices.
static Value gather(OpBuilder &b, Location loc, Value table, Value indices) {
  Dims dims = dimsOf(indices);
  llvm::append_range(dims, ArrayRef(dimsOf(table)).drop_front());
  return onnx::GatherOp::create(b, loc, tensorWithDims(dims, elementOf(table)), table, indices,
                                /*axis=*/0);
}

/// The table with n rows replaced: indices of n, rows of n x ....
static Value scatter(OpBuilder &b, Location loc, Value table, Value indices, Value rows) {
  Value places = Arithmetic(b, loc).viewedAs(indices, {dimsOf(indices).front(), DimExpr(1)});
  return onnx::ScatterNDOp::create(b, loc, table.getType(), table, places, rows,
                                   /*reduction=*/"none");
}

DagResults buildRecurrentDag(DagScanOp dag) {
  OpBuilder b(dag);
  Location loc = dag.getLoc();
  Block &step = dag.getBody().front();
  unsigned tables = dag.getTables().size(), reads = dag.getReads().size();
  SmallVector<Value> inputs(dag.getWrites());
  llvm::append_range(inputs, dag.getReads());
  llvm::append_range(inputs, dag.getElements());
  auto scan = buildScan(
      b, loc, dag.getTables(), inputs, [&](OpBuilder &b, ValueRange states, ValueRange elements) {
        SmallVector<Value> arguments, yields;
        for (auto [index, table] : llvm::zip(elements.slice(tables, reads), dag.getReadTables()))
          arguments.push_back(gather(b, loc, states[table], index));
        llvm::append_range(arguments, elements.drop_front(tables + reads));
        IRMapping mapping;
        mapping.map(step.getArguments(), arguments);
        for (Operation &op : step.without_terminator())
          b.clone(op, mapping);
        for (Value value : dag.getYielded())
          yields.push_back(mapping.lookupOrDefault(value));
        ScanStep next;
        Arithmetic m(b, loc);
        for (unsigned i = 0; i < tables; ++i) {
          Dims row = dimsOf(yields[i]);
          row.insert(row.begin(), DimExpr(1));
          next.states.push_back(scatter(b, loc, states[i], m.viewedAs(elements[i], {DimExpr(1)}),
                                        m.viewedAs(yields[i], row)));
        }
        next.collected.append(yields.begin() + tables, yields.end());
        return next;
      });
  return SmallVector<Value>(scan->getResults());
}

/// Which steps each level has.
static LevelsOp findLevels(OpBuilder &b, DagScanOp dag, const std::string &symbol) {
  Arithmetic m(b, dag.getLoc());
  Dims rows;
  SmallVector<Value> indices(dag.getWrites());
  llvm::append_range(indices, dag.getReads());
  SmallVector<int64_t> tables = llvm::to_vector(llvm::seq<int64_t>(0, dag.getTables().size()));
  llvm::append_range(tables, dag.getReadTables());
  for (Value table : dag.getTables())
    rows.push_back(dimsOf(table).front());
  Type i64 = b.getI64Type();
  Type levels = tensorWithDims({DimExpr::symbol(symbol)}, i64);
  return LevelsOp::create(b, dag.getLoc(), tensorWithDims({dag.getLength()}, i64), levels, levels,
                          m.shape(rows, dag.getTables().front()), indices, tables,
                          int64_t(dag.getTables().size()));
}

DagResults buildLevels(DagScanOp dag, const std::string &symbol) {
  OpBuilder b(dag);
  Location loc = dag.getLoc();
  Block &step = dag.getBody().front();
  unsigned tables = dag.getTables().size();
  LevelsOp levels = findLevels(b, dag, symbol);
  // Marks are written where their steps are, as rows are.
  SmallVector<Value> initial(dag.getTables());
  for (Value mark : dag.getMarks())
    initial.push_back(zeros(b, loc, dimsOf(mark), elementOf(mark), dag.getWrites().front()));
  bool isOk = true;
  DimExpr size = DimExpr::symbol(symbol + ".steps");
  auto scan = buildScan(
      b, loc, initial, {levels.getBegins(), levels.getEnds()},
      [&](OpBuilder &b, ValueRange states, ValueRange bounds) {
        Arithmetic m(b, loc);
        Value begin = m.viewedAs(bounds[0], {DimExpr(1)}),
              end = m.viewedAs(bounds[1], {DimExpr(1)});
        Value steps = onnx::SliceOp::create(b, loc, tensorWithDims({size}, b.getI64Type()),
                                            levels.getOrder(), begin, end, m.integers(0), Value());
        Batching batching(b, size);
        auto arguments = step.getArguments().begin();
        for (auto [read, table] : llvm::zip(dag.getReads(), dag.getReadTables()))
          batching.map(*arguments++, gather(b, loc, states[table], gather(b, loc, read, steps)));
        for (Value element : dag.getElements())
          batching.map(*arguments++, gather(b, loc, element, steps));
        for (Operation &op : step.without_terminator())
          isOk = isOk && succeeded(batching.apply(op));
        ScanStep next;
        for (auto [i, value] : llvm::enumerate(dag.getYielded())) {
          if (!isOk) { // erased below
            next.states.push_back(states[i]);
            continue;
          }
          Value places = i < tables ? gather(b, loc, dag.getWrites()[i], steps) : steps;
          next.states.push_back(scatter(b, loc, states[i], places, batching.stacked(value)));
        }
        return next;
      });
  if (isOk)
    return SmallVector<Value>(scan->getResults());
  scan->erase();
  return std::nullopt;
}

} // namespace heddle
