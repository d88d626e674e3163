// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attention of com.microsoft as that of ai.onnx: masks of keys become summands, the three
// projections a product.

#include "frontends/onnx/ContribOperators.h"

using namespace mlir;

namespace heddle {

namespace {

/// What the attentions of both domains need.
struct Attended {
  Value q, k, v;
  Value mask; ///< of keys: ones where a key counts, of [batch, keys]
  Value bias; ///< added to the scores
  Value pastKey, pastValue;
};

} // namespace

/// The number of dimensions, where conversions lead to a value whose type says it.
static std::optional<int64_t> rankThroughCasts(Value value) {
  while (Operation *cast = value.getDefiningOp()) {
    if (cast->getName().stripDialect() != "Cast")
      break;
    value = cast->getOperand(0);
  }
  return NodeUpgrade::rankOf(value);
}

/// The output, and the keys and values with those of the past where the node wants them.
static absl::StatusOr<SmallVector<Value>> attention(NodeUpgrade &upgrade, Attended operands) {
  OpBuilder &b = upgrade.builder;
  std::optional<int64_t> heads = upgrade.takeInt("num_heads");
  if (!heads)
    return invalidInput("it needs the attribute 'num_heads'");
  double filter = upgrade.takeFloat("mask_filter_value").value_or(-10000.0);
  SmallVector<NamedAttribute> attributes = {upgrade.intAttr("q_num_heads", *heads),
                                            upgrade.intAttr("kv_num_heads", *heads)};
  if (std::optional<double> scale = upgrade.takeFloat("scale"); scale && *scale != 0)
    attributes.push_back(b.getNamedAttr("scale", b.getF32FloatAttr(static_cast<float>(*scale))));
  if (upgrade.takeInt("unidirectional").value_or(0))
    attributes.push_back(upgrade.intAttr("is_causal", 1));
  Value bias = operands.bias;
  if (operands.mask) {
    if (rankThroughCasts(operands.mask) != 2)
      return unsupported("only masks of [batch, keys] are supported");
    Type f32 = b.getF32Type();
    Value counts = toFloat(upgrade, operands.mask);
    Value gone = upgrade.emit("Sub", {upgrade.scalarOf(1, f32), counts});
    Value summand = upgrade.emit("Mul", {gone, upgrade.scalarOf(filter, f32)});
    summand = upgrade.emit("Unsqueeze", {summand, upgrade.ints({1, 2})});
    bias = plus(upgrade, summand, bias);
  }
  return upgrade.emitAll(
      "Attention", {operands.q, operands.k, operands.v, bias, operands.pastKey, operands.pastValue},
      attributes, operands.pastKey ? 3 : 1);
}

/// (input, weights, bias, mask, past, bias of the scores): past and present hold keys, then values.
static absl::Status packedAttention(NodeUpgrade &upgrade) {
  if (!upgrade.operand(4) && upgrade.wants(1))
    return unsupported("keys and values as a result without those of the past are not supported");
  Value projected = upgrade.emit("MatMul", {upgrade.operand(0), upgrade.operand(1)});
  projected = plus(upgrade, projected, upgrade.operand(2));
  SmallVector<Value> parts = upgrade.emitAll(
      "Split", {projected}, {upgrade.intAttr("axis", -1), upgrade.intAttr("num_outputs", 3)}, 3);
  if (parts.empty())
    return absl::OkStatus();
  Attended operands{parts[0], parts[1], parts[2], upgrade.operand(3), upgrade.operand(5), {}, {}};
  if (Value past = upgrade.operand(4)) {
    operands.pastKey = upgrade.emit("Gather", {past, upgrade.scalar(0)});
    operands.pastValue = upgrade.emit("Gather", {past, upgrade.scalar(1)});
  }
  HEDDLE_ASSIGN_OR_RETURN(SmallVector<Value> results, attention(upgrade, operands));
  if (results.size() == 3) {
    Value keys = upgrade.emit("Unsqueeze", {results[1], upgrade.ints(0)});
    Value values = upgrade.emit("Unsqueeze", {results[2], upgrade.ints(0)});
    results = {results[0], upgrade.emit("Concat", {keys, values}, upgrade.intAttr("axis", 0))};
  }
  upgrade.replaceWith(results);
  return absl::OkStatus();
}

/// (query, key, value, bias of the three, mask, bias of the scores, past key, past value)
static absl::Status multiHeadAttention(NodeUpgrade &upgrade) {
  if (!upgrade.operand(6) && upgrade.wants(1))
    return unsupported("keys and values as results without those of the past are not supported");
  SmallVector<Value> qkv = {upgrade.operand(0), upgrade.operand(1), upgrade.operand(2)};
  if (upgrade.operand(3)) {
    SmallVector<Value> biases =
        upgrade.emitAll("Split", {upgrade.operand(3)},
                        {upgrade.intAttr("axis", 0), upgrade.intAttr("num_outputs", 3)}, 3);
    for (auto [value, bias] : llvm::zip(qkv, biases))
      value = upgrade.emit("Add", {value, bias});
  }
  HEDDLE_ASSIGN_OR_RETURN(
      SmallVector<Value> results,
      attention(upgrade, {qkv[0], qkv[1], qkv[2], upgrade.operand(4), upgrade.operand(5),
                          upgrade.operand(6), upgrade.operand(7)}));
  upgrade.replaceWith(results);
  return absl::OkStatus();
}

ArrayRef<ContribOperator> attentionContribOperators() {
  static const ContribOperator operators[] = {
      {"Attention", 6, 0b11, packedAttention},
      {"MultiHeadAttention", 8, 0b111, multiHeadAttention},
  };
  return operators;
}

} // namespace heddle
