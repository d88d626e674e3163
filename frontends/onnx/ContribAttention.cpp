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
  Value q, k, v; ///< of [batch, time, heads * size], or all of [batch, heads, time, size]
  Value mask;    ///< of keys: how many count, of [batch], or ones where they do
  Value bias;    ///< added to the scores
  Value pastKey, pastValue;
  int64_t timeAxis = 1;
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

static absl::StatusOr<int64_t> takeHeads(NodeUpgrade &upgrade) {
  int64_t heads = upgrade.takeInt("num_heads").value_or(0);
  if (heads < 1 || heads > INT32_MAX)
    return invalidInput("it needs the attribute 'num_heads'");
  return heads;
}

/// Where keys count, of [batch, keys]: the first ones, as many as `lengths` says.
static Value firstKeys(NodeUpgrade &upgrade, Value lengths, const Attended &operands) {
  Value keys = sizeOf(upgrade, operands.k, operands.timeAxis);
  if (operands.pastKey)
    keys = upgrade.emit("Add", {keys, sizeOf(upgrade, operands.pastKey, 2)});
  // Other forms of such a mask have more elements than there are batches.
  Value column = upgrade.emit("Concat", {sizeOf(upgrade, operands.q, 0), upgrade.ints(1)},
                              upgrade.intAttr("axis", 0));
  Value wide = upgrade.emit("Cast", {lengths}, upgrade.intAttr("to", 7));
  return upgrade.emit("Less", {positionsFrom(upgrade, upgrade.ints(0), keys),
                               upgrade.emit("Reshape", {wide, column})});
}

/// What is added to the scores of keys that do not count.
static absl::StatusOr<Value> summandOf(NodeUpgrade &upgrade, const Attended &operands,
                                       double filter) {
  Value counts = operands.mask;
  std::optional<int64_t> rank = rankThroughCasts(counts);
  if (!rank || *rank < 1 || *rank > 3)
    return unsupported(
        "only masks of [batch], [batch, keys] and [batch, queries, keys] are supported");
  if (*rank == 1)
    counts = firstKeys(upgrade, counts, operands);
  Type f32 = upgrade.builder.getF32Type();
  Value gone = upgrade.emit("Sub", {upgrade.scalarOf(1, f32), toFloat(upgrade, counts)});
  Value summand = upgrade.emit("Mul", {gone, upgrade.scalarOf(filter, f32)});
  return upgrade.emit("Unsqueeze", {summand, *rank == 3 ? upgrade.ints(1) : upgrade.ints({1, 2})});
}

/// The output, and the keys and values with those of the past where there are any.
static absl::StatusOr<SmallVector<Value>> attention(NodeUpgrade &upgrade, int64_t heads,
                                                    const Attended &operands) {
  OpBuilder &b = upgrade.builder;
  double filter = upgrade.takeFloat("mask_filter_value").value_or(-10000.0);
  SmallVector<NamedAttribute> attributes;
  if (operands.timeAxis == 1)
    attributes = {upgrade.intAttr("q_num_heads", heads), upgrade.intAttr("kv_num_heads", heads)};
  if (std::optional<double> scale = upgrade.takeFloat("scale"); scale && *scale != 0)
    attributes.push_back(b.getNamedAttr("scale", b.getF32FloatAttr(static_cast<float>(*scale))));
  if (upgrade.takeInt("unidirectional").value_or(0))
    attributes.push_back(upgrade.intAttr("is_causal", 1));
  Value bias = operands.bias;
  if (operands.mask) {
    HEDDLE_ASSIGN_OR_RETURN(Value summand, summandOf(upgrade, operands, filter));
    bias = plus(upgrade, summand, bias);
  }
  return upgrade.emitAll(
      "Attention", {operands.q, operands.k, operands.v, bias, operands.pastKey, operands.pastValue},
      attributes, operands.pastKey ? 3 : 1);
}

/// Of one tensor of queries, keys and values: past and present hold keys, then values.
static absl::Status ofProjected(NodeUpgrade &upgrade, Value projected, Value mask, Value past,
                                Value bias) {
  HEDDLE_ASSIGN_OR_RETURN(int64_t heads, takeHeads(upgrade));
  for (StringRef name : {"do_rotary", "past_present_share_buffer"})
    if (upgrade.takeInt(name).value_or(0))
      return unsupported("its attribute '" + name + "' is not supported");
  SmallVector<Value> parts = upgrade.emitAll(
      "Split", {projected}, {upgrade.intAttr("axis", -1), upgrade.intAttr("num_outputs", 3)}, 3);
  if (parts.empty())
    return absl::OkStatus();
  Attended operands{parts[0], parts[1], parts[2], mask, bias, {}, {}};
  if (past) {
    operands.pastKey = upgrade.emit("Gather", {past, upgrade.scalar(0)});
    operands.pastValue = upgrade.emit("Gather", {past, upgrade.scalar(1)});
  }
  HEDDLE_ASSIGN_OR_RETURN(SmallVector<Value> results, attention(upgrade, heads, operands));
  if (upgrade.wants(1) && results.size() == 1)
    results.append({byHeads(upgrade, operands.k, heads), byHeads(upgrade, operands.v, heads)});
  if (results.size() == 3) {
    Value keys = upgrade.emit("Unsqueeze", {results[1], upgrade.ints(0)});
    Value values = upgrade.emit("Unsqueeze", {results[2], upgrade.ints(0)});
    results = {results[0], upgrade.emit("Concat", {keys, values}, upgrade.intAttr("axis", 0))};
  }
  upgrade.replaceWith(results);
  return absl::OkStatus();
}

