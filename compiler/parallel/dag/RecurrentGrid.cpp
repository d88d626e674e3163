// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A grid cell by cell: a loop over rows with a loop over the cells of a row in it.

#include "compiler/parallel/dag/DagForms.h"
#include "compiler/parallel/loops/ScanLoop.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heddle {

Work recurrentWork(GridScanOp grid) {
  Work cell = workOf(grid.getBody().front());
  DimExpr cells = grid.getHeight() * grid.getWidth();
  return {cells * cell.work, cells * cell.span};
}

DagResults buildRecurrentGrid(GridScanOp grid) {
  OpBuilder b(grid);
  Location loc = grid.getLoc();
  Block &cell = grid.getBody().front();
  unsigned along = grid.getAlong().size(), down = grid.getDown().size();
  unsigned cells = grid.getCells().size();
  SmallVector<Value> ofRows(grid.getAlong());
  llvm::append_range(ofRows, grid.getCells());
  llvm::append_range(ofRows, grid.getRows());
  auto rows = buildScan(
      b, loc, grid.getDown(), ofRows, [&](OpBuilder &b, ValueRange above, ValueRange row) {
        SmallVector<Value> scanned(above);
        llvm::append_range(scanned, row.slice(along, cells));
        llvm::append_range(scanned, grid.getColumns());
        auto inner =
            buildScan(b, loc, row.take_front(along), scanned,
                      [&](OpBuilder &b, ValueRange before, ValueRange elements) {
                        SmallVector<Value> arguments(before);
                        llvm::append_range(arguments, elements.take_front(down + cells));
                        llvm::append_range(arguments, row.drop_front(along + cells));
                        llvm::append_range(arguments, elements.drop_front(down + cells));
                        IRMapping mapping;
                        mapping.map(cell.getArguments(), arguments);
                        for (Operation &op : cell.without_terminator())
                          b.clone(op, mapping);
                        SmallVector<Value> yields;
                        for (Value value : grid.getYielded())
                          yields.push_back(mapping.lookupOrDefault(value));
                        return ScanStep{SmallVector<Value>(ArrayRef(yields).take_front(along)),
                                        SmallVector<Value>(ArrayRef(yields).drop_front(along))};
                      });
        ValueRange made = inner->getResults();
        SmallVector<Value> collected(made.take_front(along));
        llvm::append_range(collected, made.drop_front(along + down));
        return ScanStep{SmallVector<Value>(made.slice(along, down)), collected};
      });
  ValueRange made = rows->getResults();
  SmallVector<Value> results(made.slice(down, along));
  llvm::append_range(results, made.take_front(down));
  llvm::append_range(results, made.drop_front(down + along));
  return results;
}

} // namespace heddle
