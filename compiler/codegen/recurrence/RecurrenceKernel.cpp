// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/recurrence/RecurrenceKernel.h"

#include "compiler/codegen/Target.h"
#include "compiler/codegen/loops/KernelFrame.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle {
namespace {

/// The values of one tensor of the step in a grid point: one for each vector, or just one where all
/// lanes share it.
using Lanes = SmallVector<Value>;

SmallVector<Type> bufferElements(func::FuncOp structured, unsigned buffers) {
  SmallVector<Type> types;
  for (Type type : structured.getArgumentTypes().take_front(buffers))
    types.push_back(cast<RankedTensorType>(type).getElementType());
  return types;
}

class RecurrenceEmitter {
public:
  RecurrenceEmitter(func::FuncOp structured, StringRef name, const RecurrenceSpec &spec,
                    const RecurrencePoints &points)
      : structured(structured), spec(spec), points(points),
        firstElement(spec.totals ? 0 : spec.states),
        firstResult(firstElement + spec.elements + spec.shared),
        buffers(firstResult +
                (spec.totals ? spec.elements : llvm::count(spec.keeps, true))),
        frame(structured, name, bufferElements(structured, buffers)),
        b(frame.b), elements(b, spec.lanes, frame.failure) {}

  LoopKernel emit();

private:
  void emitPoint(Value point);
  void emitTotals();
  void emitScan();
  /// Runs the step's operations: from the values of its arguments to what it yields.
  SmallVector<Lanes> step(ArrayRef<Lanes> arguments);
  SmallVector<Lanes> loop(Value low, ArrayRef<Lanes> initial,
                          function_ref<SmallVector<Lanes>(Value, ArrayRef<Lanes>)> body);
  Lanes load(Value buffer, std::optional<Value> row, Value stepValue);
  SmallVector<Lanes> loadElements(Value row);
  void store(Value buffer, std::optional<Value> row, Value stepValue, const Lanes &lanes);

  Value argument(unsigned i) { return structured.getArgument(i); }
  Value stepArgument(unsigned i) { return structured.getArgument(buffers + i); }
  Value sharedArgument(unsigned i) { return argument(firstElement + spec.elements + i); }
  Value yielded(unsigned i) {
    return structured.getBody().front().getTerminator()->getOperand(i);
  }
  ArrayRef<int64_t> axesOf(Value value) const { return points.places.find(value)->second; }
  int64_t laneGroup() const { return static_cast<int64_t>(points.groups.size()) - 1; }
  bool isWide(Value value) const {
    return laneGroup() >= 0 && llvm::is_contained(axesOf(value), laneGroup());
  }
  unsigned vectorsOf(Value value) const { return isWide(value) ? spec.vectors : 1; }
  Place place(Value value, unsigned vector);
  Element asElement(Value value) {
    return {value, isa<VectorType>(value.getType()) ? Element::Varying : Element::Uniform};
  }
  void select(unsigned vector) { elements.setMask(spec.masked ? masks[vector] : Value()); }
  Value less(Value x, Value y) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x, y);
  }
  Value isZero(Value x) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, x, frame.index(0));
  }
  /// Whether this grid point is the one that stores a value of fewer axes; null where it has all.
  Value isOwner(Value value);

  func::FuncOp structured;
  const RecurrenceSpec &spec;
  const RecurrencePoints &points;
  unsigned firstElement, firstResult, buffers;
  KernelFrame frame;
  ImplicitLocOpBuilder &b;
  ElementEmitter elements;
  // Of the grid point that is being emitted.
  Value chunk, low, high, length;
  SmallVector<Value> coordinates; // of all groups but the lanes'
  SmallVector<Value> starts, masks; // of the lanes, for each vector
  SmallVector<Lanes> shared;        // what all steps share
};

Place RecurrenceEmitter::place(Value value, unsigned vector) {
  Place place;
  for (int64_t group : axesOf(value)) {
    if (group < 0)
      place.push_back({frame.index(0)});
    else if (group < laneGroup())
      place.push_back({coordinates[group]});
    else
      place.push_back({starts[vector], spec.lanes > 1 ? Element::Contiguous : Element::Uniform});
  }
  return place;
}

Lanes RecurrenceEmitter::load(Value buffer, std::optional<Value> row, Value stepValue) {
  Lanes lanes;
  for (unsigned v = 0; v < vectorsOf(stepValue); ++v) {
    select(v);
    Place at = place(stepValue, v);
    if (row)
      at.insert(at.begin(), Element{*row});
    lanes.push_back(elements.elementAt(buffer, at).value);
  }
  return lanes;
}

Value RecurrenceEmitter::isOwner(Value value) {
  Value all;
  for (int64_t group = 0; group <= laneGroup(); ++group) {
    if (llvm::is_contained(axesOf(value), group))
      continue;
    Value zero = isZero(group < laneGroup() ? coordinates[group] : starts[0]);
    all = all ? arith::AndIOp::create(b, all, zero) : zero;
  }
  return all;
}

