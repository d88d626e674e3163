// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ContribOperators.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace heddle {

Value plus(NodeUpgrade &upgrade, Value x, Value y) { return y ? upgrade.emit("Add", {x, y}) : x; }

Value toFloat(NodeUpgrade &upgrade, Value x) {
  return upgrade.emit("Cast", {x}, upgrade.intAttr("to", 1));
}

Value productOfIntegers(NodeUpgrade &upgrade, Value a, Value aScale, Value aZeroPoint, Value b,
                        Value bScale, Value bZeroPoint, Value bias) {
  Value sum = upgrade.emit("MatMulInteger", {a, b, aZeroPoint, bZeroPoint});
  Value scale = upgrade.emit("Mul", {aScale, bScale});
  return plus(upgrade, upgrade.emit("Mul", {toFloat(upgrade, sum), scale}), bias);
}

Value sizeOf(NodeUpgrade &upgrade, Value tensor, int64_t axis) {
  SmallVector<NamedAttribute> range = {upgrade.intAttr("start", axis)};
  if (axis != -1)
    range.push_back(upgrade.intAttr("end", axis + 1));
  return upgrade.emit("Shape", {tensor}, range);
}

Value positionsFrom(NodeUpgrade &upgrade, Value first, Value count) {
  Value tokens = upgrade.emit("Squeeze", {count, upgrade.ints(0)});
  Value steps = upgrade.emit("Range", {upgrade.scalar(0), tokens, upgrade.scalar(1)});
  return upgrade.emit("Add", {steps, first});
}

static Value withInnerAxesTurned(NodeUpgrade &upgrade, Value value) {
  return upgrade.emit(
      "Transpose", {value},
      upgrade.builder.getNamedAttr("perm", upgrade.builder.getDenseI64ArrayAttr({0, 2, 1, 3})));
}

Value byHeads(NodeUpgrade &upgrade, Value value, int64_t heads) {
  return withInnerAxesTurned(upgrade,
                             upgrade.emit("Reshape", {value, upgrade.ints({0, 0, heads, -1})}));
}

Value withHeadsJoined(NodeUpgrade &upgrade, Value value) {
  return upgrade.emit("Reshape", {withInnerAxesTurned(upgrade, value), upgrade.ints({0, 0, -1})});
}

const ContribOperator *findContribOperator(StringRef domain, StringRef op) {
  // ONNX Runtime has this one in the domain of the standard.
  if (domain != "com.microsoft" && !(domain.empty() && op == "SimplifiedLayerNormalization"))
    return nullptr;
  for (ArrayRef<ContribOperator> family :
       {attentionContribOperators(), blockContribOperators(), decoderContribOperators(),
        fusedContribOperators(), groupQueryContribOperators(), normalizationContribOperators(),
        quantizedContribOperators()})
    for (const ContribOperator &contrib : family)
      if (contrib.op == op)
        return &contrib;
  return nullptr;
}

absl::Status expandContrib(OpBuilder &builder, const ContribOperator &contrib,
                           const ImportOptions &options, SourceNode &node,
                           SmallVectorImpl<Value> &results) {
  while (!node.operands.empty() && !node.operands.back())
    node.operands.pop_back();
  if (node.operands.size() > contrib.mostOperands)
    return unsupported("its input " + llvm::Twine(contrib.mostOperands) + " is not supported");
  for (unsigned i = 0; contrib.required >> i; ++i)
    if (contrib.required >> i & 1 && !node.operand(i))
      return invalidInput("its input " + llvm::Twine(i) + " is left out but required");
  NodeUpgrade upgrade(builder, node);
  upgrade.pastsGrow = options.pastsGrow;
  HEDDLE_RETURN_IF_ERROR(contrib.expand(upgrade));
  HEDDLE_RETURN_IF_ERROR(upgrade.error);
  if (!node.attributes.empty())
    return unsupported("its attribute '" + node.attributes.begin()->getName().strref() +
                       "' is not supported");
  for (auto [index, wanted] : llvm::enumerate(node.wanted))
    if (wanted && (index >= upgrade.replacement.size() || !upgrade.replacement[index]))
      return unsupported("its result " + llvm::Twine(index) + " is not supported");
  results.assign(upgrade.replacement.begin(), upgrade.replacement.end());
  return absl::OkStatus();
}

} // namespace heddle
