// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/contraction/Epilogue.h"

#include "compiler/codegen/loops/LoopSchedule.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace heddle {

static Value resultOf(KernelFrame &frame) {
  return frame.structured.getBody().front().getTerminator()->getOperand(0);
}

Epilogue::Epilogue(KernelFrame &frame, Operation *contraction)
    : Epilogue(frame, contraction, resultOf(frame)) {
  elements.bindBuffer(result, frame.buffers.back(), dims,
                      [&](const DimExpr &expr) { return frame.index(expr); });
}

Epilogue::Epilogue(KernelFrame &frame, Operation *contraction, Value result)
    : frame(frame), contraction(contraction), result(result),
      dims(getDims(cast<RankedTensorType>(result.getType()))), joinable(joinableDimensions(result)),
      elements(frame.b, /*lanes=*/1, frame.failure) {
  frame.bindOperands(elements);
}

bool Epilogue::joins(unsigned first, unsigned last) const {
  for (unsigned k = first; k < last; ++k)
    if (!joinable[k])
      return false;
  return true;
}

Place Epilogue::place(Value position, unsigned first, unsigned last) {
  ImplicitLocOpBuilder &b = frame.b;
  Place place(last - first + 1, Element{frame.index(0)});
  if (joins(first, last)) {
    place.back() = {position};
    return place;
  }
  for (unsigned axis = last; axis > first; --axis) {
    Value size = frame.index(dims[axis]);
    place[axis - first] = {arith::RemUIOp::create(b, position, size)};
    position = arith::DivUIOp::create(b, position, size);
  }
  place[0] = {position};
  return place;
}

Element Epilogue::operandAt(Value operand, ArrayRef<Element> place, int64_t lanes, Value mask) {
  elements.setLanes(lanes);
  elements.setMask(mask);
  return elements.elementAt(operand, place);
}

Value Epilogue::plus(Value accumulators, Element element) {
  Value added = element.value;
  if (isa<VectorType>(accumulators.getType()))
    added = elements.vectorOf(element);
  return arith::AddFOp::create(frame.b, accumulators, added);
}

/// Whether it is read for more than the contraction's operands.
static bool isReadAfter(Value value, Operation *contraction) {
  SetVector<Operation *> readers(value.user_begin(), value.user_end());
  for (unsigned i = 0; i < readers.size(); ++i) {
    Operation *reader = readers[i];
    if (reader == contraction)
      continue;
    if (reader->getBlock() != contraction->getBlock() || contraction->isBeforeInBlock(reader))
      return true;
    readers.insert(reader->user_begin(), reader->user_end());
  }
  return false;
}

void Epilogue::prefetch(ArrayRef<Element> place) {
  elements.prefetch(result, place, /*isWrite=*/true);
  for (BlockArgument operand : frame.structured.getArguments()) {
    auto tensor = dyn_cast<RankedTensorType>(operand.getType());
    if (tensor && getDims(tensor) == dims &&
        !llvm::is_contained(contraction->getOperands(), operand) &&
        isReadAfter(operand, contraction))
      elements.prefetch(operand, place, /*isWrite=*/false);
  }
}

Element Epilogue::evaluate(Value accumulators, ArrayRef<Element> place, int64_t lanes, Value mask) {
  elements.setLanes(lanes);
  elements.setMask(mask);
  Element value{accumulators,
                isa<VectorType>(accumulators.getType()) ? Element::Varying : Element::Uniform};
  Value produced = contraction->getResult(0);
  if (produced == result)
    return value;
  elements.bindElement(produced, value);
  return elements.producedAt(result, place);
}

void Epilogue::store(Value accumulators, ArrayRef<Element> place, int64_t lanes, Value mask) {
  elements.store(result, place, evaluate(accumulators, place, lanes, mask));
}

} // namespace heddle
