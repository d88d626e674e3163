// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/loops/ElementEmitter.h"

#include "dialects/heddle/Heddle.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle {

Type ElementEmitter::storageType(Type elementType) {
  return elementType.isInteger(1) ? IntegerType::get(elementType.getContext(), 8) : elementType;
}

Value ElementEmitter::index(int64_t value) { return arith::ConstantIndexOp::create(b, value); }

VectorType ElementEmitter::laneType(Type elementType) {
  return VectorType::get({lanes}, elementType);
}

void ElementEmitter::bindBuffer(Value tensor, Value memory, ArrayRef<DimExpr> dims,
                                function_ref<Value(const DimExpr &)> indexOf) {
  Buffer buffer{memory, {}, {}};
  buffer.strides.resize(dims.size());
  buffer.unitStride.resize(dims.size());
  DimExpr stride = 1;
  for (unsigned axis = dims.size(); axis-- > 0;) {
    buffer.strides[axis] = indexOf(stride);
    buffer.unitStride[axis] = stride.isConstant(1);
    stride = stride * dims[axis];
  }
  buffers[tensor] = buffer;
}

Value ElementEmitter::vectorOf(Element element) {
  if (element.kind == Element::Varying)
    return element.value;
  VectorType type = laneType(element.value.getType());
  Value splat = vector::BroadcastOp::create(b, type, element.value);
  if (element.kind == Element::Uniform)
    return splat;
  return arith::AddIOp::create(b, splat, vector::StepOp::create(b, type));
}

Value ElementEmitter::allLanes() {
  if (mask)
    return mask;
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(laneType(b.getI1Type()), true));
}

Element ElementEmitter::elementAt(Value tensor, ArrayRef<Element> place) {
  if (auto bound = elements.find(tensor); bound != elements.end())
    return bound->second;
  if (buffers.contains(tensor))
    return load(tensor, place, nullptr, nullptr);
  return producedAt(tensor, place);
}

Element ElementEmitter::producedAt(Value tensor, ArrayRef<Element> place) {
  Operation *producer = tensor.getDefiningOp();
  if (auto fill = dyn_cast<linalg::FillOp>(producer))
    return emit(*fill.getInputs()[0].getDefiningOp(), {}, {});
  return yieldedAt(cast<linalg::GenericOp>(producer), place);
}

Element ElementEmitter::yieldedAt(linalg::GenericOp generic, ArrayRef<Element> iteration,
                                  std::optional<Element> accumulator) {
  Block &body = generic.getRegion().front();
  DenseMap<Value, Element> known;
  for (auto [i, operand] : llvm::enumerate(generic.getInputs())) {
    Value argument = body.getArgument(i);
    if (argument.use_empty())
      continue;
    Place place;
    for (AffineExpr expr : generic.getIndexingMapsArray()[i].getResults()) {
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        place.push_back(iteration[dim.getPosition()]);
      else
        place.push_back({index(cast<AffineConstantExpr>(expr).getValue())});
    }
    known[argument] = elementAt(operand, place);
  }
  if (accumulator)
    known[body.getArgument(generic.getInputs().size())] = *accumulator;

  auto valueOf = [&](Value value) -> Element {
    if (auto found = known.find(value); found != known.end())
      return found->second;
    if (auto found = uniforms.find(value); found != uniforms.end())
      return {found->second};
    // Defined outside the body: index arithmetic on sizes, constants.
    Operation *outside = value.getDefiningOp();
    IRMapping mapping;
    SmallVector<Operation *> slice;
    std::function<void(Operation *)> visit = [&](Operation *op) {
      for (Value operand : op->getOperands()) {
        if (auto found = uniforms.find(operand); found != uniforms.end())
          mapping.map(operand, found->second);
        else if (!mapping.contains(operand))
          visit(operand.getDefiningOp());
      }
      b.clone(*op, mapping);
    };
    visit(outside);
    return {mapping.lookup(value)};
  };

  for (Operation &op : body.without_terminator()) {
    SmallVector<Element> operands;
    for (Value operand : op.getOperands())
      operands.push_back(isa<RankedTensorType>(operand.getType()) ? Element{operand}
                                                                   : valueOf(operand));
    known[op.getResult(0)] = emit(op, operands, iteration);
  }
  return valueOf(body.getTerminator()->getOperand(0));
}

