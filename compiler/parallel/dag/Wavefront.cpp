// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A grid by anti-diagonals: at time t, row x is at column t - x, and all rows take a step at once.
// What a row sends along itself stays in its place; what it sends down moves to the next row, which
// is where it is wanted a time later. Rows that have not begun, or are over, compute with zeros: what
// goes along them is held, and what they send down meets rows that are not within the grid either.
//
// The rows are the shorter side, where that is known: then fewer places idle at the corners.

#include "compiler/kernels/CostModel.h"
#include "compiler/parallel/batching/Batching.h"
#include "compiler/parallel/dag/DagForms.h"
#include "compiler/parallel/dag/Skew.h"
#include "compiler/parallel/loops/ScanLoop.h"

using namespace mlir;

namespace heddle {

namespace {

/// The grid with the shorter side as rows.
struct Oriented {
  SmallVector<Value> held, moved;         // what goes along lanes, and from lane to lane
  SmallVector<Value> cells, lanes, times; // inputs
  DimExpr height, width;
  bool isTurned;
};

Oriented orient(GridScanOp grid) {
  Oriented o{grid.getAlong(),   grid.getDown(),   grid.getCells(), grid.getRows(),
             grid.getColumns(), grid.getHeight(), grid.getWidth(), false};
  o.isTurned = (o.height - o.width).isAtLeast(1);
  if (!o.isTurned)
    return o;
  std::swap(o.held, o.moved);
  std::swap(o.lanes, o.times);
  std::swap(o.height, o.width);
  return o;
}

/// Those of rows where the condition (one bool a row) holds, the others elsewhere.
Value choose(OpBuilder &b, Location loc, Value condition, Value yes, Value no) {
  Dims dims = dimsOf(condition);
  dims.append(dimsOf(yes).size() - 1, DimExpr(1));
  condition = Arithmetic(b, loc).viewedAs(condition, dims);
  return onnx::WhereOp::create(b, loc, yes.getType(), condition, yes, no);
}

/// What enters the first row, then what each row sends: a row takes the one at its own place, and
/// the last one leaves the grid.
Value joined(OpBuilder &b, Location loc, Value entering, Value sent) {
  Arithmetic m(b, loc);
  return m.joined(ValueRange{m.asRow(entering), sent}, 0);
}

} // namespace

Work wavefrontWork(GridScanOp grid) {
  Work cell = workOf(grid.getBody().front());
  return {recurrentWork(grid).work, (grid.getHeight() + grid.getWidth() - 1) * cell.span};
}

/// Bytes of what a step carries.
static double frontBytes(GridScanOp grid) {
  double bytes = 0, lanes = std::min(estimateSize(grid.getHeight()), estimateSize(grid.getWidth()));
  for (unsigned i = 0; i < grid.getAlong().size() + grid.getDown().size(); ++i) {
    Value state = grid.getBody().getArgument(i);
    Type element = elementOf(state);
    double bits = element.isIntOrFloat() ? element.getIntOrFloatBitWidth() : 64;
    bytes += estimateSize(countElements(dimsOf(state))) * bits / 8;
  }
  return bytes * lanes;
}

StringRef chooseGridForm(GridScanOp grid) {
  // Measured: beyond that, a step of all rows sends each state through memory, where cell by cell
  // it stays in the cache next to the core.
  constexpr double kCachedBytes = 96 * 1024;
  return frontBytes(grid) <= kCachedBytes ? "wavefront" : "recurrent";
}

DagResults buildWavefront(GridScanOp grid) {
  Block &cell = grid.getBody().front();
  OpBuilder b(grid);
  Location loc = grid.getLoc();
  Oriented o = orient(grid);
  Value sizes = o.cells.empty() ? o.held.front() : o.cells.front();
  Skew skew(b, loc, o.height, o.width, sizes);
  unsigned held = o.held.size(), moved = o.moved.size(), cells = o.cells.size();

  SmallVector<Value> initial(o.held), inputs{skew.inside()};
  for (Value value : o.moved) { // the rows that begin later have no neighbour yet
    Dims dims(ArrayRef(dimsOf(value)).drop_front());
    dims.insert(dims.begin(), o.height);
    initial.push_back(zeros(b, loc, dims, elementOf(value), sizes));
  }
  for (Value value : o.moved)
    inputs.push_back(skew.entering(value));
  for (Value value : o.cells)
    inputs.push_back(skew.skewed(o.isTurned ? Arithmetic(b, loc).exchanged(value, 0, 1) : value));
  for (Value value : o.times) {
    Dims dims = dimsOf(value);
    dims.insert(dims.begin(), o.height);
    inputs.push_back(skew.skewed(Arithmetic(b, loc).expandedTo(value, dims, sizes)));
  }

  bool isOk = true;
  auto scan =
      buildScan(b, loc, initial, inputs, [&](OpBuilder &b, ValueRange states, ValueRange elements) {
        Arithmetic m(b, loc);
        Value inside = elements.front();
        SmallVector<Value> kept(states.take_front(held)), arriving;
        for (unsigned i = 0; i < moved; ++i)
          arriving.push_back(m.sliced(joined(b, loc, elements[1 + i], states[held + i]), 0, 0,
                                      o.height, states[held + i]));
        ValueRange ofCells = elements.slice(1 + moved, cells),
                   ofTimes = elements.drop_front(1 + moved + cells);
        SmallVector<Value> arguments(o.isTurned ? arriving : kept);
        llvm::append_range(arguments, o.isTurned ? kept : arriving);
        llvm::append_range(arguments, ofCells);
        SmallVector<Value> rows(o.isTurned ? SmallVector<Value>(ofTimes) : o.lanes);
        SmallVector<Value> columns(o.isTurned ? o.lanes : SmallVector<Value>(ofTimes));
        llvm::append_range(arguments, rows);
        llvm::append_range(arguments, columns);
        Batching batching(b, o.height);
        for (auto [argument, value] : llvm::zip(cell.getArguments(), arguments))
          batching.map(argument, value);
        for (Operation &op : cell.without_terminator())
          isOk = isOk && succeeded(batching.apply(op));
        ScanStep step;
        if (!isOk) { // erased below
          step.states.assign(states.begin(), states.end());
          return step;
        }
        SmallVector<Value> made;
        for (Value value : grid.getYielded())
          made.push_back(batching.stacked(value));
        auto sent = ArrayRef(made).take_front(held + moved);
        auto along = o.isTurned ? sent.drop_front(moved) : sent.take_front(held);
        auto across = o.isTurned ? sent.take_front(moved) : sent.drop_front(held);
        for (auto [value, before] : llvm::zip(along, kept))
          step.states.push_back(choose(b, loc, inside, value, before));
        llvm::append_range(step.states, across);
        step.collected.append(made.begin() + held + moved, made.end());
        for (auto [i, value] : llvm::enumerate(across)) {
          Dims dims(ArrayRef(dimsOf(value)).drop_front());
          Value last =
              m.sliced(joined(b, loc, elements[1 + i], value), 0, o.height, o.height + 1, value);
          step.collected.push_back(m.viewedAs(last, dims));
        }
        return step;
      });
  if (!isOk) {
    scan->erase();
    return std::nullopt;
  }
  ValueRange made = scan->getResults();
  SmallVector<Value> lastHeld(made.take_front(held)), lastMoved, results;
  for (Value value : made.take_back(moved))
    lastMoved.push_back(skew.leaving(value));
  llvm::append_range(results, o.isTurned ? lastMoved : lastHeld);
  llvm::append_range(results, o.isTurned ? lastHeld : lastMoved);
  for (Value value : made.drop_front(held + moved).drop_back(moved)) {
    Value marks = skew.straightened(value);
    results.push_back(o.isTurned ? Arithmetic(b, loc).exchanged(marks, 0, 1) : marks);
  }
  return results;
}

} // namespace heddle
