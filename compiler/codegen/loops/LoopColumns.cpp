// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions of columns: neighbouring places of the result in the lanes.

#include "compiler/codegen/loops/LoopKernelEmitter.h"

#include "compiler/codegen/loops/RowReduction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle {

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
  auto loop = scf::ForOp::create(b, index(0), index(schedule.iteration[axis]), index(1));
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

} // namespace heddle
