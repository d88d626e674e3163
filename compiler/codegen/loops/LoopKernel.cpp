// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/loops/LoopKernel.h"

#include "compiler/codegen/Target.h"
#include "compiler/codegen/loops/KernelFrame.h"
#include "compiler/codegen/loops/LoopSchedule.h"
#include "compiler/codegen/loops/RowReduction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle {
namespace {

/// Lanes of the kernel's vectors: as many as fit a register for the widest element in memory.
/// Halves compute as f32.
int64_t lanesFor(func::FuncOp structured, const codegen::Target &target) {
  unsigned bits = 8;
  auto widen = [&](Type type) {
    if (auto tensor = dyn_cast<RankedTensorType>(type)) {
      Type element = tensor.getElementType();
      unsigned width = element.getIntOrFloatBitWidth();
      bits = std::max(bits, isa<FloatType>(element) ? std::max(width, 32u) : width);
    }
  };
  structured.walk([&](Operation *op) { llvm::for_each(op->getResultTypes(), widen); });
  llvm::for_each(structured.getArgumentTypes(), widen);
  return std::max<int64_t>(2, target.vectorBytes() * 8 / bits);
}

class LoopKernelEmitter {
public:
  LoopKernelEmitter(func::FuncOp structured, StringRef name, LoopSchedule chosen,
                    const codegen::Target &target)
      : schedule(std::move(chosen)),
        frame(structured, name,
              cast<RankedTensorType>(schedule.result.getType()).getElementType()),
        b(frame.b), lanes(lanesFor(structured, target)) {}

  LoopKernel emit();

private:
  void emitGrid(ElementEmitter &elements);
  void emitSquares(ElementEmitter &elements);
  void emitPoint(ElementEmitter &elements, Value point);
  void emitRow(ElementEmitter &elements, ArrayRef<Element> outer);
  void emitColumn(ElementEmitter &elements, Value point);
  void storeColumn(ElementEmitter &elements, Place place, unsigned axis);
  void storeLanes(ElementEmitter &elements, Place place, Value begin, Value end);

  Value index(const DimExpr &expr) { return frame.index(expr); }
  Value index(int64_t value) { return frame.index(value); }
  /// Loops over groups of joined dimensions [from, to), innermost by lanes.
  void loopNest(ElementEmitter &elements, Place place, unsigned from, unsigned to);
  /// The size of a dimension with all that are joined into it; 1 for those.
  DimExpr joinedSize(unsigned axis) const;
  DimExpr columnElements();
  Place delinearize(Value point, unsigned dims);

  LoopSchedule schedule;
  KernelFrame frame;
  ImplicitLocOpBuilder &b;
  int64_t lanes;
  LoopKernel summary;
};

DimExpr LoopKernelEmitter::joinedSize(unsigned axis) const {
  if (schedule.joins[axis])
    return 1;
  DimExpr size = schedule.iteration[axis];
  for (unsigned k = axis; k-- > 0 && schedule.joins[k];)
    size = schedule.iteration[k] * size;
  return size;
}

Place LoopKernelEmitter::delinearize(Value point, unsigned dims) {
  Place place(dims);
  Value rest = point;
  unsigned outermost = 0;
  while (outermost < dims && schedule.joins[outermost])
    ++outermost;
  for (unsigned axis = dims; axis-- > 0;) {
    if (schedule.joins[axis]) {
      place[axis] = {index(0)};
    } else if (axis == outermost) {
      place[axis] = {rest};
    } else {
      Value size = index(joinedSize(axis));
      place[axis] = {arith::RemUIOp::create(b, rest, size)};
      rest = arith::DivUIOp::create(b, rest, size);
    }
  }
  return place;
}

/// Results [from, to) along the last axis of `place`, in vectors of lanes; the last one masked.
void LoopKernelEmitter::storeLanes(ElementEmitter &elements, Place place, Value from, Value to) {
  auto emitVector = [&](Value at, Value mask) {
    elements.setMask(mask);
    place.back() = {at, Element::Contiguous};
    Element value = elements.producedAt(schedule.result, place);
    elements.store(schedule.result, place, value);
    elements.setMask(nullptr);
  };
  Value count = arith::SubIOp::create(b, to, from);
  Value step = index(lanes);
  Value whole = arith::SubIOp::create(b, count, arith::RemUIOp::create(b, count, step));
  Value middle = arith::AddIOp::create(b, from, whole);
  auto loop = scf::ForOp::create(b, from, middle, step);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    emitVector(loop.getInductionVar(), nullptr);
  }
  Value rest = arith::SubIOp::create(b, to, middle);
  Value some = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, rest, index(0));
  auto tail = scf::IfOp::create(b, some, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(tail.thenBlock()->getTerminator());
  Value mask = vector::CreateMaskOp::create(b, VectorType::get({lanes}, b.getI1Type()), rest);
  emitVector(middle, mask);
}

