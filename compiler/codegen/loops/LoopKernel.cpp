// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/loops/LoopKernelEmitter.h"

#include "compiler/codegen/Target.h"
#include "compiler/codegen/loops/RowReduction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle {
/// Lanes of the kernel's vectors: as many as fit a register for the widest element in memory.
/// Halves compute as f32.
static int64_t lanesFor(func::FuncOp structured, const codegen::Target &target) {
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

LoopKernelEmitter::LoopKernelEmitter(func::FuncOp structured, StringRef name, LoopSchedule chosen,
                                     const codegen::Target &target)
    : schedule(std::move(chosen)),
      frame(structured, name, cast<RankedTensorType>(schedule.result.getType()).getElementType()),
      b(frame.b), lanes(lanesFor(structured, target)) {}

DimExpr LoopKernelEmitter::joinedSize(unsigned axis) const {
  if (schedule.joins[axis])
    return 1;
  DimExpr size = schedule.iteration[axis];
  for (unsigned k = axis; k-- > 0 && schedule.joins[k];)
    size = schedule.iteration[k] * size;
  return size;
}

/// The place of a point of a grid of these sizes, the innermost first.
static SmallVector<Value> divide(OpBuilder &b, Location loc, Value point, ArrayRef<Value> sizes) {
  SmallVector<Value> places;
  for (size_t i = 0; i < sizes.size(); ++i) {
    bool outermost = i + 1 == sizes.size();
    places.push_back(outermost ? point : arith::RemUIOp::create(b, loc, point, sizes[i]));
    if (!outermost)
      point = arith::DivUIOp::create(b, loc, point, sizes[i]);
  }
  return places;
}

/// Calls `body` for each point of the grid, with its place in the first `dims` dimensions. Where the
/// first point is, divisions tell; each of the others comes after the one before it.
void LoopKernelEmitter::forEachPoint(unsigned dims, llvm::function_ref<void(const Place &)> body) {
  SmallVector<unsigned> axes; // that have places, the innermost first
  SmallVector<Value> sizes;
  for (unsigned axis = dims; axis-- > 0;)
    if (!schedule.joins[axis] && !joinedSize(axis).isConstant(1)) {
      axes.push_back(axis);
      sizes.push_back(index(joinedSize(axis)));
    }
  auto loop = scf::ForOp::create(b, frame.begin, frame.end, index(1),
                                 divide(b, b.getLoc(), frame.begin, sizes));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Place place(dims, Element{index(0)});
  for (auto [axis, at] : llvm::zip(axes, loop.getRegionIterArgs()))
    place[axis] = {at};
  body(place);
  SmallVector<Value> next;
  Value carry = arith::ConstantOp::create(b, b.getBoolAttr(true));
  for (auto [i, at] : llvm::enumerate(loop.getRegionIterArgs())) {
    Value after = arith::SelectOp::create(b, carry, arith::AddIOp::create(b, at, index(1)), at);
    if (i + 1 < axes.size()) {
      carry = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, after, sizes[i]);
      after = arith::SelectOp::create(b, carry, index(0), after);
    }
    next.push_back(after);
  }
  if (!next.empty())
    scf::YieldOp::create(b, next);
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
    Element value =
        emitRowReduction(b, elements, schedule.root, schedule.iteration, outer, schedule.joins,
                         lanes, [&](const DimExpr &expr) { return index(expr); });
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

void LoopKernelEmitter::emitGrid(ElementEmitter &elements) {
  unsigned rank = schedule.iteration.size();
  auto product = [&](unsigned from, unsigned to) {
    DimExpr size = 1;
    for (unsigned k = from; k < to; ++k)
      size = size * schedule.iteration[k];
    return size;
  };
  switch (schedule.kind) {
  case LoopSchedule::Map: {
    unsigned last = rank == 0 ? 0 : rank - 1;
    bool oneLoop = rank > 0 && llvm::all_of(ArrayRef(schedule.joins).drop_back(),
                                            [](bool joined) { return joined; });
    if (rank == 0) {
      summary.grid = 1;
      forEachPoint(0, [&](const Place &) {
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
      forEachPoint(rowStart, [&](Place place) {
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
    forEachPoint(schedule.outer, [&](const Place &outer) { emitRow(elements, outer); });
    break;
  case LoopSchedule::Column: {
    DimExpr grid = 1;
    for (unsigned column : ArrayRef(schedule.columns))
      grid = grid * (column == schedule.columns.back() ? schedule.iteration[column].ceilDiv(lanes)
                                                       : schedule.iteration[column]);
    summary.grid = grid;
    summary.pointElements = columnElements() * DimExpr(lanes);
    auto loop = scf::ForOp::create(b, frame.begin, frame.end, index(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    emitColumn(elements, loop.getInductionVar());
    break;
  }
  }
}

/// A rough count of the work for one element: scheduling goes by it, results never.
static double estimateCost(func::FuncOp structured, int64_t lanes) {
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

FailureOr<LoopKernel> emitLoopKernel(func::FuncOp structured, StringRef name,
                                     const codegen::Target &target) {
  FailureOr<LoopSchedule> schedule = chooseSchedule(structured);
  if (failed(schedule))
    return failure();
  return LoopKernelEmitter(structured, name, *std::move(schedule), target).emit();
}

} // namespace heddle
