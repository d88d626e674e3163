// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/KernelBuilder.h"

#include "compiler/kernels/DimExprLowering.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace heddle {

Type signlessType(Type type) {
  auto integer = dyn_cast<IntegerType>(type);
  return integer ? IntegerType::get(type.getContext(), integer.getWidth()) : type;
}

Signedness signednessOf(Type elementType) {
  return elementType.isUnsignedInteger() ? Signedness::Unsigned : Signedness::Signed;
}

Type elementTypeOf(Value tensor) { return cast<ShapedType>(tensor.getType()).getElementType(); }

SmallVector<DimExpr> KernelBuilder::dims(Value sourceValue) const {
  return getDims(cast<RankedTensorType>(sourceValue.getType()));
}

Value KernelBuilder::index(int64_t value) { return arith::ConstantIndexOp::create(*this, value); }

Value KernelBuilder::index(const DimExpr &expr) { return lowerDimExpr(*this, expr, symbols); }

void KernelBuilder::require(const DimExpr &size, int64_t least) {
  if (!size.isAtLeast(least))
    RequireOp::create(
        *this, arith::CmpIOp::create(*this, arith::CmpIPredicate::sge, index(size), index(least)));
}

void KernelBuilder::requireEqual(const DimExpr &lhs, const DimExpr &rhs) {
  if (lhs != rhs)
    RequireOp::create(
        *this, arith::CmpIOp::create(*this, arith::CmpIPredicate::eq, index(lhs), index(rhs)));
}

Value KernelBuilder::empty(ArrayRef<DimExpr> dims, Type elementType) {
  RankedTensorType type = tensorWithDims(dims, elementType);
  SmallVector<Value> sizes;
  for (const DimExpr &dim : dims)
    if (!dim.asConstant())
      sizes.push_back(index(dim));
  return tensor::EmptyOp::create(*this, type, sizes);
}

Value KernelBuilder::filled(ArrayRef<DimExpr> dims, Value scalar) {
  return linalg::FillOp::create(*this, scalar, empty(dims, scalar.getType())).getResult(0);
}

bool KernelBuilder::broadcastsStatically(ArrayRef<DimExpr> operand, ArrayRef<DimExpr> result) {
  for (auto [dim, target] : llvm::zip(operand, result.take_back(operand.size())))
    if (dim != target && !dim.isConstant(1))
      return false;
  return true;
}

AffineMap KernelBuilder::broadcastMap(ArrayRef<DimExpr> operand, ArrayRef<DimExpr> result) {
  unsigned offset = result.size() - operand.size();
  SmallVector<AffineExpr> places;
  for (auto [axis, dim] : llvm::enumerate(operand)) {
    bool stays = dim == result[offset + axis];
    places.push_back(stays ? getAffineDimExpr(offset + axis) : getAffineConstantExpr(0));
  }
  return AffineMap::get(result.size(), 0, places, getContext());
}

Value KernelBuilder::map(Value result, ValueRange operands, Body body) {
  Operation *op = result.getDefiningOp();
  SmallVector<SmallVector<DimExpr>> operandDims;
  for (Value operand : op->getOperands())
    operandDims.push_back(dims(operand));
  return map(dims(result), signlessType(elementTypeOf(result)), operands, operandDims, body);
}

Value KernelBuilder::map(ArrayRef<DimExpr> dims, Type elementType, ValueRange operands,
                         ArrayRef<SmallVector<DimExpr>> operandDims, Body body) {
  SmallVector<Value> inputs; // those whose broadcast is decided now
  SmallVector<AffineMap> maps;
  SmallVector<unsigned> inputOf(operands.size(), ~0u);
  auto fillOf = [](Value operand) { return operand.getDefiningOp<linalg::FillOp>(); };
  for (auto [i, operand] : llvm::enumerate(operands)) {
    if (fillOf(operand) || !broadcastsStatically(operandDims[i], dims))
      continue;
    inputOf[i] = inputs.size();
    inputs.push_back(operand);
    maps.push_back(broadcastMap(operandDims[i], dims));
  }
  maps.push_back(getMultiDimIdentityMap(dims.size()));

  // A size that may turn out to be 1 is compared when the kernel runs: linalg would take the loop
  // bound from one side only.
  struct RuntimeBroadcast {
    Value isOne;
    unsigned axis;
  };
  SmallVector<SmallVector<RuntimeBroadcast>> runtime(operands.size());
  for (auto [i, operand] : llvm::enumerate(operands)) {
    if (fillOf(operand) || inputOf[i] != ~0u)
      continue;
    unsigned offset = dims.size() - operandDims[i].size();
    for (auto [axis, dim] : llvm::enumerate(operandDims[i])) {
      const DimExpr &target = dims[offset + axis];
      Value isOne;
      if (dim.isConstant(1) || dim == target) {
        isOne = arith::ConstantIntOp::create(*this, dim != target, 1);
      } else {
        Value size = index(dim);
        isOne = arith::CmpIOp::create(*this, arith::CmpIPredicate::eq, size, index(1));
        Value equal = arith::CmpIOp::create(*this, arith::CmpIPredicate::eq, size, index(target));
        RequireOp::create(*this, arith::OrIOp::create(*this, isOne, equal));
      }
      runtime[i].push_back({isOne, static_cast<unsigned>(offset + axis)});
    }
  }

  SmallVector<utils::IteratorType> iterators(dims.size(), utils::IteratorType::parallel);
  Value out = empty(dims, elementType);
  auto generic = linalg::GenericOp::create(
      *this, out.getType(), inputs, out, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange blockArguments) {
        OpBuilder::InsertionGuard guard(*this);
        setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
        SmallVector<Value> elements;
        for (auto [i, operand] : llvm::enumerate(operands)) {
          if (auto fill = fillOf(operand)) { // the number itself
            elements.push_back(fill.getInputs()[0]);
            continue;
          }
          if (inputOf[i] != ~0u) {
            elements.push_back(blockArguments[inputOf[i]]);
            continue;
          }
          SmallVector<Value> place;
          for (RuntimeBroadcast &axis : runtime[i])
            place.push_back(createOrFold<arith::SelectOp>(
                axis.isOne, index(0), linalg::IndexOp::create(*this, axis.axis)));
          elements.push_back(element(operand, place));
        }
        linalg::YieldOp::create(*this, body(elements));
      });
  return generic.getResult(0);
}

