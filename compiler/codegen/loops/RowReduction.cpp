// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/loops/RowReduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle {
namespace {

/// combine(a, b) of two partial results: the operations of the body that depend on the accumulator,
/// with the one other value they use replaced.
Value combinePartials(ImplicitLocOpBuilder &b, linalg::GenericOp reduction, Value lhs, Value rhs) {
  Block &body = reduction.getRegion().front();
  Value accumulator = body.getArguments().back();
  llvm::DenseSet<Value> dependent{accumulator};
  for (Operation &op : body.without_terminator())
    if (llvm::any_of(op.getOperands(), [&](Value v) { return dependent.contains(v); }))
      dependent.insert(op.getResult(0));

  IRMapping mapping;
  mapping.map(accumulator, lhs);
  auto vectorType = dyn_cast<VectorType>(lhs.getType());
  for (Operation &op : body.without_terminator()) {
    if (!dependent.contains(op.getResult(0)))
      continue;
    SmallVector<Value> operands;
    for (Value operand : op.getOperands())
      operands.push_back(dependent.contains(operand) ? mapping.lookup(operand) : rhs);
    Type type = op.getResult(0).getType();
    OperationState state(b.getLoc(), op.getName().getStringRef(), operands,
                         vectorType ? Type(vectorType.clone(type)) : type, op.getAttrs());
    mapping.map(op.getResult(0), b.create(state)->getResult(0));
  }
  return mapping.lookup(body.getTerminator()->getOperand(0));
}

/// Lanes to a scalar by halving.
Value combineLanes(ImplicitLocOpBuilder &b, linalg::GenericOp reduction, Value lanes) {
  int64_t count = cast<VectorType>(lanes.getType()).getNumElements();
  while (count > 1) {
    int64_t half = count / 2;
    Value low = vector::ExtractStridedSliceOp::create(
        b, lanes, ArrayRef<int64_t>{0}, ArrayRef<int64_t>{half}, ArrayRef<int64_t>{1});
    Value high = vector::ExtractStridedSliceOp::create(
        b, lanes, ArrayRef<int64_t>{half}, ArrayRef<int64_t>{half}, ArrayRef<int64_t>{1});
    lanes = combinePartials(b, reduction, low, high);
    count = half;
  }
  return vector::ExtractOp::create(b, lanes, ArrayRef<int64_t>{0});
}

} // namespace

Element emitReductionLoops(ImplicitLocOpBuilder &b, ElementEmitter &elements,
                           linalg::GenericOp reduction, const Dims &space, Place place,
                           ArrayRef<unsigned> reduced, Element start, IndexOf index) {
  if (reduced.empty()) {
    Element value = elements.yieldedAt(reduction, place, start);
    if (start.kind == Element::Varying)
      return {elements.vectorOf(value), Element::Varying};
    return value;
  }
  auto loop = scf::ForOp::create(b, elements.index(0), index(space[reduced.front()]),
                                 elements.index(1), ValueRange{start.value});
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    place[reduced.front()] = {loop.getInductionVar()};
    Element next = emitReductionLoops(b, elements, reduction, space, place, reduced.drop_front(),
                                      {loop.getRegionIterArg(0), start.kind}, index);
    scf::YieldOp::create(b, next.value);
  }
  return {loop.getResult(0), start.kind};
}

namespace {

/// Partial results in several independent vectors, so that additions overlap.
constexpr unsigned kAccumulators = 4;

struct RowLoops {
  ImplicitLocOpBuilder &b;
  ElementEmitter &elements;
  linalg::GenericOp reduction;
  const Dims &space;
  ArrayRef<bool> joins;
  int64_t lanes;
  IndexOf index;

  DimExpr joinedSize(unsigned axis) {
    DimExpr size = space[axis];
    for (unsigned k = axis; k-- > 0 && joins[k];)
      size = space[k] * size;
    return size;
  }

