// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/lowering/Support.h"

using namespace mlir;

namespace heddle {

bool isComputable(Type tensorType) {
  if (!hasKnownDims(tensorType))
    return false;
  Type element = cast<RankedTensorType>(tensorType).getElementType();
  if (auto floating = dyn_cast<FloatType>(element))
    return floating.getWidth() >= 16 && floating.getWidth() <= 64;
  auto integer = dyn_cast<IntegerType>(element);
  return integer && (integer.getWidth() == 1 || integer.getWidth() >= 8) &&
         integer.getWidth() <= 64;
}

bool isComputable(Operation *op) {
  for (auto [number, operand] : llvm::enumerate(op->getOperands()))
    if (!isParameter(op, number) && !isComputable(operand.getType()))
      return false;
  return llvm::all_of(op->getResultTypes(), [](Type type) { return isComputable(type); }) &&
         hasKnownParameters(op);
}

bool hasFloatElements(Value tensor) {
  auto type = dyn_cast<ShapedType>(tensor.getType());
  return type && isa<FloatType>(type.getElementType());
}

int64_t rankOf(Value tensor) { return cast<ShapedType>(tensor.getType()).getRank(); }

int64_t positiveAxis(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

AccessPattern rowOrReduction(ArrayRef<int64_t> axes, int64_t rank) {
  for (int64_t axis : axes)
    if (axis < rank - static_cast<int64_t>(axes.size()))
      return AccessPattern::Reduction;
  return AccessPattern::Row;
}

Value Operands::of(Value source) const {
  if (!source)
    return {};
  for (auto [operand, value] : llvm::zip(op->getOperands(), values))
    if (operand == source && value)
      return value;
  return {};
}

void requireScalar(KernelBuilder &b, Value tensor) {
  for (const DimExpr &dim : b.dims(tensor))
    b.requireEqual(dim, 1);
}

Value scalarOf(KernelBuilder &b, Value tensor) {
  SmallVector<Value> first(rankOf(tensor), nullptr);
  for (Value &index : first)
    index = b.index(0);
  return b.element(tensor, first);
}

SmallVector<Value> replaceIndex(ValueRange indices, int64_t axis, Value index) {
  SmallVector<Value> replaced(indices);
  replaced[axis] = index;
  return replaced;
}

} // namespace heddle
