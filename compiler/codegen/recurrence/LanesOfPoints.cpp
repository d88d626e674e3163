// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recurrences of many points: lanes are neighbours along the last axes, and a chunk is walked step by
// step for a few vectors of them.

#include "compiler/codegen/recurrence/RecurrenceEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle {
namespace {

class LanesOfPoints : public RecurrenceEmitter {
public:
  LanesOfPoints(func::FuncOp structured, StringRef name, const RecurrenceSpec &spec,
                const RecurrencePoints &points)
      : RecurrenceEmitter(structured, name, spec, points) {}

private:
  void emitPoint(Value point) override;
  void emitTotals();
  void emitScan();
  void store(Value buffer, std::optional<Value> row, Value stepValue, const Lanes &lanes);
  /// A row of the buffers from `first` on, for the elements of a step.
  SmallVector<Lanes> loadElements(unsigned first, Value row);
  /// The states after a total, where these are out of range those after its steps.
  SmallVector<Lanes> afterTotal(Value t, ArrayRef<Lanes> before, ArrayRef<Lanes> after);
  /// Whether this grid point is the one that stores a value of fewer axes; null where it has all.
  Value isOwner(Value value);

  int64_t laneGroup() const { return static_cast<int64_t>(points.groups.size()) - 1; }
  bool isWide(Value value) const {
    return laneGroup() >= 0 && llvm::is_contained(axesOf(value), laneGroup());
  }
  unsigned vectors() const override { return spec.vectors; }
  unsigned slotOf(Value value, unsigned vector) const override {
    return isWide(value) ? vector : 0;
  }
  bool isVarying(Value value) const override { return isWide(value); }
  Value mask(unsigned vector) override { return spec.masked ? masks[vector] : Value(); }
  Place place(Value value, unsigned vector) override;
  DimExpr grid() const override;

