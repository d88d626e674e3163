// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A grid with a linear cell by pairs of blocks. What a block of h x w cells sends on is affine in what
// it gets: matrices over its h edge values along rows and its w edge values down columns. Two blocks
// beside each other are one block with the product of their matrices, so log2 H + log2 W pairings make
// the whole grid; on the way back each pair tells its second block what the first one sends it. Then
// every cell knows what it gets, and all are computed at once.
//
// The matrices do not depend on the size of what is carried (a d x d state has one number a cell), and
// sums are ordered anew: the class is reassoc.

#include "compiler/parallel/Constructs.h"
#include "compiler/parallel/batching/Batching.h"
#include "compiler/parallel/dag/BlockPairs.h"
#include "compiler/parallel/dag/DagForms.h"
#include "compiler/parallel/dag/LinearCell.h"
#include "compiler/parallel/dag/Skew.h"
#include "compiler/parallel/scans/InRange.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace heddle {

namespace {

/// How a state falls into K numbers with coefficients of their own and V that share them.
struct Split {
  Dims own, shared;
  DimExpr k() const { return countElements(own); }
  DimExpr v() const { return countElements(shared); }
};

Split splitState(ArrayRef<DimExpr> state, ArrayRef<AffineForm> forms) {
  size_t own = 0;
  for (const AffineForm &form : forms)
    for (Value value : form.coefficients)
      if (value)
        for (auto [i, dim] : llvm::enumerate(llvm::reverse(dimsOf(value))))
          if (!dim.isConstant(1))
            own = std::max(own, state.size() - i);
  return {Dims(state.take_front(own)), Dims(state.drop_front(own))};
}

/// Inputs of a grid for its cells in one line, by the arguments of its body.
void mapInputs(BlockPairs &p, GridScanOp grid, Batching &batching, ArrayRef<Value> arguments) {
  DimExpr height = grid.getHeight(), width = grid.getWidth();
  auto flat = [&](Value value, unsigned leading) {
    Dims dims{height * width};
    llvm::append_range(dims, ArrayRef(dimsOf(value)).drop_front(leading));
    return p.m.viewedAs(value, dims);
  };
  auto argument = arguments.begin();
  for (Value value : grid.getCells())
    batching.map(*argument++, flat(value, 2));
  for (Value value : grid.getRows()) {
    Dims dims = dimsOf(value);
    dims.insert(dims.begin() + 1, DimExpr(1));
    value = p.m.viewedAs(value, dims);
    dims[1] = width;
    batching.map(*argument++, flat(p.m.expandedTo(value, dims, value), 2));
  }
  for (Value value : grid.getColumns()) {
    Dims dims = dimsOf(value);
    dims.insert(dims.begin(), height);
    batching.map(*argument++, flat(p.m.expandedTo(value, dims, value), 2));
  }
}

} // namespace

std::optional<Work> pairingWork(GridScanOp grid) {
  std::optional<int64_t> height = grid.getHeight().asConstant(),
                         width = grid.getWidth().asConstant();
  if (!height || !width || *height < 1 || *width < 1)
    return std::nullopt;
  Block scratch;
  OpBuilder b(grid.getContext());
  b.setInsertionPointToEnd(&scratch);
  IRMapping mapping;
  auto forms = buildAffineForms(b, grid, mapping);
  if (!forms)
    return std::nullopt;
  Split split = splitState(dimsOf(grid.getBody().getArgument(0)), *forms);
  // Of a block: cells in a column and in a row, and the values on its edges.
  int64_t count[2] = {int64_t(llvm::PowerOf2Ceil(*height)), int64_t(llvm::PowerOf2Ceil(*width))};
  int64_t edge[2] = {int64_t(grid.getAlong().size()), int64_t(grid.getDown().size())};
  Work total = recurrentWork(grid);
  total.span = workOf(grid.getBody().front()).span;
  DimExpr k = split.k(), v = split.v();
  while (count[0] * count[1] > 1) {
    int p = count[1] >= count[0] ? 0 : 1, q = 1 - p;
    count[1 - p] /= 2;
    DimExpr pairs = count[0] * count[1], m = edge[p], n = edge[q];
    bool isLast = pairs.isConstant(1);
    DimExpr matrices = isLast ? 0 : m * (m + n) * (m + n + v);
    total.work = total.work + pairs * k * (matrices + m * (m + n) * v) * 2;
    total.span = total.span + (logarithm(m) + 2) * (isLast ? 0 : 1) + logarithm(m) + 3;
    edge[q] *= 2;
  }
  return total;
}