Element ElementEmitter::emit(Operation &op, ArrayRef<Element> operands,
                             ArrayRef<Element> iteration) {
  if (auto indexOp = dyn_cast<linalg::IndexOp>(op))
    return iteration[indexOp.getDim()];
  if (auto extract = dyn_cast<tensor::ExtractOp>(op))
    return elementAt(extract.getTensor(), operands.drop_front());
  if (auto loadOr = dyn_cast<LoadOrOp>(op)) {
    Element inside = operands[operands.size() - 2], fallback = operands.back();
    ArrayRef<Element> place = operands.drop_front().drop_back(2);
    if (buffers.contains(loadOr.getSource()))
      return load(loadOr.getSource(), place, &inside, &fallback);
    // A fused producer: evaluated everywhere at a place pulled inside, then replaced.
    Place safe;
    for (Element coordinate : place) {
      if (coordinate.isUniform() && inside.isUniform())
        safe.push_back(
            {arith::SelectOp::create(b, inside.value, coordinate.value, index(0))});
      else
        safe.push_back({arith::SelectOp::create(b, vectorOf(inside), vectorOf(coordinate),
                                                vectorOf({index(0)})),
                        Element::Varying});
    }
    Element value = elementAt(loadOr.getSource(), safe);
    if (inside.isUniform() && value.isUniform() && fallback.isUniform())
      return {arith::SelectOp::create(b, inside.value, value.value, fallback.value)};
    return {arith::SelectOp::create(b, vectorOf(inside), vectorOf(value), vectorOf(fallback)),
            Element::Varying};
  }
  if (isa<CheckedIndexOp>(op))
    return checkedIndex(operands);
  if (op.getNumResults() == 1 && op.getResult(0).getType().isIndex())
    return indexArithmetic(op, operands);
  return elementwise(op, operands);
}

/// Keeps the knowledge that lanes are neighbours, as contiguous loads depend on it.
Element ElementEmitter::indexArithmetic(Operation &op, ArrayRef<Element> operands) {
  if (operands.size() == 2) {
    const Element &lhs = operands[0], &rhs = operands[1];
    bool oneContiguous = (lhs.kind == Element::Contiguous && rhs.isUniform()) ||
                         (isa<arith::AddIOp>(op) && lhs.isUniform() &&
                          rhs.kind == Element::Contiguous);
    if (oneContiguous && isa<arith::AddIOp>(op))
      return {arith::AddIOp::create(b, lhs.value, rhs.value), Element::Contiguous};
    if (oneContiguous && isa<arith::SubIOp>(op))
      return {arith::SubIOp::create(b, lhs.value, rhs.value), Element::Contiguous};
    if (isa<arith::MulIOp>(op)) {
      auto isOne = [](const Element &e) { return e.isUniform() && isConstantIntValue(e.value, 1); };
      if (isOne(rhs))
        return lhs;
      if (isOne(lhs))
        return rhs;
    }
  }
  if (auto select = dyn_cast<arith::SelectOp>(op)) {
    if (operands[0].isUniform() && operands[1].kind == Element::Contiguous &&
        operands[2].kind == Element::Contiguous)
      return {arith::SelectOp::create(b, operands[0].value, operands[1].value, operands[2].value),
              Element::Contiguous};
  }
  return elementwise(op, operands);
}

