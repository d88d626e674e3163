// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Upgrade.h"

#include "frontends/onnx/ImportTypes.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"

#include <cmath>

using namespace mlir;

namespace heddle {

std::optional<int64_t> NodeUpgrade::takeInt(StringRef name) {
  auto value = dyn_cast_or_null<IntegerAttr>(node.attributes.erase(name));
  return value ? std::optional<int64_t>(value.getInt()) : std::nullopt;
}

std::optional<double> NodeUpgrade::takeFloat(StringRef name) {
  auto value = dyn_cast_or_null<FloatAttr>(node.attributes.erase(name));
  return value ? std::optional<double>(value.getValueAsDouble()) : std::nullopt;
}

std::optional<std::string> NodeUpgrade::takeString(StringRef name) {
  auto value = dyn_cast_or_null<StringAttr>(node.attributes.erase(name));
  return value ? std::optional<std::string>(value.str()) : std::nullopt;
}

std::optional<SmallVector<int64_t>> NodeUpgrade::takeInts(StringRef name) {
  auto value = dyn_cast_or_null<DenseI64ArrayAttr>(node.attributes.erase(name));
  if (!value)
    return std::nullopt;
  return SmallVector<int64_t>(value.asArrayRef());
}

std::optional<SmallVector<float>> NodeUpgrade::takeFloats(StringRef name) {
  auto value = dyn_cast_or_null<DenseF32ArrayAttr>(node.attributes.erase(name));
  if (!value)
    return std::nullopt;
  return SmallVector<float>(value.asArrayRef());
}

static Value emitConstant(NodeUpgrade &upgrade, DenseElementsAttr value) {
  return upgrade.emit("Constant", {}, upgrade.builder.getNamedAttr("value", value));
}

Value NodeUpgrade::ints(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get(static_cast<int64_t>(values.size()), builder.getI64Type());
  return emitConstant(*this, DenseElementsAttr::get(type, values));
}

Value NodeUpgrade::scalar(int64_t value) {
  return emitConstant(*this, DenseElementsAttr::get(RankedTensorType::get({}, builder.getI64Type()),
                                                    ArrayRef<int64_t>(value)));
}

Value NodeUpgrade::floats(ArrayRef<float> values) {
  auto type = RankedTensorType::get(static_cast<int64_t>(values.size()), builder.getF32Type());
  return emitConstant(*this, DenseElementsAttr::get(type, values));
}

Value NodeUpgrade::scalarOf(double value, Type type) {
  Attribute element;
  if (isa<FloatType>(type))
    element = builder.getFloatAttr(type, value);
  else if (auto integer = dyn_cast<IntegerType>(type); integer && std::abs(value) < 9e18)
    element = builder.getIntegerAttr(type, APInt(integer.getWidth(),
                                                 static_cast<uint64_t>(static_cast<int64_t>(value)),
                                                 /*isSigned=*/false, /*implicitTrunc=*/true));
  if (!element) {
    error.Update(unsupported("a constant of its element type cannot be made"));
    return {};
  }
  return emitConstant(*this, DenseElementsAttr::get(RankedTensorType::get({}, type), element));
}

SmallVector<NamedAttribute> NodeUpgrade::takeAttributes() {
  SmallVector<NamedAttribute> attributes(node.attributes.begin(), node.attributes.end());
  node.attributes = NamedAttrList();
  return attributes;
}

NamedAttribute NodeUpgrade::intAttr(StringRef name, int64_t value) {
  return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
}

SmallVector<Value> NodeUpgrade::emitAll(StringRef op, ArrayRef<Value> operands,
                                        ArrayRef<NamedAttribute> attributes, size_t count) {
  if (!error.ok())
    return {};
  SourceNode added(node.loc);
  added.label = node.label;
  added.op = op.str();
  while (!operands.empty() && !operands.back())
    operands = operands.drop_back();
  added.operands.assign(operands.begin(), operands.end());
  added.attributes.append(attributes);
  added.wanted.assign(count, true);
  absl::StatusOr<SmallVector<Value>> results = createOperation(builder, added);
  if (results.ok())
    return *results;
  error = results.status();
  return {};
}

Value NodeUpgrade::emit(StringRef op, ArrayRef<Value> operands,
                        ArrayRef<NamedAttribute> attributes) {
  SmallVector<Value> results = emitAll(op, operands, attributes, 1);
  return results.empty() ? Value() : results.front();
}

Value NodeUpgrade::emitNode() {
  if (!error.ok())
    return {};
  absl::StatusOr<SmallVector<Value>> results = createOperation(builder, node);
  if (results.ok())
    return results->front();
  error = results.status();
  return {};
}

void NodeUpgrade::replaceWith(ArrayRef<Value> values) {
  isReplaced = true;
  replacement.assign(values.begin(), values.end());
}

std::optional<int64_t> NodeUpgrade::rankOf(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type ? std::optional<int64_t>(type.getRank()) : std::nullopt;
}

Type NodeUpgrade::elementType(Value value) { return elementTypeOfValue(value); }

bool NodeUpgrade::isEmptyTensor(Value value) {
  auto type = value ? dyn_cast<RankedTensorType>(value.getType()) : RankedTensorType();
  return type && llvm::is_contained(type.getShape(), 0);
}

void NodeUpgrade::setOperand(size_t index, Value value) {
  if (node.operands.size() <= index)
    node.operands.resize(index + 1);
  node.operands[index] = value;
}

absl::StatusOr<bool> upgradeNode(OpBuilder &builder, SourceNode &node,
                                 SmallVectorImpl<Value> &replacement) {
  if (!node.domain.empty())
    return false;
  SmallVector<const UpgradeStep *> steps;
  for (ArrayRef<UpgradeStep> family :
       {elementwiseUpgrades(), normalizationUpgrades(), reductionUpgrades(), shapeUpgrades(),
        samplingUpgrades(), sequenceUpgrades(), optionalUpgrades()})
    for (const UpgradeStep &step : family)
      if (step.op == node.op && node.version < step.to)
        steps.push_back(&step);
  llvm::sort(steps, [](const UpgradeStep *a, const UpgradeStep *b) { return a->to < b->to; });
  NodeUpgrade upgrade(builder, node);
  for (const UpgradeStep *step : steps) {
    HEDDLE_RETURN_IF_ERROR(step->function(upgrade));
    HEDDLE_RETURN_IF_ERROR(upgrade.error);
    if (upgrade.isReplaced) {
      replacement.assign(upgrade.replacement.begin(), upgrade.replacement.end());
      return true;
    }
  }
  return false;
}

} // namespace heddle