/// What all cells yield, given what each of them gets.
static SmallVector<Value> cellsOf(BlockPairs &p, GridScanOp grid, ArrayRef<Value> in,
                                  const Dims &state) {
  Block &cell = grid.getBody().front();
  int64_t height = *grid.getHeight().asConstant(), width = *grid.getWidth().asConstant();
  const unsigned counts[2] = {unsigned(grid.getAlong().size()), unsigned(grid.getDown().size())};
  const unsigned states = counts[0] + counts[1];
  Dims leading{height * width};
  llvm::append_range(leading, state);
  Batching all(p.m.b, height * width);
  unsigned argument = 0;
  for (int i : {0, 1}) {
    Value inner = p.m.sliced(p.m.sliced(in[i], 0, 0, height), 1, 0, width);
    for (unsigned s = 0; s < counts[i]; ++s)
      all.map(cell.getArgument(argument++), p.m.viewedAs(p.m.sliced(inner, 3, s, s + 1), leading));
  }
  SmallVector<Value> inputs(cell.getArguments().drop_front(states));
  mapInputs(p, grid, all, inputs);
  for (Operation &op : cell.without_terminator()) {
    [[maybe_unused]] LogicalResult made = all.apply(op);
    assert(succeeded(made) && "it was tried");
  }
  SmallVector<Value> results;
  for (auto [i, value] : llvm::enumerate(grid.getYielded())) {
    Dims element = dimsOf(value), dims{height, width};
    llvm::append_range(dims, element);
    Value of = p.m.viewedAs(all.stacked(value), dims);
    if (i < states) {
      int64_t axis = i < counts[0] ? 1 : 0;
      of = p.m.sliced(of, axis, dims[axis] - 1, dims[axis]);
      dims.erase(dims.begin() + axis);
      of = p.m.viewedAs(of, dims);
    }
    results.push_back(of);
  }
  return results;
}

/// Whether all cells at once have a form.
static bool hasFormForAll(GridScanOp grid) {
  Block scratch;
  OpBuilder b(grid.getContext());
  b.setInsertionPointToEnd(&scratch);
  Block &cell = grid.getBody().front();
  DimExpr count = grid.getHeight() * grid.getWidth();
  for (BlockArgument argument : cell.getArguments())
    scratch.addArgument(stackedType(argument.getType(), count), argument.getLoc());
  std::string reason;
  return succeeded(batchedBlock(b, cell, ValueRange(scratch.getArguments()), count, reason));
}

