// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/lowering/ReductionSpace.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace heddle {

ReductionSpace::ReductionSpace(KernelBuilder &builder, Value source, ArrayRef<int64_t> axes)
    : b(builder), m(builder, signednessOf(elementTypeOf(source))), dims(builder.dims(source)),
      axes(axes), compute(ScalarMath::computeType(signlessType(elementTypeOf(source)))) {}

Value ReductionSpace::count(Type type) {
  DimExpr count = 1;
  for (int64_t axis : axes)
    count = count * dims[axis];
  if (std::optional<int64_t> number = count.asConstant())
    return m.constantInt(type, *number);
  return IndexMath(b).toElement(b.index(count), type);
}

Value ReductionSpace::elements(Value tensor, ElementFunction function) {
  bool isSame = false;
  Value result = map(full(tensor), [&](ValueRange x) {
    Value element = function(m.widen(x[0]));
    isSame = element == x[0];
    return element;
  });
  if (!isSame)
    return result;
  result.getDefiningOp()->erase();
  return tensor;
}

ReductionSpace::Operand ReductionSpace::reduced(Value tensor) {
  SmallVector<AffineExpr> place;
  for (unsigned axis = 0; axis < dims.size(); ++axis)
    place.push_back(llvm::is_contained(axes, axis) ? b.getAffineConstantExpr(0)
                                                   : b.getAffineDimExpr(axis));
  return {tensor, AffineMap::get(dims.size(), 0, place, b.getContext())};
}

ReductionSpace::Operand ReductionSpace::broadcast(Value tensor, ArrayRef<DimExpr> tensorDims) {
  SmallVector<AffineExpr> place;
  unsigned offset = dims.size() - tensorDims.size();
  for (auto [axis, dim] : llvm::enumerate(tensorDims)) {
    const DimExpr &target = dims[offset + axis];
    bool repeats = dim.isConstant(1) && !target.isConstant(1);
    place.push_back(repeats ? b.getAffineConstantExpr(0) : b.getAffineDimExpr(offset + axis));
    if (!repeats)
      b.requireEqual(dim, target);
  }
  return {tensor, AffineMap::get(dims.size(), 0, place, b.getContext())};
}

Value ReductionSpace::map(ArrayRef<Operand> operands, KernelBuilder::Body body) {
  return map(compute, operands, body);
}

Value ReductionSpace::map(Type type, ArrayRef<Operand> operands, KernelBuilder::Body body) {
  SmallVector<Value> tensors;
  SmallVector<AffineMap> places;
  for (const Operand &operand : operands) {
    tensors.push_back(operand.tensor);
    places.push_back(operand.place);
  }
  return b.mapAt(dims, type, tensors, places, body);
}

Value ReductionSpace::reduce(ReductionKind kind, Value elements, bool keepDims) {
  Type type = elementTypeOf(elements);
  if (axes.empty()) // each element is all there is to combine
    return map(type, full(elements), [](ValueRange x) { return x[0]; });
  switch (kind) {
  case ReductionKind::Sum:
    return b.reduce(
        elements, dims, axes, m.zero(type), [&](Value sum, Value x) { return m.add(sum, x); },
        keepDims);
  case ReductionKind::Product:
    return b.reduce(
        elements, dims, axes, m.one(type),
        [&](Value product, Value x) { return m.mul(product, x); }, keepDims);
  case ReductionKind::Max:
    return b.reduce(
        elements, dims, axes, m.lowest(type), [&](Value most, Value x) { return m.max(most, x); },
        keepDims);
  case ReductionKind::Min:
    return b.reduce(
        elements, dims, axes, m.highest(type),
        [&](Value least, Value x) { return m.min(least, x); }, keepDims);
  }
  llvm_unreachable("all kinds are handled");
}

Value ReductionSpace::mapReduced(Type type, ValueRange tensors, KernelBuilder::Body body,
                                 bool keepDims) {
  SmallVector<DimExpr> outDims;
  SmallVector<AffineExpr> place;
  for (unsigned axis = 0; axis < dims.size(); ++axis) {
    bool isReduced = llvm::is_contained(axes, axis);
    place.push_back(isReduced ? b.getAffineConstantExpr(0) : b.getAffineDimExpr(outDims.size()));
    if (!isReduced || keepDims)
      outDims.push_back(isReduced ? DimExpr(1) : dims[axis]);
  }
  SmallVector<AffineMap> places(tensors.size(),
                                AffineMap::get(outDims.size(), 0, place, b.getContext()));
  return b.mapAt(outDims, type, tensors, places, body);
}

Value absolutePower(ScalarMath &m, Value x, int64_t p) {
  if (p == 2)
    return m.mul(x, x);
  Value base = m.abs(x);
  if (p == 1)
    return base;
  return m.function<math::PowFOp>(base, m.constant(x.getType(), static_cast<double>(p)));
}

Value root(ScalarMath &m, Value x, int64_t p) {
  if (p == 1)
    return x;
  if (p == 2)
    return m.sqrt(x);
  return m.function<math::PowFOp>(x, m.constant(x.getType(), 1.0 / static_cast<double>(p)));
}

} // namespace heddle
