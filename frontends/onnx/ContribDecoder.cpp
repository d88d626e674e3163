// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What decoders of com.microsoft have: attention of groups of queries whose keys follow those of
// the past, and rotations by position.

#include "frontends/onnx/ContribOperators.h"

using namespace mlir;

namespace heddle {

/// The number of elements that caches rotate, where their type says it, or 0: all of a head.
static int64_t rotatedElements(Value cache) {
  auto type = dyn_cast<RankedTensorType>(cache.getType());
  return type && type.getRank() == 2 && !type.isDynamicDim(1) ? 2 * type.getDimSize(1) : 0;
}

/// (input, positions of [batch, sequence] or the first one, cosines, sines)
static absl::Status rotaryEmbedding(NodeUpgrade &upgrade) {
  Value x = upgrade.operand(0), positions = upgrade.operand(1);
  if (upgrade.takeInt("is_packed_batching").value_or(0))
    return unsupported("packed batches are not supported");
  if (upgrade.takeFloat("scale").value_or(1.0) != 1.0)
    return unsupported("a scale is not supported");
  SmallVector<NamedAttribute> attributes;
  if (int64_t heads = upgrade.takeInt("num_heads").value_or(0))
    attributes.push_back(upgrade.intAttr("num_heads", heads));
  llvm::append_range(attributes, upgrade.takeAttributes());
  if (NodeUpgrade::rankOf(positions) == 1) {
    Value tokens = sizeOf(upgrade, x, -2);
    Value shape =
        upgrade.emit("Concat", {sizeOf(upgrade, x, 0), tokens}, upgrade.intAttr("axis", 0));
    positions = upgrade.emit("Expand", {positionsFrom(upgrade, positions, tokens), shape});
  }
  upgrade.replaceWith(upgrade.emit(
      "RotaryEmbedding", {x, upgrade.operand(2), upgrade.operand(3), positions}, attributes));
  return absl::OkStatus();
}

/// Zeros of [batch, 1]. The operator puts new keys behind as many of the past as the lengths of the
/// sequences say, ours go behind all of them: an index out of range refuses the run where these
/// differ. The first tokens have no past, and any length.
static Value whereAllPastCounts(NodeUpgrade &upgrade, Value first, Value tokens, Value lastOfAll) {
  Value last = upgrade.emit("Cast", {lastOfAll}, upgrade.intAttr("to", 7));
  Value lengths = upgrade.emit(
      "Add", {upgrade.emit("Reshape", {last, upgrade.ints({-1, 1})}), upgrade.ints(1)});
  Value spare = upgrade.emit("Sub", {upgrade.emit("Add", {first, tokens}), lengths});
  Value hasPast = upgrade.emit("Min", {first, upgrade.ints(1)});
  Value even = upgrade.emit("Mul", {hasPast, upgrade.ints(2)}); // -1 would be a valid index
  return upgrade.emit("Gather", {upgrade.ints(0), upgrade.emit("Mul", {spare, even})});
}

/// Queries, keys and values that are one tensor, apart.
static SmallVector<Value> unpacked(NodeUpgrade &upgrade, Value packed, int64_t heads,
                                   int64_t groups) {
  Value byHead = upgrade.emit("Reshape", {packed, upgrade.ints({0, 0, heads + 2 * groups, -1})});
  SmallVector<Value> parts = upgrade.emitAll(
      "Split", {byHead, upgrade.ints({heads, groups, groups})}, upgrade.intAttr("axis", 2), 3);
  for (Value &part : parts)
    part = upgrade.emit("Reshape", {part, upgrade.ints({0, 0, -1})});
  parts.resize(3);
  return parts;
}

/// (query, key, value, past key, past value, index of each sequence's last token, number of all
/// tokens, cosines, sines, positions, bias of the scores)
static absl::Status groupQueryAttention(NodeUpgrade &upgrade) {
  int64_t heads = upgrade.takeInt("num_heads").value_or(0);
  int64_t groups = upgrade.takeInt("kv_num_heads").value_or(0);
  if (heads < 1 || groups < 1 || heads % groups != 0 || heads > INT32_MAX)
    return invalidInput("'num_heads' and 'kv_num_heads' are no numbers of heads and groups");
  for (StringRef name : {"smooth_softmax", "qk_output"})
    if (upgrade.takeInt(name).value_or(0) > 0)
      return unsupported("its attribute '" + name + "' is not supported");
  for (StringRef name : {"k_quant_type", "v_quant_type"})
    if (upgrade.takeString(name).value_or("NONE") != "NONE")
      return unsupported("keys and values of fewer bits are not supported");
  upgrade.takeInt("kv_cache_bit_width");
  if (!upgrade.operand(1) != !upgrade.operand(2) || !upgrade.operand(3) != !upgrade.operand(4))
    return invalidInput("keys without values, or values without keys");

  Value first = upgrade.operand(3) ? sizeOf(upgrade, upgrade.operand(3), 2) : upgrade.ints(0);
  Value tokens = sizeOf(upgrade, upgrade.operand(0), 1);
  Value zeros = whereAllPastCounts(upgrade, first, tokens, upgrade.operand(5));
  SmallVector<Value> qkv = {upgrade.operand(0), upgrade.operand(1), upgrade.operand(2)};
  if (!qkv[1])
    qkv = unpacked(upgrade, qkv[0], heads, groups);
  NamedAttribute interleaved =
      upgrade.intAttr("interleaved", upgrade.takeInt("rotary_interleaved").value_or(0));
  if (upgrade.takeInt("do_rotary").value_or(0)) {
    Value cosines = upgrade.operand(7), sines = upgrade.operand(8), given = upgrade.operand(9);
    if (!cosines || !sines)
      return invalidInput("'do_rotary' needs cosines and sines");
    Value positions =
        upgrade.emit("Add", {zeros, given ? given : positionsFrom(upgrade, first, tokens)});
    NamedAttribute rotated = upgrade.intAttr("rotary_embedding_dim", rotatedElements(cosines));
    for (auto [value, count] : {std::pair(&qkv[0], heads), std::pair(&qkv[1], groups)})
      *value = upgrade.emit("RotaryEmbedding", {*value, cosines, sines, positions},
                            {interleaved, rotated, upgrade.intAttr("num_heads", count)});
  } else {
    Value kind = upgrade.emit("CastLike", {zeros, upgrade.operand(0)});
    qkv[0] = upgrade.emit("Add", {qkv[0], upgrade.emit("Unsqueeze", {kind, upgrade.ints(2)})});
  }
  int64_t window = upgrade.takeInt("local_window_size").value_or(-1);
  SmallVector<NamedAttribute> attributes = {
      upgrade.intAttr("q_num_heads", heads), upgrade.intAttr("kv_num_heads", groups),
      upgrade.intAttr("is_causal", 1),
      upgrade.intAttr("left_window_size", std::max(window, int64_t(0)) - 1)};
  for (StringRef name : {"scale", "softcap"})
    if (std::optional<double> number = upgrade.takeFloat(name); number && *number != 0)
      attributes.push_back(upgrade.builder.getNamedAttr(
          name, upgrade.builder.getF32FloatAttr(static_cast<float>(*number))));
  upgrade.replaceWith(upgrade.emitAll(
      "Attention",
      {qkv[0], qkv[1], qkv[2], upgrade.operand(10), upgrade.operand(3), upgrade.operand(4)},
      attributes, upgrade.wants(1) || upgrade.wants(2) ? 3 : 1));
  return absl::OkStatus();
}

ArrayRef<ContribOperator> decoderContribOperators() {
  static const ContribOperator operators[] = {
      {"GroupQueryAttention", 11, 0b10'0001, groupQueryAttention},
      {"RotaryEmbedding", 4, 0b1111, rotaryEmbedding},
  };
  return operators;
}

} // namespace heddle