void RecurrenceEmitter::store(Value buffer, std::optional<Value> row, Value stepValue,
                              const Lanes &lanes) {
  OpBuilder::InsertionGuard guard(b);
  if (Value owner = isOwner(stepValue)) {
    auto ifOwner = scf::IfOp::create(b, owner, /*withElseRegion=*/false);
    b.setInsertionPoint(ifOwner.thenBlock()->getTerminator());
  }
  for (unsigned v = 0; v < vectorsOf(stepValue); ++v) {
    select(v);
    Place at = place(stepValue, v);
    if (row)
      at.insert(at.begin(), Element{*row});
    elements.store(buffer, at, asElement(lanes[v]));
  }
}

SmallVector<Lanes> RecurrenceEmitter::loadElements(Value row) {
  SmallVector<Lanes> loaded;
  // Those of a step stand after the states, or after the total so far.
  unsigned before = spec.totals ? spec.elements : spec.states;
  for (unsigned i = 0; i < spec.elements; ++i)
    loaded.push_back(load(argument(firstElement + i), row, stepArgument(before + i)));
  return loaded;
}

SmallVector<Lanes> RecurrenceEmitter::step(ArrayRef<Lanes> arguments) {
  SmallVector<Lanes> results(structured.getNumResults());
  for (unsigned v = 0; v < spec.vectors; ++v) {
    select(v);
    for (auto [i, lanes] : llvm::enumerate(arguments))
      elements.bindElement(stepArgument(i), asElement(lanes[v < lanes.size() ? v : 0]));
    for (auto [i, lanes] : llvm::enumerate(shared))
      elements.bindElement(sharedArgument(i), asElement(lanes[v < lanes.size() ? v : 0]));
    for (Operation &op : structured.getBody().front().without_terminator())
      for (Value value : op.getResults())
        if (points.places.contains(value) && v < vectorsOf(value))
          elements.bindElement(value, elements.producedAt(value, place(value, v)));
    for (unsigned i = 0; i < results.size(); ++i) {
      if (v >= vectorsOf(yielded(i)))
        continue;
      Element element = elements.elementAt(yielded(i), place(yielded(i), v));
      bool widens = isWide(yielded(i)) && spec.lanes > 1;
      results[i].push_back(widens ? elements.vectorOf(element) : element.value);
    }
  }
  return results;
}

SmallVector<Lanes>
RecurrenceEmitter::loop(Value from, ArrayRef<Lanes> initial,
                        function_ref<SmallVector<Lanes>(Value, ArrayRef<Lanes>)> body) {
  SmallVector<Value> carried;
  for (const Lanes &lanes : initial)
    llvm::append_range(carried, lanes);
  auto split = [&](ValueRange values) {
    SmallVector<Lanes> parts;
    for (const Lanes &lanes : initial) {
      parts.push_back(llvm::to_vector(values.take_front(lanes.size())));
      values = values.drop_front(lanes.size());
    }
    return parts;
  };
  auto time = scf::ForOp::create(b, from, high, frame.index(1), carried);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(time.getBody());
    SmallVector<Value> next;
    for (const Lanes &lanes : body(time.getInductionVar(), split(time.getRegionIterArgs())))
      llvm::append_range(next, lanes);
    scf::YieldOp::create(b, next);
  }
  return split(time.getResults());
}

