// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"

#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace heddle;

unsigned AttentionOp::getRank() {
  return cast<RankedTensorType>(getProducts().getType()).getRank();
}

SmallVector<int64_t> AttentionOp::axesOf(unsigned operand) {
  std::optional<ArrayRef<int64_t>> orders[] = {getQueryAxes(), getKeyAxes(), getValueAxes(),
                                               getResultAxes()};
  if (orders[operand])
    return llvm::to_vector(*orders[operand]);
  // A result in parts has their axis as well.
  return llvm::to_vector(llvm::seq<int64_t>(0, getRank() + (operand == 3 && getInParts())));
}

static bool isPermutation(ArrayRef<int64_t> axes, unsigned rank) {
  SmallVector<bool> seen(rank, false);
  for (int64_t axis : axes) {
    if (axis < 0 || axis >= static_cast<int64_t>(rank) || seen[axis])
      return false;
    seen[axis] = true;
  }
  return axes.size() == rank;
}

static bool isUndefinedKind(StringRef undefined) {
  return undefined == "nan" || undefined == "zero" || undefined == "zero_nan";
}

/// Whether neighbours in a dimension of the queries can share one of the keys.
static bool canGroup(const DimExpr &queries, const DimExpr &keys) {
  return queries == keys || keys.isConstant(1) || queries.divideExactly(keys).has_value();
}

LogicalResult AttentionOp::verify() {
  auto arguments = getScores().getArguments();
  if (arguments.size() != getExtras().size() + 1 ||
      ValueRange(arguments.drop_front()).getTypes() != getExtras().getTypes())
    return emitOpError(
        "has a region whose arguments are not the products and the further operands");
  auto products = dyn_cast<RankedTensorType>(getProducts().getType());
  if (!products || products.getRank() < 2)
    return emitOpError("has products without queries and keys as dimensions");
  unsigned rank = getRank();
  TypeRange yielded = getScores().front().getTerminator()->getOperandTypes();
  auto score = yielded.size() == 1 ? dyn_cast<RankedTensorType>(yielded[0]) : RankedTensorType();
  Dims space = getDims(products);
  if (!score || getDims(score) != space || !isa<FloatType>(score.getElementType()))
    return emitOpError("has a region that does not make one score of each product");
  if (!isUndefinedKind(getUndefined()))
    return emitOpError("has undefined rows of '")
           << getUndefined() << "'; nan, zero and zero_nan are known";

  Dims result = dimsOf(getOutput());
  if (getInParts()) {
    // As a result without the axis of the parts, of what is known of one.
    if (getResultAxes() || result.size() != rank + 1 || !isa<FloatType>(elementOf(getOutput())) ||
        result.back() != dimsOf(getValue()).back() + 2)
      return emitOpError("has parts of other dimensions than B..., L, P, E + 2");
    result.erase(result.end() - 2);
    result.back() = dimsOf(getValue()).back();
  }
  Value sides[] = {getQuery(), getKey(), getValue()};
  StringRef names[] = {"queries", "keys", "values", "a result"};
  SmallVector<Dims> logical;
  for (unsigned i = 0; i < 4; ++i) {
    Dims dims = i == 3 ? result : dimsOf(sides[i]);
    SmallVector<int64_t> axes = axesOf(i);
    axes.resize(std::min<size_t>(axes.size(), dims.size()));
    if (dims.size() != rank || !isPermutation(axes, rank))
      return emitOpError("has ") << names[i] << " of another rank than the products";
    Dims order(rank, DimExpr(0));
    for (unsigned axis = 0; axis < rank; ++axis) {
      if (i == 3)
        order[axes[axis]] = dims[axis];
      else
        order[axis] = dims[axes[axis]];
    }
    logical.push_back(order);
  }
  int64_t last = rank - 1;
  SmallVector<int64_t> key = axesOf(1);
  if ((key[last] != last && key[last - 1] != last) || axesOf(0)[last] != last ||
      axesOf(2)[last] != last || axesOf(3)[last] != last)
    return emitOpError("has an operand or a result whose elements are not along its last axis");
  for (unsigned axis = 0; axis + 2 < rank; ++axis)
    if (logical[3][axis] != space[axis] ||
        (logical[0][axis] != space[axis] && !logical[0][axis].isConstant(1)) ||
        !canGroup(space[axis], logical[1][axis]) || !canGroup(space[axis], logical[2][axis]))
      return emitOpError("has batch dimensions that neither agree nor divide each other");
  if (logical[0][last - 1] != space[last - 1] || logical[3][last - 1] != space[last - 1] ||
      logical[2][last] != logical[3][last])
    return emitOpError("has a result of other dimensions than its queries and values");
  return success();
}

SmallVector<int64_t> MergeAttentionOp::getResultOrder() {
  if (auto axes = getResultAxes())
    return llvm::to_vector(*axes);
  return llvm::to_vector(llvm::seq<int64_t>(0, dimsOf(getOutput()).size()));
}

LogicalResult MergeAttentionOp::verify() {
  Dims parts = dimsOf(getParts()), result = dimsOf(getOutput());
  SmallVector<int64_t> order = getResultOrder();
  unsigned rank = result.size();
  if (parts.size() != rank + 1 || rank < 2 || !isPermutation(order, rank) ||
      order.back() + 1 != static_cast<int64_t>(rank) || parts.back() != result.back() + 2)
    return emitOpError("has types that are not parts of attention and its result");
  for (unsigned axis = 0; axis + 1 < rank; ++axis)
    if (result[axis] != parts[order[axis]])
      return emitOpError("has a result of other dimensions than its parts");
  Type element = elementOf(getParts());
  if (!element.isF32() && !element.isF64())
    return emitOpError("has parts of ") << element << "; they are f32 or f64";
  if (!isUndefinedKind(getUndefined()))
    return emitOpError("has undefined rows of '")
           << getUndefined() << "'; nan, zero and zero_nan are known";
  return success();
}