void LoopKernelEmitter::loopNest(ElementEmitter &elements, Place place, unsigned from,
                                 unsigned to) {
  unsigned axis = from;
  while (axis + 1 < to && schedule.joins[axis])
    place[axis++] = {index(0)};
  if (axis + 1 == to)
    return storeLanes(elements, place, index(0), index(joinedSize(axis)));
  auto loop = scf::ForOp::create(b, index(0), index(joinedSize(axis)), index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  place[axis] = {loop.getInductionVar()};
  loopNest(elements, place, axis + 1, to);
}

void LoopKernelEmitter::emitRow(ElementEmitter &elements, ArrayRef<Element> outer) {
  for (linalg::GenericOp reduction : schedule.reductions)
    elements.bindElement(reduction.getResult(0),
                         emitRowReduction(b, elements, reduction, iterationSpace(reduction), outer,
                                          schedule.joins, lanes,
                                          [&](const DimExpr &expr) { return index(expr); }));
  Place place(outer);
  unsigned rank = schedule.iteration.size();
  if (schedule.kind == LoopSchedule::Reduce) {
    Element value = emitRowReduction(b, elements, schedule.root, schedule.iteration, outer,
                                     schedule.joins, lanes,
                                     [&](const DimExpr &expr) { return index(expr); });
    // The place in the result: the iteration's parallel dimensions through the output map.
    place.resize(rank, Element{index(0)});
    Place resultPlace;
    for (AffineExpr expr : schedule.root.getIndexingMapsArray().back().getResults()) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      resultPlace.push_back(dim ? place[dim.getPosition()] : Element{index(0)});
    }
    elements.store(schedule.result, resultPlace, value);
    return;
  }
  if (schedule.outer == rank) { // rows of one element
    Element value = elements.producedAt(schedule.result, place);
    elements.store(schedule.result, place, value);
    return;
  }
  place.resize(rank);
  loopNest(elements, place, schedule.outer, rank);
}

/// One grid point of a column: the reductions of a vector of neighbouring places, then the results
/// that depend on them.
void LoopKernelEmitter::emitColumn(ElementEmitter &elements, Value point) {
  linalg::GenericOp root = schedule.root;
  ArrayRef<unsigned> columns = schedule.columns;
  Place place(schedule.iteration.size(), Element{index(0)});
  Value mask;
  if (!columns.empty()) {
    Value width = index(schedule.iteration[columns.back()]);
    Value blocks = arith::CeilDivUIOp::create(b, width, index(lanes));
    Value block = arith::RemUIOp::create(b, point, blocks);
    Value rest = arith::DivUIOp::create(b, point, blocks);
    Value first = arith::MulIOp::create(b, block, index(lanes));
    place[columns.back()] = {first, Element::Contiguous};
    mask = vector::CreateMaskOp::create(b, VectorType::get({lanes}, b.getI1Type()),
                                        arith::SubIOp::create(b, width, first).getResult());
    for (unsigned column : llvm::reverse(columns.drop_back())) {
      Value size = index(schedule.iteration[column]);
      place[column] = {arith::RemUIOp::create(b, rest, size)};
      rest = arith::DivUIOp::create(b, rest, size);
    }
  }
  elements.setMask(mask);
  auto reduced = [&](linalg::GenericOp reduction, const Place &at) {
    Element start = elements.elementAt(reduction.getOutputs()[0], {});
    if (mask)
      start = {elements.vectorOf(start), Element::Varying};
    SmallVector<unsigned> loops;
    for (auto [axis, iterator] : llvm::enumerate(reduction.getIteratorTypesArray()))
      if (iterator == utils::IteratorType::reduction)
        loops.push_back(axis);
    return emitReductionLoops(b, elements, reduction, iterationSpace(reduction), at, loops, start,
                              [&](const DimExpr &expr) { return index(expr); });
  };
  for (PlacedReduction &placed : schedule.placed) {
    Place at;
    for (int64_t source : placed.source)
      at.push_back(source >= 0 ? place[source] : Element{index(0)});
    elements.bindElement(placed.reduction.getResult(0), reduced(placed.reduction, at));
  }
  if (isReduction(root)) {
    Element value = reduced(root, place);
    Place resultPlace;
    for (AffineExpr expr : root.getIndexingMapsArray().back().getResults()) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      resultPlace.push_back(dim ? place[dim.getPosition()] : Element{index(0)});
    }
    elements.store(schedule.result, resultPlace, value);
  } else {
    storeColumn(elements, place, 0);
  }
  elements.setMask(nullptr);
}