/// A chunk that others follow: its first element, combined with the second, and so on.
void RecurrenceEmitter::emitTotals() {
  Value needed = less(high, length);
  auto ifNeeded = scf::IfOp::create(b, needed, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(ifNeeded.thenBlock()->getTerminator());
  SmallVector<Lanes> first = loadElements(low);
  Value second = arith::AddIOp::create(b, low, frame.index(1));
  SmallVector<Lanes> totals = loop(second, first, [&](Value t, ArrayRef<Lanes> sum) {
    SmallVector<Lanes> arguments(sum);
    llvm::append_range(arguments, loadElements(t));
    return step(arguments);
  });
  for (unsigned i = 0; i < spec.elements; ++i)
    store(argument(firstResult + i), chunk, stepArgument(i), totals[i]);
}

void RecurrenceEmitter::emitScan() {
  SmallVector<Lanes> initial;
  for (unsigned i = 0; i < spec.states; ++i)
    initial.push_back(load(argument(i), chunk, stepArgument(i)));
  unsigned lasts = llvm::count(ArrayRef(spec.keeps).take_front(spec.states), true);
  auto storeStates = [&](Value t, ArrayRef<Lanes> states) {
    unsigned result = firstResult + lasts;
    for (unsigned i = 0; i < spec.states; ++i)
      if (spec.keeps[spec.states + i])
        store(argument(result++), t, stepArgument(i), states[i]);
  };
  SmallVector<Lanes> last = loop(low, initial, [&](Value t, ArrayRef<Lanes> states) {
    if (spec.before)
      storeStates(t, states);
    SmallVector<Lanes> arguments(states);
    llvm::append_range(arguments, loadElements(t));
    SmallVector<Lanes> next = step(arguments);
    if (!spec.before)
      storeStates(t, next);
    return next;
  });
  if (lasts == 0)
    return;
  // The chunk that ends the sequence; of an empty one, the first.
  Value atEnd = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, high, length);
  Value some = arith::OrIOp::create(b, less(low, length), isZero(chunk));
  auto ifLast = scf::IfOp::create(b, arith::AndIOp::create(b, atEnd, some), false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(ifLast.thenBlock()->getTerminator());
  unsigned result = firstResult;
  for (unsigned i = 0; i < spec.states; ++i)
    if (spec.keeps[i])
      store(argument(result++), std::nullopt, stepArgument(i), last[i]);
}

void RecurrenceEmitter::emitPoint(Value rest) {
  auto take = [&](Value count) {
    Value coordinate = arith::RemUIOp::create(b, rest, count);
    rest = arith::DivUIOp::create(b, rest, count);
    return coordinate;
  };
  starts.assign(1, frame.index(0));
  masks.clear();
  if (laneGroup() >= 0) {
    starts.clear();
    Value size = frame.index(points.groups.back());
    Value block = take(frame.index(points.groups.back().ceilDiv(spec.lanes * spec.vectors)));
    for (int64_t v = 0; v < spec.vectors; ++v) {
      Value start = arith::MulIOp::create(b, block, frame.index(spec.lanes * spec.vectors));
      starts.push_back(arith::AddIOp::create(b, start, frame.index(v * spec.lanes)));
      if (spec.masked)
        masks.push_back(vector::CreateMaskOp::create(
            b, VectorType::get({spec.lanes}, b.getI1Type()),
            ValueRange{arith::SubIOp::create(b, size, starts.back())}));
    }
  }
  coordinates.assign(std::max<int64_t>(laneGroup(), 0), Value());
  for (int64_t group = laneGroup(); group-- > 0;)
    coordinates[group] = take(frame.index(points.groups[group]));
  chunk = rest;
  length = frame.index(spec.length);
  Value steps = frame.index(spec.chunk);
  low = arith::MinSIOp::create(b, arith::MulIOp::create(b, chunk, steps), length);
  high = arith::MinSIOp::create(b, arith::AddIOp::create(b, low, steps), length);
  for (unsigned i = 0; i < spec.shared; ++i)
    shared.push_back(load(sharedArgument(i), std::nullopt, sharedArgument(i)));
  spec.totals ? emitTotals() : emitScan();
}

LoopKernel RecurrenceEmitter::emit() {
  for (unsigned i = 0; i < buffers; ++i)
    elements.bindBuffer(argument(i), frame.buffers[i],
                        getDims(cast<RankedTensorType>(argument(i).getType())),
                        [&](const DimExpr &expr) { return frame.index(expr); });
  frame.guarded([&] {
    auto grid = scf::ForOp::create(b, frame.begin, frame.end, frame.index(1));
    b.setInsertionPointToStart(grid.getBody());
    emitPoint(grid.getInductionVar());
  });
  LoopKernel kernel;
  kernel.function = frame.function;
  kernel.grid = spec.chunks;
  for (auto [group, size] : llvm::enumerate(points.groups))
    kernel.grid = kernel.grid * (static_cast<int64_t>(group) == laneGroup()
                                     ? size.ceilDiv(spec.lanes * spec.vectors)
                                     : size);
  kernel.pointElements = spec.chunk;
  double operations = 0;
  structured.walk([&](Operation *op) {
    if (isa_and_nonnull<linalg::GenericOp>(op->getParentOp()))
      operations += isa<math::MathDialect>(op->getDialect()) ? 12.0 : 1.0;
  });
  // A step waits for the one before.
  kernel.nanosecondsPerElement = 0.5 + 0.5 * operations;
  return kernel;
}

} // namespace

int64_t fullLanes(ArrayRef<Type> tensors, const codegen::Target &target) {
  unsigned bits = 8;
  for (Type type : tensors) {
    Type element = cast<RankedTensorType>(type).getElementType();
    unsigned width = element.getIntOrFloatBitWidth();
    bits = std::max(bits, isa<FloatType>(element) ? std::max(width, 32u) : width);
  }
  return std::max<int64_t>(2, target.vectorBytes() * 8 / bits);
}

LoopKernel emitRecurrenceKernel(func::FuncOp structured, StringRef name,
                                const RecurrenceSpec &spec, const RecurrencePoints &points) {
  return RecurrenceEmitter(structured, name, spec, points).emit();
}

} // namespace heddle