Value KernelBuilder::mapAt(ArrayRef<DimExpr> dims, Type elementType, ValueRange operands,
                           ArrayRef<AffineMap> places, Body body) {
  SmallVector<AffineMap> maps(places);
  maps.push_back(getMultiDimIdentityMap(dims.size()));
  SmallVector<utils::IteratorType> iterators(dims.size(), utils::IteratorType::parallel);
  Value out = empty(dims, elementType);
  auto generic = linalg::GenericOp::create(
      *this, out.getType(), operands, out, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        OpBuilder::InsertionGuard guard(*this);
        setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
        linalg::YieldOp::create(*this, body(arguments.drop_back()));
      });
  return generic.getResult(0);
}

AffineMap KernelBuilder::alongAxes(int64_t rank, ArrayRef<int64_t> axes) {
  SmallVector<AffineExpr> places;
  for (int64_t axis : axes)
    places.push_back(getAffineDimExpr(axis));
  return AffineMap::get(rank, 0, places, getContext());
}

Value KernelBuilder::generate(ArrayRef<DimExpr> dims, Type elementType, IndexedBody body) {
  SmallVector<utils::IteratorType> iterators(dims.size(), utils::IteratorType::parallel);
  Value out = empty(dims, elementType);
  auto generic = linalg::GenericOp::create(
      *this, out.getType(), ValueRange{}, out, getMultiDimIdentityMap(dims.size()), iterators,
      [&](OpBuilder &nested, Location loc, ValueRange) {
        OpBuilder::InsertionGuard guard(*this);
        setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
        SmallVector<Value> indices;
        for (unsigned axis = 0; axis < dims.size(); ++axis)
          indices.push_back(linalg::IndexOp::create(*this, axis));
        linalg::YieldOp::create(*this, body(indices));
      });
  return generic.getResult(0);
}

Value KernelBuilder::placeIndex(int64_t axis) { return linalg::IndexOp::create(*this, axis); }

Value KernelBuilder::element(Value tensor, ValueRange indices) {
  return tensor::ExtractOp::create(*this, tensor, indices);
}

Value KernelBuilder::elementOr(Value tensor, ValueRange indices, Value inside, Value fallback) {
  return LoadOrOp::create(*this, tensor, indices, inside, fallback);
}

Value KernelBuilder::reduce(Value input, ArrayRef<DimExpr> inputDims, ArrayRef<int64_t> axes,
                            Value start, Combine combine, bool keepDims) {
  SmallVector<DimExpr> outDims;
  SmallVector<AffineExpr> places;
  SmallVector<utils::IteratorType> iterators;
  for (unsigned axis = 0; axis < inputDims.size(); ++axis) {
    bool isReduced = llvm::is_contained(axes, axis);
    iterators.push_back(isReduced ? utils::IteratorType::reduction : utils::IteratorType::parallel);
    if (isReduced && !keepDims)
      continue;
    outDims.push_back(isReduced ? DimExpr(1) : inputDims[axis]);
    places.push_back(isReduced ? getAffineConstantExpr(0) : getAffineDimExpr(axis));
  }
  AffineMap outMap = AffineMap::get(inputDims.size(), 0, places, getContext());
  Value out = filled(outDims, start);
  auto generic = linalg::GenericOp::create(
      *this, out.getType(), input, out, ArrayRef{getMultiDimIdentityMap(inputDims.size()), outMap},
      iterators, [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        OpBuilder::InsertionGuard guard(*this);
        setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
        linalg::YieldOp::create(*this, combine(arguments[1], arguments[0]));
      });
  return generic.getResult(0);
}

Value KernelBuilder::reduceWindow(ArrayRef<DimExpr> outDims, ArrayRef<DimExpr> windowDims,
                                  Type elementType, Value start, IndexedBody body,
                                  Combine combine) {
  unsigned rank = outDims.size() + windowDims.size();
  SmallVector<utils::IteratorType> iterators(outDims.size(), utils::IteratorType::parallel);
  iterators.append(windowDims.size(), utils::IteratorType::reduction);
  SmallVector<AffineExpr> outPlaces, windowPlaces;
  for (unsigned axis = 0; axis < rank; ++axis)
    (axis < outDims.size() ? outPlaces : windowPlaces).push_back(getAffineDimExpr(axis));
  // linalg takes the bounds of loops from operands: an operand of the window's shape, never read.
  Value window = empty(windowDims, elementType);
  Value out = filled(outDims, start);
  auto generic = linalg::GenericOp::create(
      *this, out.getType(), window, out,
      ArrayRef{AffineMap::get(rank, 0, windowPlaces, getContext()),
               AffineMap::get(rank, 0, outPlaces, getContext())},
      iterators, [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        OpBuilder::InsertionGuard guard(*this);
        setInsertionPoint(nested.getInsertionBlock(), nested.getInsertionPoint());
        SmallVector<Value> indices;
        for (unsigned axis = 0; axis < rank; ++axis)
          indices.push_back(linalg::IndexOp::create(*this, axis));
        linalg::YieldOp::create(*this, combine(arguments[1], body(indices)));
      });
  return generic.getResult(0);
}

} // namespace heddle