  SmallVector<Value> nest(Place place, unsigned axis, SmallVector<Value> partials) {
    while (axis + 1 < space.size() && joins[axis])
      place[axis++] = {elements.index(0)};
    if (axis + 1 == space.size())
      return innermost(place, partials);
    auto loop = scf::ForOp::create(b, elements.index(0), index(joinedSize(axis)), elements.index(1),
                                   partials);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    place[axis] = {loop.getInductionVar()};
    SmallVector<Value> inner(loop.getRegionIterArgs().begin(), loop.getRegionIterArgs().end());
    scf::YieldOp::create(b, nest(place, axis + 1, inner));
    return SmallVector<Value>(loop.getResults());
  }

  SmallVector<Value> innermost(Place place, SmallVector<Value> partials) {
    unsigned axis = space.size() - 1;
    Value size = index(joinedSize(axis));
    auto step = [&](Value at, Value partial) -> Value {
      place[axis] = {at, Element::Contiguous};
      return elements.vectorOf(
          elements.yieldedAt(reduction, place, Element{partial, Element::Varying}));
    };
    auto wholeMultiple = [&](int64_t of) -> Value {
      Value divisor = elements.index(of);
      return arith::MulIOp::create(b, arith::DivUIOp::create(b, size, divisor), divisor);
    };
    Value unrolledEnd = wholeMultiple(lanes * kAccumulators), vectorsEnd = wholeMultiple(lanes);
    auto unrolled = scf::ForOp::create(b, elements.index(0), unrolledEnd,
                                       elements.index(lanes * kAccumulators), partials);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(unrolled.getBody());
      SmallVector<Value> next;
      for (unsigned i = 0; i < kAccumulators; ++i) {
        Value at = arith::AddIOp::create(b, unrolled.getInductionVar(), elements.index(i * lanes));
        next.push_back(step(at, unrolled.getRegionIterArg(i)));
      }
      scf::YieldOp::create(b, next);
    }
    partials = SmallVector<Value>(unrolled.getResults());
    auto single = scf::ForOp::create(b, unrolledEnd, vectorsEnd, elements.index(lanes),
                                     ValueRange{partials[0]});
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(single.getBody());
      scf::YieldOp::create(b, step(single.getInductionVar(), single.getRegionIterArg(0)));
    }
    partials[0] = single.getResult(0);
    Value rest = arith::SubIOp::create(b, size, vectorsEnd);
    Value some = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, rest, elements.index(0));
    auto tail = scf::IfOp::create(b, TypeRange{partials[0].getType()}, some, true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(tail.thenBlock());
    Value mask = vector::CreateMaskOp::create(b, VectorType::get({lanes}, b.getI1Type()), rest);
    elements.setMask(mask);
    Value last = step(vectorsEnd, partials[0]);
    elements.setMask(nullptr);
    scf::YieldOp::create(b, arith::SelectOp::create(b, mask, last, partials[0]).getResult());
    b.setInsertionPointToEnd(tail.elseBlock());
    scf::YieldOp::create(b, partials[0]);
    partials[0] = tail.getResult(0);
    return partials;
  }
};

} // namespace

Element emitRowReduction(ImplicitLocOpBuilder &b, ElementEmitter &elements,
                         linalg::GenericOp reduction, const Dims &space, ArrayRef<Element> outer,
                         ArrayRef<bool> joins, int64_t lanes, IndexOf index) {
  Element start = elements.elementAt(reduction.getOutputs()[0], {});
  Place place(outer);
  if (space.size() == outer.size()) // rows of one element
    return elements.yieldedAt(reduction, place, start);
  // Parallel dimensions between reduced ones do not occur; reduced leading ones loop outside.
  place.resize(space.size(), Element{elements.index(0)});
  SmallVector<Value> partials(kAccumulators, elements.vectorOf(start));
  RowLoops loops{b, elements, reduction, space, joins, lanes, index};
  partials = loops.nest(place, outer.size(), partials);
  Value low = combinePartials(b, reduction, partials[0], partials[1]);
  Value high = combinePartials(b, reduction, partials[2], partials[3]);
  return {combineLanes(b, reduction, combinePartials(b, reduction, low, high))};
}

} // namespace heddle
