// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/onnx/TensorFacts.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

std::optional<TensorFacts> TensorFacts::ofType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || !hasKnownDims(tensor))
    return std::nullopt;
  return TensorFacts(tensor.getElementType(), getDims(tensor));
}

static std::vector<DimExpr> readIntegers(DenseElementsAttr value, IntegerType type) {
  std::vector<DimExpr> elements;
  bool isUnsigned = type.isUnsigned() || type.getWidth() == 1;
  for (const APInt &element : value.getValues<APInt>()) {
    if (isUnsigned ? element.getActiveBits() <= 63 : element.getSignificantBits() <= 64)
      elements.push_back(isUnsigned ? int64_t(element.getZExtValue()) : element.getSExtValue());
    else
      elements.push_back(DimExpr::unknown());
  }
  return elements;
}

static double toDouble(APFloat value) {
  bool losesInfo;
  value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
  return value.convertToDouble();
}

/// A small constant kept as a resource, as an attribute with elements.
static DenseElementsAttr readResource(DenseResourceElementsAttr value) {
  AsmResourceBlob *blob = value.getRawHandle().getBlob();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!blob || !type || !type.hasStaticShape() || type.getNumElements() > kMaxTrackedElements ||
      !type.getElementType().isIntOrFloat() || type.getElementTypeBitWidth() % 8 ||
      blob->getData().size() != size_t(type.getNumElements()) * type.getElementTypeBitWidth() / 8)
    return {};
  return DenseElementsAttr::getFromRawBuffer(type, blob->getData());
}

TensorFacts TensorFacts::ofConstant(ElementsAttr value) {
  TensorFacts facts(value.getElementType(), {});
  for (int64_t size : value.getShapedType().getShape())
    facts.dims.push_back(size);
  if (!facts.trackedCount())
    return facts;
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
    dense = readResource(resource);
  if (!dense)
    return facts;
  if (auto type = dyn_cast<IntegerType>(facts.elementType)) {
    facts.integers = readIntegers(dense, type);
  } else if (isa<FloatType>(facts.elementType)) {
    facts.floats.emplace();
    for (const APFloat &element : dense.getValues<APFloat>())
      facts.floats->push_back(toDouble(element));
  }
  return facts;
}

std::optional<SmallVector<int64_t>> TensorFacts::staticShape() const {
  SmallVector<int64_t> shape;
  for (const DimExpr &dim : dims) {
    std::optional<int64_t> size = dim.asConstant();
    if (!size)
      return std::nullopt;
    shape.push_back(*size);
  }
  return shape;
}

std::optional<int64_t> TensorFacts::trackedCount() const {
  std::optional<int64_t> count = countElements(dims).asConstant();
  if (!count || *count > kMaxTrackedElements)
    return std::nullopt;
  // A dimension of zero beside a symbol leaves the positions of elements unknown, and two negative
  // ones, which are refused later, have a product like any other.
  std::optional<SmallVector<int64_t>> shape = staticShape();
  if (!shape || llvm::any_of(*shape, [](int64_t size) { return size < 0; }))
    return std::nullopt;
  return count;
}

std::optional<SmallVector<int64_t>> TensorFacts::constantIntegers() const {
  if (!integers)
    return std::nullopt;
  SmallVector<int64_t> values;
  for (const DimExpr &element : *integers) {
    std::optional<int64_t> value = element.asConstant();
    if (!value)
      return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

std::optional<DimExpr> TensorFacts::scalar() const {
  if (!integers || integers->size() != 1 || !integers->front().isKnown())
    return std::nullopt;
  return integers->front();
}

void TensorFacts::takeElements(const TensorFacts &source, ArrayRef<int64_t> positions) {
  if (source.integers) {
    integers.emplace();
    for (int64_t position : positions)
      integers->push_back((*source.integers)[position]);
  }
  if (source.floats) {
    floats.emplace();
    for (int64_t position : positions)
      floats->push_back((*source.floats)[position]);
  }
}

void TensorFacts::takeElements(const TensorFacts &source) {
  integers = source.integers;
  floats = source.floats;
}

bool TensorFacts::isInteger() const { return isa_and_nonnull<IntegerType>(elementType); }
bool TensorFacts::isFloat() const { return isa_and_nonnull<FloatType>(elementType); }

/// Whether a value of the expression is one of the type, without wrapping around or rounding.
static bool fits(const DimExpr &value, FloatType type) {
  std::optional<int64_t> number = value.asConstant();
  if (number)
    return llvm::isIntN(53, *number) && roundTo(type, double(*number)) == double(*number);
  return type.getWidth() >= 32;
}

static bool fits(const DimExpr &value, IntegerType type) {
  unsigned width = type.getWidth();
  bool isUnsigned = type.isUnsigned() || width == 1;
  if (isUnsigned && !value.isAtLeast(0))
    return false;
  if (std::optional<int64_t> number = value.asConstant()) {
    if (width >= 64)
      return true;
    return isUnsigned ? uint64_t(*number) < uint64_t(1) << width : llvm::isIntN(width, *number);
  }
  return width >= 32; // sizes are taken to fit 32 bits where a model keeps them so
}

void TensorFacts::normalize() {
  std::optional<int64_t> count = trackedCount();
  if ((!isInteger() && !isFloat()) || !count || (integers && int64_t(integers->size()) != *count))
    integers.reset();
  if (!isFloat() || !count || (floats && int64_t(floats->size()) != *count))
    floats.reset();
  // Of no elements all are known, whatever an operator would do to find none.
  if (count == 0 && isFloat())
    floats.emplace();
  if (count == 0 && isInteger())
    integers.emplace();
  if (!integers)
    return;
  for (DimExpr &element : *integers)
    if (isInteger() ? !fits(element, cast<IntegerType>(elementType))
                    : !fits(element, cast<FloatType>(elementType)))
      element = DimExpr::unknown();
  if (!integers->empty() &&
      llvm::none_of(*integers, [](const DimExpr &element) { return element.isKnown(); }))
    integers.reset();
}

double heddle::onnx::roundTo(Type floatType, double value) {
  APFloat number(value);
  bool losesInfo;
  number.convert(cast<FloatType>(floatType).getFloatSemantics(), APFloat::rmNearestTiesToEven,
                 &losesInfo);
  return toDouble(number);
}

void heddle::onnx::forEachIndex(ArrayRef<int64_t> shape,
                                llvm::function_ref<void(ArrayRef<int64_t>)> visit) {
  if (llvm::is_contained(shape, 0))
    return;
  SmallVector<int64_t> index(shape.size(), 0);
  while (true) {
    visit(index);
    int64_t axis = int64_t(shape.size()) - 1;
    while (axis >= 0 && ++index[axis] == shape[axis])
      index[axis--] = 0;
    if (axis < 0)
      return;
  }
}

int64_t heddle::onnx::positionOf(ArrayRef<int64_t> index, ArrayRef<int64_t> shape) {
  int64_t position = 0;
  for (auto [at, size] : llvm::zip(index, shape))
    position = position * size + (size == 1 ? 0 : at);
  return position;
}
