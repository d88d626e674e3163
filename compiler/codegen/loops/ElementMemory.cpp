// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where elements are in memory, and how they are read and written: scalars, vectors, gathers.

#include "compiler/codegen/ByteTables.h"
#include "compiler/codegen/loops/ElementEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle {

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
    rest =
        rest ? Element{arith::AddIOp::create(b, vectorOf(*rest), vectorOf(term)), Element::Varying}
             : term;
  }
  if (!rest)
    return {uniform};
  if (rest->kind != Element::Varying)
    return {arith::AddIOp::create(b, uniform, rest->value), rest->kind, rest->uniformIf};
  return {arith::AddIOp::create(b, vectorOf({uniform}), rest->value), Element::Varying};
}

Element ElementEmitter::load(Value tensor, ArrayRef<Element> place, Element *inside,
                             Element *fallback) {
  const Buffer &buffer = buffers.find(tensor)->second;
  Type elementType = cast<RankedTensorType>(tensor.getType()).getElementType();
  Element offset = offsetOf(buffer, place);
  bool uniform = offset.isUniform() && (!inside || inside->isUniform()) &&
                 (!fallback || fallback->isUniform());
  if (uniform)
    return {loadScalar(buffer, offset.value, inside, fallback, elementType), Element::Uniform};
  if (!inside || !inside->isUniform())
    return {loadLanes(buffer, offset, inside, fallback, elementType), Element::Varying};
  // All lanes or none, which the loop around may decide once. A mask of none is as good, but CPUs
  // take hundreds of cycles for one whose address is not mapped.
  auto ifInside = scf::IfOp::create(b, TypeRange{laneType(elementType)}, inside->value, true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(ifInside.thenBlock());
  scf::YieldOp::create(b, loadLanes(buffer, offset, nullptr, nullptr, elementType));
  b.setInsertionPointToEnd(ifInside.elseBlock());
  scf::YieldOp::create(b, vectorOf(*fallback));
  return {ifInside.getResult(0), Element::Varying};
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
  if (offset.kind == Element::UniformOrContiguous)
    return loadUniformOrContiguous(buffer, offset, inside, fallback, elementType);
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
  if (offset.kind == Element::Alternate && !lanesInside) {
    raw = loadAlternate(buffer, offset.value, type);
  } else if (offset.kind == Element::Varying || offset.kind == Element::Alternate) {
    Value active = lanesInside ? lanesInside : allLanes();
    raw = vector::GatherOp::create(b, type, buffer.memory, ValueRange{index(0)}, vectorOf(offset),
                                   active, otherwise);
  } else if (offset.kind == Element::Uniform && !lanesInside) {
    raw = vectorOf({loadScalar(buffer, offset.value, nullptr, nullptr, stored)});
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

Value ElementEmitter::loadUniformOrContiguous(const Buffer &buffer, Element offset, Element *inside,
                                              Element *fallback, Type elementType) {
  auto ifUniform = scf::IfOp::create(b, TypeRange{laneType(elementType)}, offset.uniformIf, true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(ifUniform.thenBlock());
  scf::YieldOp::create(
      b, loadLanes(buffer, {offset.value, Element::Uniform}, inside, fallback, elementType));
  b.setInsertionPointToEnd(ifUniform.elseBlock());
  scf::YieldOp::create(
      b, loadLanes(buffer, {offset.value, Element::Contiguous}, inside, fallback, elementType));
  return ifUniform.getResult(0);
}

Value ElementEmitter::loadAlternate(const Buffer &buffer, Value offset, VectorType type) {
  // Two vectors hold them; a gather takes an access for each lane. What follows the last one may not
  // be there.
  SmallVector<bool> wanted(lanes, true);
  wanted.back() = false;
  Value mask = arith::ConstantOp::create(
      b, DenseElementsAttr::get(laneType(b.getI1Type()), ArrayRef<bool>(wanted)));
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  Value low = vector::LoadOp::create(b, type, buffer.memory, ValueRange{offset});
  Value high = vector::MaskedLoadOp::create(
      b, type, buffer.memory, ValueRange{arith::AddIOp::create(b, offset, index(lanes))}, mask,
      zero);
  SmallVector<int64_t> even;
  for (int64_t lane = 0; lane < lanes; ++lane)
    even.push_back(2 * lane);
  return vector::ShuffleOp::create(b, type, low, high, even);
}

Element ElementEmitter::lookUp(Value table, Element byte) {
  Value memory = buffers.find(table)->second.memory;
  Type entry = cast<RankedTensorType>(table.getType()).getElementType();
  auto indices = [&](Type type) { return arith::IndexCastUIOp::create(b, type, byte.value); };
  if (byte.isUniform())
    return {memref::LoadOp::create(b, memory, ValueRange{indices(b.getIndexType())})};
  VectorType type = laneType(entry);
  // The table is there for lanes that do not count as well.
  Value every = arith::ConstantOp::create(b, DenseElementsAttr::get(laneType(b.getI1Type()), true));
  Value nothing = arith::ConstantOp::create(b, b.getZeroAttr(type));
  auto gather = vector::GatherOp::create(b, type, memory, ValueRange{index(0)},
                                         indices(laneType(b.getIndexType())), every, nothing);
  gather->setAttr(codegen::kByteTable, b.getUnitAttr());
  return {gather, Element::Varying};
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
  if (offset.kind != Element::Contiguous)
    vector::ScatterOp::create(b, Type(), buffer.memory, ValueRange{index(0)}, vectorOf(offset),
                              allLanes(), vector);
  else if (mask)
    vector::MaskedStoreOp::create(b, buffer.memory, ValueRange{offset.value}, mask, vector);
  else
    vector::StoreOp::create(b, vector, buffer.memory, ValueRange{offset.value});
}

} // namespace heddle