Element ElementEmitter::elementwise(Operation &op, ArrayRef<Element> operands) {
  bool uniform = llvm::all_of(operands, [](const Element &e) { return e.isUniform(); });
  SmallVector<Value> values;
  for (const Element &operand : operands)
    values.push_back(uniform ? operand.value : vectorOf(operand));
  SmallVector<Type> types;
  for (Type type : op.getResultTypes())
    types.push_back(uniform ? type : laneType(type));
  OperationState state(b.getLoc(), op.getName().getStringRef(), values, types, op.getAttrs());
  return {b.create(state)->getResult(0), uniform ? Element::Uniform : Element::Varying};
}

Element ElementEmitter::checkedIndex(ArrayRef<Element> operands) {
  bool uniform = operands[0].isUniform() && operands[1].isUniform();
  Value position = uniform ? operands[0].value : vectorOf(operands[0]);
  Value size = uniform ? operands[1].value : vectorOf(operands[1]);
  Value zero = uniform ? index(0) : vectorOf({index(0)});
  Value negative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, position, zero);
  Value wrapped =
      arith::SelectOp::create(b, negative, arith::AddIOp::create(b, position, size), position);
  Value good = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, wrapped, size);
  Value bad = arith::CmpIOp::create(b, arith::CmpIPredicate::uge, wrapped, size);
  Value anyBad = bad;
  if (!uniform)
    anyBad = vector::ReductionOp::create(b, vector::CombiningKind::OR,
                                         arith::AndIOp::create(b, bad, allLanes()));
  auto ifBad = scf::IfOp::create(b, anyBad, /*withElseRegion=*/false);
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(ifBad.thenBlock()->getTerminator());
    Value code = arith::ConstantIntOp::create(b, 1, 32); // HEDDLE_KERNEL_INDEX_OUT_OF_RANGE
    memref::StoreOp::create(b, code, failure, ValueRange{});
  }
  return {arith::SelectOp::create(b, good, wrapped, zero),
          uniform ? Element::Uniform : Element::Varying};
}

Element ElementEmitter::offsetOf(const Buffer &buffer, ArrayRef<Element> place) {
  Value uniform = index(0);
  std::optional<Element> rest;
  for (auto [axis, coordinate] : llvm::enumerate(place)) {
    bool unit = buffer.unitStride[axis];
    if (coordinate.isUniform()) {
      Value term = unit ? coordinate.value
                        : arith::MulIOp::create(b, coordinate.value, buffer.strides[axis]);
      uniform = arith::AddIOp::create(b, uniform, term);
      continue;
    }
    Element term = coordinate;
    if (!unit)
      term = {arith::MulIOp::create(b, vectorOf(coordinate), vectorOf({buffer.strides[axis]})),
              Element::Varying};
    rest = rest ? Element{arith::AddIOp::create(b, vectorOf(*rest), vectorOf(term)),
                          Element::Varying}
                : term;
  }
  if (!rest)
    return {uniform};
  if (rest->kind == Element::Contiguous)
    return {arith::AddIOp::create(b, uniform, rest->value), Element::Contiguous};
  return {arith::AddIOp::create(b, vectorOf({uniform}), rest->value), Element::Varying};
}

Element ElementEmitter::load(Value tensor, ArrayRef<Element> place, Element *inside,
                             Element *fallback) {
  const Buffer &buffer = buffers.find(tensor)->second;
  Type elementType = cast<RankedTensorType>(tensor.getType()).getElementType();
  Element offset = offsetOf(buffer, place);
  bool uniform = offset.isUniform() && (!inside || inside->isUniform()) &&
                 (!fallback || fallback->isUniform());
  Value value = uniform ? loadScalar(buffer, offset.value, inside, fallback, elementType)
                        : loadLanes(buffer, offset, inside, fallback, elementType);
  return {value, uniform ? Element::Uniform : Element::Varying};
}