/// The results of a column: loops over the dimensions from `axis` on that are none of its own.
void LoopKernelEmitter::storeColumn(ElementEmitter &elements, Place place, unsigned axis) {
  while (axis < place.size() && llvm::is_contained(schedule.columns, axis))
    ++axis;
  if (axis == place.size()) {
    Element value = elements.producedAt(schedule.result, place);
    elements.store(schedule.result, place, value);
    return;
  }
  auto loop =
      scf::ForOp::create(b, index(0), index(schedule.iteration[axis]), index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  place[axis] = {loop.getInductionVar()};
  storeColumn(elements, place, axis + 1);
}

/// Elements visited for one place of the columns.
DimExpr LoopKernelEmitter::columnElements() {
  DimExpr count = 0, rest = 1;
  for (PlacedReduction &placed : schedule.placed) {
    DimExpr visited = 1;
    for (auto [size, source] : llvm::zip(iterationSpace(placed.reduction), placed.source))
      if (source == PlacedReduction::kReduced)
        visited = visited * size;
    count = count + visited;
  }
  for (auto [axis, size] : llvm::enumerate(schedule.iteration))
    if (!llvm::is_contained(schedule.columns, axis))
      rest = rest * size;
  return count + rest;
}

/// A grid point is a few rows of squares: what lies together in the operands is read together.
void LoopKernelEmitter::emitSquares(ElementEmitter &elements) {
  constexpr int64_t squaresDown = 4;
  unsigned rank = schedule.iteration.size(), axis = schedule.turned->axis;
  // The sizes of joined dimensions are those of the one they are joined into.
  auto isJoinedInto = [&](unsigned k, unsigned to) {
    return k <= to && llvm::all_of(ArrayRef(schedule.joins).slice(k, to - k),
                                   [](bool joined) { return joined; });
  };
  DimExpr outside = 1, strips = joinedSize(axis).ceilDiv(squaresDown * lanes);
  SmallVector<unsigned> outer;
  for (unsigned k = 0; k < rank; ++k)
    if (!isJoinedInto(k, axis) && !isJoinedInto(k, rank - 1)) {
      outside = outside * schedule.iteration[k];
      outer.push_back(k);
    }
  summary.grid = outside * strips;
  summary.pointElements = joinedSize(rank - 1) * DimExpr(squaresDown * lanes);
  auto points = scf::ForOp::create(b, frame.begin, frame.end, index(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(points.getBody());
  Square square;
  square.place.assign(rank, Element{index(0)});
  Value count = index(strips), rest = points.getInductionVar();
  Value first = arith::MulIOp::create(b, arith::RemUIOp::create(b, rest, count),
                                      index(squaresDown * lanes));
  rest = arith::DivUIOp::create(b, rest, count);
  for (unsigned k : llvm::reverse(outer)) {
    Value size = index(schedule.iteration[k]);
    square.place[k] = {arith::RemUIOp::create(b, rest, size)};
    rest = arith::DivUIOp::create(b, rest, size);
  }
  Value height = index(joinedSize(axis)), width = index(joinedSize(rank - 1));
  Value end = arith::MinUIOp::create(
      b, height, arith::AddIOp::create(b, first, index(squaresDown * lanes)));
  auto columns = scf::ForOp::create(b, index(0), width, index(lanes));
  b.setInsertionPointToStart(columns.getBody());
  square.place.back() = {columns.getInductionVar()};
  square.columns = arith::SubIOp::create(b, width, columns.getInductionVar());
  auto rows = scf::ForOp::create(b, first, end, index(lanes));
  b.setInsertionPointToStart(rows.getBody());
  square.place[axis] = {rows.getInductionVar()};
  square.rows = arith::SubIOp::create(b, height, rows.getInductionVar());
  storeTurned(b, elements, *schedule.turned, schedule.result, square, lanes);
}

void LoopKernelEmitter::emitGrid(ElementEmitter &elements) {
  unsigned rank = schedule.iteration.size();
  auto product = [&](unsigned from, unsigned to) {
    DimExpr size = 1;
    for (unsigned k = from; k < to; ++k)
      size = size * schedule.iteration[k];
    return size;
  };
  auto forEachPoint = [&](auto body) {
    auto loop = scf::ForOp::create(b, frame.begin, frame.end, index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    body(loop.getInductionVar());
  };
  switch (schedule.kind) {
  case LoopSchedule::Map: {
    unsigned last = rank == 0 ? 0 : rank - 1;
    bool oneLoop = rank > 0 && llvm::all_of(ArrayRef(schedule.joins).drop_back(),
                                            [](bool joined) { return joined; });
    if (rank == 0) {
      summary.grid = 1;
      forEachPoint([&](Value) {
        Element value = elements.producedAt(schedule.result, {});
        elements.store(schedule.result, {}, value);
      });
    } else if (oneLoop) {
      summary.grid = product(0, rank);
      storeLanes(elements, Place(rank, Element{index(0)}), frame.begin, frame.end);
    } else if (schedule.turned && lanes <= 16) {
      emitSquares(elements);
    } else {
      unsigned rowStart = last;
      while (rowStart > 0 && schedule.joins[rowStart - 1])
        --rowStart;
      summary.grid = product(0, rowStart);
      summary.pointElements = product(rowStart, rank);
      forEachPoint([&](Value point) {
        Place place = delinearize(point, rowStart);
        place.resize(rank, Element{index(0)});
        loopNest(elements, place, rowStart, rank);
      });
    }
    break;
  }
  case LoopSchedule::Row:
  case LoopSchedule::Reduce:
    summary.grid = product(0, schedule.outer);
    summary.pointElements = product(schedule.outer, rank) *
                            DimExpr(static_cast<int64_t>(schedule.reductions.size()) + 1);
    forEachPoint([&](Value point) { emitRow(elements, delinearize(point, schedule.outer)); });
    break;
  case LoopSchedule::Column: {
    DimExpr grid = 1;
    for (unsigned column : ArrayRef(schedule.columns))
      grid = grid * (column == schedule.columns.back() ? schedule.iteration[column].ceilDiv(lanes)
                                                       : schedule.iteration[column]);
    summary.grid = grid;
    summary.pointElements = columnElements() * DimExpr(lanes);
    forEachPoint([&](Value point) { emitColumn(elements, point); });
    break;
  }
  }
}

/// A rough count of the work for one element: scheduling goes by it, results never.
double estimateCost(func::FuncOp structured, int64_t lanes) {
  double scalarOps = 0;
  structured.walk([&](Operation *op) {
    if (!isa_and_nonnull<linalg::GenericOp>(op->getParentOp()))
      return;
    scalarOps += isa<math::MathDialect>(op->getDialect()) ? 12.0 : 1.0;
  });
  return 0.05 + scalarOps * 0.4 / static_cast<double>(lanes);
}

LoopKernel LoopKernelEmitter::emit() {
  summary.function = frame.function;
  summary.pointElements = 1;
  summary.nanosecondsPerElement = estimateCost(frame.structured, lanes);
  ElementEmitter elements(b, lanes, frame.failure);
  frame.bindOperands(elements);
  elements.bindBuffer(schedule.result, frame.buffers.back(),
                      getDims(cast<RankedTensorType>(schedule.result.getType())),
                      [&](const DimExpr &expr) { return index(expr); });
  frame.guarded([&] { emitGrid(elements); });
  return summary;
}

} // namespace

FailureOr<LoopKernel> emitLoopKernel(func::FuncOp structured, StringRef name,
                                     const codegen::Target &target) {
  FailureOr<LoopSchedule> schedule = chooseSchedule(structured);
  if (failed(schedule))
    return failure();
  return LoopKernelEmitter(structured, name, *std::move(schedule), target).emit();
}

} // namespace heddle