DagResults buildPairing(GridScanOp grid) {
  std::optional<int64_t> height = grid.getHeight().asConstant(),
                         width = grid.getWidth().asConstant();
  if (!height || !width || *height < 1 || *width < 1)
    return std::nullopt;
  if (!hasFormForAll(grid))
    return std::nullopt;
  Block &cell = grid.getBody().front();
  const unsigned counts[2] = {unsigned(grid.getAlong().size()), unsigned(grid.getDown().size())};
  const unsigned states = counts[0] + counts[1];
  OpBuilder b(grid);
  BlockPairs p(b, grid.getLoc());

  // One cell's coefficients, then those of all cells.
  Block affine;
  IRMapping mapping;
  SmallVector<Value> arguments;
  for (BlockArgument argument : cell.getArguments().drop_front(states)) {
    arguments.push_back(affine.addArgument(argument.getType(), argument.getLoc()));
    mapping.map(argument, arguments.back());
  }
  OpBuilder inside(grid.getContext());
  inside.setInsertionPointToEnd(&affine);
  auto forms = buildAffineForms(inside, grid, mapping);
  if (!forms)
    return std::nullopt;
  Batching coefficients(b, *height * *width);
  mapInputs(p, grid, coefficients, arguments);
  for (Operation &op : affine)
    if (failed(coefficients.apply(op)))
      return std::nullopt;

  Dims state = dimsOf(cell.getArgument(0));
  Split split = splitState(state, *forms);
  DimExpr k = split.k(), v = split.v();
  auto leading = [&](ArrayRef<DimExpr> rest) {
    Dims dims{*height * *width};
    llvm::append_range(dims, rest);
    return dims;
  };
  Value some = grid.getAlong().front();
  // A value of all cells as height x width x K x 1 x (1 or V).
  auto spreadOver = [&](Value element, ArrayRef<DimExpr> state, size_t rank,
                        DimExpr last) -> Value {
    Dims dims{*height, *width, k, DimExpr(1), last};
    if (!element)
      return zeros(b, p.m.loc, dims, elementOf(some), some);
    Value all = coefficients.stacked(element);
    Dims aligned(rank - dimsOf(element).size(), DimExpr(1));
    llvm::append_range(aligned, dimsOf(element));
    aligned.resize(state.size());
    all = p.m.viewedAs(all, leading(aligned));
    return p.m.viewedAs(p.m.expandedTo(all, leading(state), all), dims);
  };
  Blocks cells{{*height, *width}, {}, {}};
  const unsigned begin[2] = {0, counts[0]};
  for (int i : {0, 1}) {
    SmallVector<Value> offsets, rows[2];
    for (unsigned s = 0; s < counts[i]; ++s) {
      const AffineForm &form = (*forms)[begin[i] + s];
      offsets.push_back(spreadOver(form.offset, state, state.size(), v));
      for (int j : {0, 1}) {
        SmallVector<Value> row;
        for (unsigned t = 0; t < counts[j]; ++t)
          row.push_back(spreadOver(form.coefficients[begin[j] + t], split.own, state.size(), 1));
        rows[j].push_back(p.m.joined(row, 4));
      }
    }
    cells.offset[i] = p.m.joined(offsets, 3);
    for (int j : {0, 1})
      cells.matrix[i][j] = p.m.joined(rows[j], 3);
  }
  // Cells beyond the edges: nothing that is wanted depends on what they do.
  for (int axis : {0, 1}) {
    cells.count[axis] = llvm::PowerOf2Ceil(cells.count[axis]);
    for (int i : {0, 1}) {
      cells.offset[i] = p.padded(cells.offset[i], axis, cells.count[axis]);
      for (int j : {0, 1})
        cells.matrix[i][j] = p.padded(cells.matrix[i][j], axis, cells.count[axis]);
    }
  }
  // What enters the grid, as one block's edge: 1 x 1 x K x edge x V.
  Value in[2];
  for (int i : {0, 1}) {
    SmallVector<Value> edges;
    OperandRange initial = i == 0 ? grid.getAlong() : grid.getDown();
    for (Value value : initial)
      edges.push_back(p.m.viewedAs(value, {dimsOf(value).front(), DimExpr(1), k, v}));
    int64_t size = cells.count[i];
    Value edge = p.padded(p.m.joined(edges, 1), 0, size);
    edge = p.m.viewedAs(edge, {DimExpr(size * counts[i]), k, v});
    edge = p.m.exchanged(edge, 0, 1);
    in[i] = p.m.viewedAs(edge, {DimExpr(1), DimExpr(1), k, DimExpr(size * counts[i]), v});
  }
  p.spread(cells, in);

  // Matrices of blocks may leave the range of their type where no cell does.
  return either(
      p.m, areBelow(p.m, ValueRange(in)), grid->getResultTypes(),
      [&] { return cellsOf(p, grid, in, state); },
      [&] {
        auto cells = cast<GridScanOp>(p.m.b.clone(*grid));
        SmallVector<Value> results = *buildRecurrentGrid(cells);
        cells.erase();
        return results;
      });
}

} // namespace heddle
