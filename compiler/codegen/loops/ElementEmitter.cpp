// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/loops/ElementEmitter.h"

#include "dialects/heddle/Heddle.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
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
  Value step = vector::StepOp::create(b, type);
  if (element.kind == Element::Alternate)
    step = arith::AddIOp::create(b, step, step);
  if (element.kind == Element::UniformOrContiguous)
    step = arith::SelectOp::create(b, element.uniformIf, vectorOf({index(0)}), step);
  return arith::AddIOp::create(b, splat, step);
}

Value ElementEmitter::allLanes() {
  if (mask)
    return mask;
  return arith::ConstantOp::create(b, DenseElementsAttr::get(laneType(b.getI1Type()), true));
}

Element ElementEmitter::elementAt(Value tensor, ArrayRef<Element> place) {
  if (auto bound = elements.find(tensor); bound != elements.end())
    return bound->second;
  if (buffers.contains(tensor))
    return load(tensor, place, nullptr, nullptr);
  return producedAt(tensor, place);
}

static bool isSame(const Element &one, const Element &other) {
  if (one.kind != other.kind || one.uniformIf != other.uniformIf)
    return false;
  std::optional<int64_t> constant = getConstantIntValue(one.value);
  return one.value == other.value || (constant && constant == getConstantIntValue(other.value));
}

std::optional<Element> ElementEmitter::findMade(Value tensor, ArrayRef<Element> place) {
  auto found = made.find(tensor);
  if (found == made.end())
    return std::nullopt;
  for (const Made &each : found->second)
    if (each.mask == mask && each.block == b.getInsertionBlock() &&
        each.place.size() == place.size() && llvm::all_of_zip(each.place, place, isSame))
      return each.element;
  return std::nullopt;
}

Element ElementEmitter::producedAt(Value tensor, ArrayRef<Element> place) {
  if (std::optional<Element> found = findMade(tensor, place))
    return *found;
  ++depth;
  Element element = runProducer(tensor, place);
  if (--depth == 0) // lanes, masks and what is bound may be others in the next one
    made.clear();
  else
    made[tensor].push_back({Place(place), mask, b.getInsertionBlock(), element});
  return element;
}

Element ElementEmitter::runProducer(Value tensor, ArrayRef<Element> place) {
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
    return producedOr(loadOr.getSource(), place, inside, fallback);
  }
  if (isa<CheckedIndexOp>(op))
    return checkedIndex(operands);
  if (auto entry = dyn_cast<LookUpOp>(op))
    return lookUp(entry.getTable(), operands[0]);
  if (op.getNumResults() == 1 && op.getResult(0).getType().isIndex())
    return indexArithmetic(op, operands);
  return elementwise(op, operands);
}

/// A fused producer where some lanes are inside, for those lanes.
Element ElementEmitter::producedOr(Value tensor, ArrayRef<Element> place, Element inside,
                                   Element fallback) {
  Type elementType = cast<RankedTensorType>(tensor.getType()).getElementType();
  bool scalar = inside.isUniform() && fallback.isUniform() &&
                llvm::all_of(place, [](const Element &at) { return at.isUniform(); });
  Value anyInside = inside.value;
  if (!inside.isUniform()) {
    Value counts = mask ? arith::AndIOp::create(b, inside.value, mask) : inside.value;
    anyInside = vector::ReductionOp::create(b, vector::CombiningKind::OR, counts);
  }
  Type type = scalar ? elementType : Type(laneType(elementType));
  auto ifInside = scf::IfOp::create(b, TypeRange{type}, anyInside, true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(ifInside.thenBlock());
  Value outer = mask;
  if (!inside.isUniform())
    mask = mask ? arith::AndIOp::create(b, inside.value, mask) : inside.value;
  Element value = elementAt(tensor, place);
  mask = outer;
  if (!scalar) {
    value = {vectorOf(value), Element::Varying};
    if (!inside.isUniform())
      value.value = arith::SelectOp::create(b, inside.value, value.value, vectorOf(fallback));
  }
  scf::YieldOp::create(b, value.value);
  b.setInsertionPointToEnd(ifInside.elseBlock());
  scf::YieldOp::create(b, scalar ? fallback.value : vectorOf(fallback));
  return {ifInside.getResult(0), scalar ? Element::Uniform : Element::Varying};
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

} // namespace heddle
