// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/heddle/TensorDims.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorBytes.h"

using namespace mlir;
using namespace heddle;

Dims heddle::getDims(RankedTensorType type) {
  Dims dims;
  auto encoding = dyn_cast_or_null<DimsAttr>(type.getEncoding());
  for (auto [axis, size] : llvm::enumerate(type.getShape())) {
    if (!ShapedType::isDynamic(size))
      dims.push_back(size);
    else if (encoding && axis < encoding.getExprs().size())
      dims.push_back(
          DimExpr::parse(encoding.getExprs()[axis].getValue()).value_or(DimExpr::unknown()));
    else
      dims.push_back(DimExpr::unknown());
  }
  return dims;
}

Dims heddle::dimsOf(Value value) { return getDims(cast<RankedTensorType>(value.getType())); }

Type heddle::elementOf(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType();
}

RankedTensorType heddle::tensorWithDims(ArrayRef<DimExpr> dims, Type elementType) {
  SmallVector<int64_t> shape;
  SmallVector<StringAttr> texts;
  bool isStatic = true;
  for (const DimExpr &dim : dims) {
    std::optional<int64_t> number = dim.asConstant();
    if (!dim.isKnown() || (number && *number < 0))
      return {};
    isStatic &= number.has_value();
    shape.push_back(number.value_or(ShapedType::kDynamic));
    texts.push_back(StringAttr::get(elementType.getContext(), dim.str()));
  }
  if (isStatic)
    return RankedTensorType::get(shape, elementType);
  return RankedTensorType::get(shape, elementType, DimsAttr::get(elementType.getContext(), texts));
}

bool heddle::hasKnownDims(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && llvm::all_of(getDims(tensor), [](const DimExpr &dim) { return dim.isKnown(); });
}

DimExpr heddle::countElements(ArrayRef<DimExpr> dims) {
  DimExpr count = 1;
  // A dimension of zero decides, whatever the others may be.
  for (const DimExpr &dim : dims)
    if (dim.isConstant(0))
      return 0;
  for (const DimExpr &dim : dims)
    count = count * dim;
  return count;
}

std::optional<int64_t> heddle::bytesOfKnown(ArrayRef<DimExpr> dims, Type elementType) {
  auto complex = dyn_cast<ComplexType>(elementType);
  int64_t bits = complex ? 2 * complex.getElementType().getIntOrFloatBitWidth()
                         : elementType.getIntOrFloatBitWidth();
  bits = bits < 4 ? 8 : bits; // bools are bytes
  bool isEmpty = false;
  for (const DimExpr &dim : dims) {
    int64_t size = dim.asConstant().value_or(1);
    isEmpty |= size == 0;
    if (size != 0 && __builtin_mul_overflow(bits, size, &bits))
      return std::nullopt;
  }
  constexpr int64_t largest = int64_t(1) << 56;
  if (bits / 8 >= largest)
    return std::nullopt;
  return isEmpty ? 0 : bits / 8 + (bits % 8 != 0);
}

LogicalResult DimsAttr::verifyEncoding(ArrayRef<int64_t> shape, Type elementType,
                                       function_ref<InFlightDiagnostic()> emitError) const {
  if (shape.size() != getExprs().size())
    return emitError() << "has " << shape.size() << " dimensions, but its encoding names "
                       << getExprs().size();
  for (auto [axis, size, text] : llvm::enumerate(shape, getExprs())) {
    std::optional<DimExpr> expr = DimExpr::parse(text.getValue());
    if (!expr)
      return emitError() << "dimension " << axis
                         << " is not an expression over dimension symbols: " << text;
    std::optional<int64_t> number = expr->asConstant();
    if (number ? size != *number : !ShapedType::isDynamic(size))
      return emitError() << "dimension " << axis << " is "
                         << (ShapedType::isDynamic(size) ? "dynamic" : std::to_string(size))
                         << ", but its encoding says " << text;
    if (std::string canonical = expr->str(); canonical != text.getValue())
      return emitError() << "dimension " << axis << " is written " << text
                         << ", its canonical form is \"" << canonical << "\"";
  }
  return success();
}