  // Of the grid point that is being emitted.
  Value chunk, low, high;
  SmallVector<Value> coordinates;   // of all groups but the lanes'
  SmallVector<Value> starts, masks; // of the lanes, for each vector
};

Place LanesOfPoints::place(Value value, unsigned vector) {
  Place place;
  for (int64_t group : axesOf(value)) {
    if (group < 0)
      place.push_back({frame.index(0)});
    else if (group < laneGroup())
      place.push_back({coordinates[group]});
    else
      place.push_back({starts[vector], Element::Contiguous});
  }
  return place;
}

DimExpr LanesOfPoints::grid() const {
  DimExpr grid = spec.chunks;
  for (auto [group, size] : llvm::enumerate(points.groups))
    grid =
        grid * (static_cast<int64_t>(group) == laneGroup() ? size.ceilDiv(spec.lanes * spec.vectors)
                                                           : size);
  return grid;
}

Value LanesOfPoints::isOwner(Value value) {
  Value all;
  for (int64_t group = 0; group <= laneGroup(); ++group) {
    if (llvm::is_contained(axesOf(value), group))
      continue;
    Value zero = isZero(group < laneGroup() ? coordinates[group] : starts[0]);
    all = all ? arith::AndIOp::create(b, all, zero) : zero;
  }
  return all;
}

void LanesOfPoints::store(Value buffer, std::optional<Value> row, Value stepValue,
                          const Lanes &lanes) {
  OpBuilder::InsertionGuard guard(b);
  if (Value owner = isOwner(stepValue)) {
    auto ifOwner = scf::IfOp::create(b, owner, /*withElseRegion=*/false);
    b.setInsertionPoint(ifOwner.thenBlock()->getTerminator());
  }
  for (auto [v, value] : llvm::enumerate(lanes)) {
    elements.setMask(mask(v));
    Place at = place(stepValue, v);
    if (row)
      at.insert(at.begin(), Element{*row});
    elements.store(buffer, at, asElement(value));
  }
}

SmallVector<Lanes> LanesOfPoints::loadElements(unsigned first, Value row) {
  SmallVector<Lanes> loaded;
  for (unsigned i = 0; i < spec.elements; ++i)
    loaded.push_back(load(argument(first + i), Element{row}, elementArgument(i)));
  return loaded;
}

/// Of a chunk that others follow: its first element, combined with the second, and so on.
void LanesOfPoints::emitTotals() {
  auto ifNeeded = scf::IfOp::create(b, less(high, length), /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(ifNeeded.thenBlock()->getTerminator());
  SmallVector<Lanes> first = loadElements(firstElement, low);
  llvm::append_range(first, magnitudes({}, first));
  // In pairs, then the last one where it has none.
  auto combine = [&](int64_t count) {
    return [&, count](Value t, ArrayRef<Lanes> sum) {
      SmallVector<Lanes> next(sum.take_front(spec.elements));
      SmallVector<SmallVector<Lanes>, 2> loaded(2);
      for (int64_t i = 0; i < count; ++i) {
        SmallVector<Lanes> arguments(next), before(next);
        loaded[i] = loadElements(firstElement, i == 0 ? t : add(t, frame.index(i)));
        llvm::append_range(arguments, loaded[i]);
        next = step(arguments);
        distrustVanished(before, next);
      }
      llvm::append_range(next, magnitudes(sum.drop_front(spec.elements), loaded[0], loaded[1]));
      return next;
    };
  };
  Value second = add(low, frame.index(1)), two = frame.index(2);
  Value pairs = arith::DivUIOp::create(b, arith::SubIOp::create(b, high, second), two);
  Value rest = add(second, mul(pairs, two));
  SmallVector<Lanes> totals = loop(second, rest, 2, first, combine(2));
  totals = loop(rest, high, 1, totals, combine(1));
  distrust(MutableArrayRef(totals).take_front(spec.elements),
           ArrayRef(totals).drop_front(spec.elements));
  for (unsigned i = 0; i < spec.elements; ++i)
    store(argument(firstResult + i), chunk, stepArgument(i), totals[i]);
}

SmallVector<Lanes> LanesOfPoints::afterTotal(Value t, ArrayRef<Lanes> before,
                                             ArrayRef<Lanes> after) {
  Value outOfRange = isOutOfRange(before, after);
  if (!outOfRange)
    return SmallVector<Lanes>(after);
  Value covers = frame.index(spec.covers), begin = mul(t, covers), end = add(begin, covers);
  // What ends the sequence has no total.
  Value isFollowed = less(end, frame.index(spec.originLength));
  SmallVector<Value> flat;
  for (const Lanes &lanes : after)
    llvm::append_range(flat, lanes);
  auto ifWalked = scf::IfOp::create(b, TypeRange(ValueRange(flat)),
                                    arith::AndIOp::create(b, isFollowed, outOfRange), true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(ifWalked.elseBlock());
  scf::YieldOp::create(b, flat);
  b.setInsertionPointToStart(ifWalked.thenBlock());
  SmallVector<Value> walked;
  for (const Lanes &lanes : loop(begin, end, 1, before, [&](Value row, ArrayRef<Lanes> states) {
         SmallVector<Lanes> arguments(states);
         llvm::append_range(arguments, loadElements(firstOrigin, row));
         return step(arguments);
       }))
    llvm::append_range(walked, lanes);
  scf::YieldOp::create(b, walked);
  SmallVector<Lanes> states;
  ValueRange results = ifWalked.getResults();
  for (const Lanes &lanes : after) {
    states.emplace_back(results.take_front(lanes.size()));
    results = results.drop_front(lanes.size());
  }
  return states;
}

void LanesOfPoints::emitScan() {
  SmallVector<Lanes> initial;
  for (unsigned i = 0; i < spec.states; ++i)
    initial.push_back(load(argument(i), Element{chunk}, stepArgument(i)));
  auto storeStates = [&](Value t, ArrayRef<Lanes> states) {
    unsigned result = firstResult + lastsKept();
    for (unsigned i = 0; i < spec.states; ++i)
      if (spec.keeps[spec.states + i])
        store(argument(result++), t, stepArgument(i), states[i]);
  };
  SmallVector<Lanes> last = loop(low, high, 1, initial, [&](Value t, ArrayRef<Lanes> states) {
    SmallVector<Lanes> arguments(states);
    if (spec.before)
      storeStates(t, states);
    llvm::append_range(arguments, loadElements(firstElement, t));
    SmallVector<Lanes> next = step(arguments);
    if (spec.origins)
      next = afterTotal(t, states, next);
    if (!spec.before)
      storeStates(t, next);
    return next;
  });
  if (lastsKept() == 0)
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

void LanesOfPoints::emitPoint(Value rest) {
  auto take = [&](Value count) {
    Value coordinate = arith::RemUIOp::create(b, rest, count);
    rest = arith::DivUIOp::create(b, rest, count);
    return coordinate;
  };
  int64_t width = spec.lanes * spec.vectors;
  starts.assign(1, frame.index(0));
  if (laneGroup() >= 0) {
    starts.clear();
    Value size = frame.index(points.groups.back());
    Value block = take(frame.index(points.groups.back().ceilDiv(width)));
    for (int64_t v = 0; v < spec.vectors; ++v) {
      starts.push_back(add(mul(block, frame.index(width)), frame.index(v * spec.lanes)));
      if (spec.masked)
        masks.push_back(vector::CreateMaskOp::create(
            b, VectorType::get({spec.lanes}, b.getI1Type()),
            ValueRange{arith::SubIOp::create(b, size, starts.back())}));
    }
  }
  coordinates.resize(std::max<int64_t>(laneGroup(), 0));
  for (int64_t group = laneGroup(); group-- > 0;)
    coordinates[group] = take(frame.index(points.groups[group]));
  chunk = rest;
  low = min(mul(chunk, steps), length);
  high = min(add(low, steps), length);
  loadShared();
  spec.totals ? emitTotals() : emitScan();
}

} // namespace

std::unique_ptr<RecurrenceEmitter> lanesOfPoints(func::FuncOp structured, StringRef name,
                                                 const RecurrenceSpec &spec,
                                                 const RecurrencePoints &points) {
  return std::make_unique<LanesOfPoints>(structured, name, spec, points);
}

} // namespace heddle