/// (input, weights, bias, mask, past, bias of the scores)
static absl::Status packedAttention(NodeUpgrade &upgrade) {
  Value projected = upgrade.emit("MatMul", {upgrade.operand(0), upgrade.operand(1)});
  return ofProjected(upgrade, plus(upgrade, projected, upgrade.operand(2)), upgrade.operand(3),
                     upgrade.operand(4), upgrade.operand(5));
}

/// (input, weights, bias, scale of the input, scale of the weights, mask, zero points of both, past)
static absl::Status quantizedAttention(NodeUpgrade &upgrade) {
  Value projected = productOfIntegers(upgrade, upgrade.operand(0), upgrade.operand(3),
                                      upgrade.operand(6), upgrade.operand(1), upgrade.operand(4),
                                      upgrade.operand(7), upgrade.operand(2));
  return ofProjected(upgrade, projected, upgrade.operand(5), upgrade.operand(8), Value());
}

/// Part of [batch, time, heads, parts, size], as [batch, time, heads * size].
static Value partOf(NodeUpgrade &upgrade, Value packed, int64_t part) {
  Value apart = upgrade.emit("Gather", {packed, upgrade.scalar(part)}, upgrade.intAttr("axis", 3));
  return upgrade.emit("Reshape", {apart, upgrade.ints({0, 0, -1})});
}

/// (query, key, value, bias of the three, mask, bias of the scores, past key, past value). All three
/// may be the query, and the last two the key; of four dimensions, these are of another attention's.
static absl::Status multiHeadAttention(NodeUpgrade &upgrade) {
  HEDDLE_ASSIGN_OR_RETURN(int64_t heads, takeHeads(upgrade));
  Value pastKey = upgrade.operand(6), pastValue = upgrade.operand(7);
  if (!pastKey != !pastValue || (!upgrade.operand(1) && upgrade.operand(2)))
    return invalidInput("keys without values, or values without keys");
  SmallVector<Value> qkv = {upgrade.operand(0), upgrade.operand(1), upgrade.operand(2)};
  if (!qkv[1])
    qkv = {partOf(upgrade, qkv[0], 0), partOf(upgrade, qkv[0], 1), partOf(upgrade, qkv[0], 2)};
  else if (!qkv[2])
    qkv = {qkv[0], partOf(upgrade, qkv[1], 0), partOf(upgrade, qkv[1], 1)};
  HEDDLE_RETURN_IF_ERROR(upgrade.error);
  bool isOfAnother = rankThroughCasts(qkv[1]) == 4;
  if (isOfAnother && (pastKey || upgrade.wants(1)))
    return unsupported("keys of four dimensions with those of a past are not supported");
  if (upgrade.operand(3)) {
    SmallVector<Value> biases =
        upgrade.emitAll("Split", {upgrade.operand(3)},
                        {upgrade.intAttr("axis", 0), upgrade.intAttr("num_outputs", 3)}, 3);
    for (auto [value, bias] : llvm::zip(qkv, biases))
      if (!isOfAnother || value == qkv[0])
        value = upgrade.emit("Add", {value, bias});
  }
  if (isOfAnother)
    qkv[0] = byHeads(upgrade, qkv[0], heads);
  HEDDLE_ASSIGN_OR_RETURN(SmallVector<Value> results,
                          attention(upgrade, heads,
                                    {qkv[0], qkv[1], qkv[2], upgrade.operand(4), upgrade.operand(5),
                                     pastKey, pastValue, isOfAnother ? 2 : 1}));
  if (isOfAnother && !results.empty()) {
    results = {withHeadsJoined(upgrade, results[0])};
  } else if (!pastKey && (upgrade.wants(1) || upgrade.wants(2))) {
    results.append({byHeads(upgrade, qkv[1], heads), byHeads(upgrade, qkv[2], heads)});
  }
  upgrade.replaceWith(results);
  return absl::OkStatus();
}

ArrayRef<ContribOperator> attentionContribOperators() {
  static const ContribOperator operators[] = {
      {"Attention", 6, 0b11, packedAttention},
      {"MultiHeadAttention", 8, 0b1, multiHeadAttention},
      {"QAttention", 9, 0b1'1111, quantizedAttention},
  };
  return operators;
}

} // namespace heddle
