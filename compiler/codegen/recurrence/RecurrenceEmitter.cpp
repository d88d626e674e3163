// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/recurrence/RecurrenceEmitter.h"

#include "compiler/codegen/Target.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace heddle {

static SmallVector<Type> bufferElements(func::FuncOp structured, unsigned buffers) {
  SmallVector<Type> types;
  for (Type type : structured.getArgumentTypes().take_front(buffers))
    types.push_back(cast<RankedTensorType>(type).getElementType());
  return types;
}

RecurrenceEmitter::RecurrenceEmitter(func::FuncOp structured, StringRef name,
                                     const RecurrenceSpec &spec, const RecurrencePoints &points)
    : structured(structured), spec(spec), points(points),
      firstElement(spec.totals ? 0 : spec.states), firstOrigin(firstElement + spec.elements),
      firstShared(firstOrigin + spec.origins), firstResult(firstShared + spec.shared),
      buffers(firstResult + (spec.totals ? spec.elements : llvm::count(spec.keeps, true))),
      frame(structured, name, bufferElements(structured, buffers)), b(frame.b),
      elements(b, spec.lanes, frame.failure) {}

Value RecurrenceEmitter::less(Value x, Value y) {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x, y);
}
Value RecurrenceEmitter::isZero(Value x) {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, x, frame.index(0));
}
Value RecurrenceEmitter::add(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
Value RecurrenceEmitter::mul(Value x, Value y) { return arith::MulIOp::create(b, x, y); }
Value RecurrenceEmitter::min(Value x, Value y) { return arith::MinSIOp::create(b, x, y); }

unsigned RecurrenceEmitter::lastsKept() const {
  return llvm::count(ArrayRef(spec.keeps).take_front(spec.states), true);
}

unsigned RecurrenceEmitter::slotsOf(Value value) const {
  unsigned slots = 0;
  for (unsigned v = 0; v < vectors(); ++v)
    slots = std::max(slots, slotOf(value, v) + 1);
  return slots;
}

Lanes RecurrenceEmitter::load(Value buffer, std::optional<Element> row, Value stepValue) {
  Lanes lanes(slotsOf(stepValue));
  for (unsigned v = 0; v < vectors(); ++v) {
    Value &slot = lanes[slotOf(stepValue, v)];
    if (slot)
      continue;
    elements.setMask(mask(v));
    Place at = place(stepValue, v);
    if (row)
      at.insert(at.begin(), *row);
    slot = elements.elementAt(buffer, at).value;
  }
  return lanes;
}

void RecurrenceEmitter::loadShared() {
  for (unsigned i = 0; i < spec.shared; ++i)
    shared.push_back(load(sharedArgument(i), std::nullopt, sharedArgument(i)));
}

SmallVector<Lanes> RecurrenceEmitter::step(ArrayRef<Lanes> arguments) {
  ValueRange next = structured.getBody().front().getTerminator()->getOperands();
  SmallVector<Lanes> results;
  for (Value value : next)
    results.emplace_back(slotsOf(value));
  DenseMap<Value, SmallVector<std::optional<Element>>> computed;
  for (unsigned v = 0; v < vectors(); ++v) {
    elements.setMask(mask(v));
    for (auto [i, lanes] : llvm::enumerate(arguments))
      elements.bindElement(stepArgument(i), asElement(lanes[slotOf(stepArgument(i), v)]));
    for (auto [i, lanes] : llvm::enumerate(shared))
      elements.bindElement(sharedArgument(i), asElement(lanes[slotOf(sharedArgument(i), v)]));
    // In their order, so that each is computed once however many use it.
    for (Operation &op : structured.getBody().front().without_terminator())
      for (Value value : op.getResults()) {
        if (!points.places.contains(value))
          continue;
        auto &slots = computed[value];
        slots.resize(slotsOf(value));
        std::optional<Element> &slot = slots[slotOf(value, v)];
        if (!slot)
          slot = elements.producedAt(value, place(value, v));
        elements.bindElement(value, *slot);
      }
    for (auto [value, lanes] : llvm::zip(next, results)) {
      Element element = elements.elementAt(value, place(value, v));
      lanes[slotOf(value, v)] = isVarying(value) ? elements.vectorOf(element) : element.value;
    }
  }
  return results;
}

SmallVector<Lanes> RecurrenceEmitter::loop(Value low, Value high, int64_t by,
                                           ArrayRef<Lanes> initial, Body body) {
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
  auto time = scf::ForOp::create(b, low, high, frame.index(by), carried);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(time.getBody());
  SmallVector<Value> next;
  for (const Lanes &lanes : body(time.getInductionVar(), split(time.getRegionIterArgs())))
    llvm::append_range(next, lanes);
  scf::YieldOp::create(b, next);
  return split(time.getResults());
}

LoopKernel RecurrenceEmitter::emit() {
  for (unsigned i = 0; i < buffers; ++i)
    elements.bindBuffer(argument(i), frame.buffers[i],
                        getDims(cast<RankedTensorType>(argument(i).getType())),
                        [&](const DimExpr &expr) { return frame.index(expr); });
  frame.guarded([&] {
    length = frame.index(spec.length);
    steps = frame.index(spec.chunk);
    auto each = scf::ForOp::create(b, frame.begin, frame.end, frame.index(1));
    b.setInsertionPointToStart(each.getBody());
    emitPoint(each.getInductionVar());
  });
  LoopKernel kernel;
  kernel.function = frame.function;
  kernel.grid = grid();
  kernel.pointElements = spec.chunk;
  kernel.nanosecondsPerElement = spec.nanosecondsPerStep;
  return kernel;
}

int64_t fullLanes(ArrayRef<Type> tensors, const codegen::Target &target) {
  unsigned bits = 8;
  for (Type type : tensors) {
    Type element = cast<RankedTensorType>(type).getElementType();
    unsigned width = element.getIntOrFloatBitWidth();
    bits = std::max(bits, isa<FloatType>(element) ? std::max(width, 32u) : width);
  }
  return std::max<int64_t>(2, target.vectorBytes() * 8 / bits);
}

LoopKernel emitRecurrenceKernel(func::FuncOp structured, StringRef name, const RecurrenceSpec &spec,
                                const RecurrencePoints &points, const codegen::Target &target) {
  if (spec.acrossChunks)
    return lanesOfChunks(structured, name, spec, points, target)->emit();
  return lanesOfPoints(structured, name, spec, points)->emit();
}

} // namespace heddle