Value ElementEmitter::loadScalar(const Buffer &buffer, Value offset, Element *inside,
                                 Element *fallback, Type elementType) {
  auto read = [&]() -> Value {
    Value raw = memref::LoadOp::create(b, buffer.memory, offset);
    if (!elementType.isInteger(1))
      return raw;
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, raw,
                                 arith::ConstantIntOp::create(b, 0, 8));
  };
  if (!inside)
    return read();
  auto ifInside = scf::IfOp::create(b, TypeRange{elementType}, inside->value, true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(ifInside.thenBlock());
  scf::YieldOp::create(b, read());
  b.setInsertionPointToEnd(ifInside.elseBlock());
  scf::YieldOp::create(b, fallback->value);
  return ifInside.getResult(0);
}

Value ElementEmitter::loadLanes(const Buffer &buffer, Element offset, Element *inside,
                                Element *fallback, Type elementType) {
  Type stored = storageType(elementType);
  VectorType type = laneType(stored);
  bool isBool = elementType.isInteger(1);
  Value lanesInside = mask;
  if (inside) {
    Value condition = vectorOf(*inside);
    lanesInside = mask ? arith::AndIOp::create(b, mask, condition) : condition;
  }
  Value otherwise;
  if (fallback) {
    otherwise = vectorOf(*fallback);
    if (isBool)
      otherwise = arith::ExtUIOp::create(b, type, otherwise);
  } else {
    otherwise = arith::ConstantOp::create(b, b.getZeroAttr(type));
  }
  Value raw;
  if (offset.kind == Element::Varying) {
    Value active = lanesInside ? lanesInside : allLanes();
    raw = vector::GatherOp::create(b, type, buffer.memory, ValueRange{index(0)}, offset.value,
                                   active, otherwise);
  } else if (offset.kind == Element::Uniform) {
    // One place, in lanes that may lie outside.
    Value anyInside = vector::ReductionOp::create(b, vector::CombiningKind::OR, lanesInside);
    Element any{anyInside}, zero{arith::ConstantOp::create(b, b.getZeroAttr(stored))};
    Value scalar = loadScalar(buffer, offset.value, &any, &zero, stored);
    raw = arith::SelectOp::create(b, lanesInside, vectorOf({scalar}), otherwise);
  } else if (lanesInside) {
    raw = vector::MaskedLoadOp::create(b, type, buffer.memory, ValueRange{offset.value},
                                       lanesInside, otherwise);
  } else {
    raw = vector::LoadOp::create(b, type, buffer.memory, ValueRange{offset.value});
  }
  if (!isBool)
    return raw;
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, raw,
                               arith::ConstantOp::create(b, b.getZeroAttr(type)));
}

void ElementEmitter::prefetch(Value tensor, ArrayRef<Element> place, bool isWrite) {
  const Buffer &buffer = buffers.find(tensor)->second;
  memref::PrefetchOp::create(b, buffer.memory, offsetOf(buffer, place).value, isWrite,
                             /*localityHint=*/3, /*isDataCache=*/true);
}

void ElementEmitter::store(Value tensor, ArrayRef<Element> place, Element value) {
  const Buffer &buffer = buffers.find(tensor)->second;
  Type elementType = cast<RankedTensorType>(tensor.getType()).getElementType();
  Type stored = storageType(elementType);
  Element offset = offsetOf(buffer, place);
  auto inMemory = [&](Value v, Type type) -> Value {
    return elementType.isInteger(1) ? Value(arith::ExtUIOp::create(b, type, v)) : v;
  };
  if (offset.isUniform()) {
    memref::StoreOp::create(b, inMemory(value.value, stored), buffer.memory, offset.value);
    return;
  }
  Value vector = inMemory(vectorOf(value), laneType(stored));
  if (offset.kind == Element::Varying)
    vector::ScatterOp::create(b, Type(), buffer.memory, ValueRange{index(0)}, offset.value,
                              allLanes(), vector);
  else if (mask)
    vector::MaskedStoreOp::create(b, buffer.memory, ValueRange{offset.value}, mask, vector);
  else
    vector::StoreOp::create(b, vector, buffer.memory, ValueRange{offset.value});
}

} // namespace heddle
