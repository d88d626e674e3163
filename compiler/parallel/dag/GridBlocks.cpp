// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A grid as a grid of blocks. A block gets what the blocks before and above it send along their rows
// and down their columns, and is computed cell by cell: each state stays near its core. Blocks that wait
// for none of each other are tasks like any operations that do not depend on each other.

#include "compiler/parallel/dag/DagForms.h"
#include "compiler/source/Arithmetic.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace heddle {

/// Where block `i` of `count` begins.
static int64_t beginOf(int64_t size, int64_t count, int64_t i) { return size * i / count; }

/// Of the blocks on a diagonal all but those at the corners find a core each.
static int64_t blocksAlong(const DimExpr &size, int64_t cores) {
  return std::min(*size.asConstant(), 2 * cores);
}

bool hasBlocks(GridScanOp grid, int64_t cores) {
  std::optional<int64_t> height = grid.getHeight().asConstant(),
                         width = grid.getWidth().asConstant();
  return cores > 1 && height && width && *height > 1 && *width > 1;
}

Work blocksWork(GridScanOp grid, int64_t cores) {
  Work all = recurrentWork(grid), cell = workOf(grid.getBody().front());
  int64_t rows = blocksAlong(grid.getHeight(), cores),
          columns = blocksAlong(grid.getWidth(), cores);
  DimExpr block = grid.getHeight().ceilDiv(rows) * grid.getWidth().ceilDiv(columns);
  return {all.work, block * (rows + columns - 1) * cell.span};
}

SmallVector<Value> buildBlocks(GridScanOp grid, int64_t cores) {
  Arithmetic m(grid);
  int64_t height = *grid.getHeight().asConstant(), width = *grid.getWidth().asConstant();
  int64_t rows = blocksAlong(height, cores), columns = blocksAlong(width, cores);
  auto cut = [&](ValueRange values, int64_t axis, int64_t begin, int64_t end) {
    return llvm::map_to_vector(values,
                               [&](Value value) { return m.sliced(value, axis, begin, end); });
  };
  auto columnsOf = [&](ValueRange values, int64_t j, int64_t axis = 0) {
    return cut(values, axis, beginOf(width, columns, j), beginOf(width, columns, j + 1));
  };
  SmallVector<SmallVector<Value>> down, lastAlong, marks; // by columns, by rows, by rows
  for (int64_t j = 0; j < columns; ++j)
    down.push_back(columnsOf(grid.getDown(), j));
  for (int64_t i = 0; i < rows; ++i) {
    auto rowsOf = [&](ValueRange values) {
      return cut(values, 0, beginOf(height, rows, i), beginOf(height, rows, i + 1));
    };
    SmallVector<Value> along = rowsOf(grid.getAlong()), ofRows = rowsOf(grid.getRows()),
                       cells = rowsOf(grid.getCells());
    SmallVector<SmallVector<Value>> ofBlocks;
    for (int64_t j = 0; j < columns; ++j) {
      SmallVector<Value> ofCells = columnsOf(cells, j, 1),
                         ofColumns = columnsOf(grid.getColumns(), j);
      SmallVector<Type> types;
      for (Type type : grid.getMarks().getTypes()) {
        Dims dims = getDims(cast<RankedTensorType>(type));
        dims[0] = beginOf(height, rows, i + 1) - beginOf(height, rows, i);
        dims[1] = beginOf(width, columns, j + 1) - beginOf(width, columns, j);
        types.push_back(tensorWithDims(dims, cast<RankedTensorType>(type).getElementType()));
      }
      auto block = GridScanOp::create(m.b, m.loc, TypeRange(ValueRange(along)),
                                      TypeRange(ValueRange(down[j])), types, along, down[j],
                                      ofCells, ofRows, ofColumns, m.b.getStringAttr("recurrent"));
      IRMapping mapping;
      grid.getBody().cloneInto(&block.getBody(), mapping);
      SmallVector<Value> made = *buildRecurrentGrid(block);
      block.erase();
      along.assign(made.begin(), made.begin() + along.size());
      down[j].assign(made.begin() + along.size(), made.begin() + along.size() + down[j].size());
      ofBlocks.emplace_back(ArrayRef(made).drop_front(along.size() + down[j].size()));
    }
    lastAlong.push_back(along);
    marks.emplace_back();
    for (unsigned k = 0; k < grid.getMarks().size(); ++k)
      marks.back().push_back(
          m.joined(llvm::map_to_vector(ofBlocks, [&](ArrayRef<Value> of) { return of[k]; }), 1));
  }
  SmallVector<Value> results;
  for (ArrayRef<SmallVector<Value>> parts : {ArrayRef(lastAlong), ArrayRef(down), ArrayRef(marks)})
    for (unsigned k = 0; k < parts.front().size(); ++k)
      results.push_back(
          m.joined(llvm::map_to_vector(parts, [&](ArrayRef<Value> of) { return of[k]; }), 0));
  return results;
}

} // namespace heddle
