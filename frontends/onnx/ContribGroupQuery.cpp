// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// GroupQueryAttention of com.microsoft: groups of queries over the keys of a past and new ones. New
// keys go behind the past where all of it counts, or into it, at a place for each sequence:
//
//   If(all of the past counts): Attention(q, k, v, past)
//   else:                       present = TensorScatter(past, k, starts)
//                               Attention(q, present[:total], keys up to each query's place)

#include "dialects/heddle/Heddle.h"
#include "dialects/onnx/Onnx.h"
#include "frontends/onnx/ContribOperators.h"

using namespace mlir;

namespace heddle {

/// The number of elements that caches rotate, where their type says it, or 0: all of a head.
static int64_t rotatedElements(Value cache) {
  auto type = dyn_cast<RankedTensorType>(cache.getType());
  return type && type.getRank() == 2 && !type.isDynamicDim(1) ? 2 * type.getDimSize(1) : 0;
}

/// Where keys and values of new tokens go, and how many of all count.
struct Places {
  Value past, tokens, total; ///< entries of the past, new tokens and all tokens, vectors of one
  Value starts;              ///< where the new tokens of each sequence begin, of [batch]
  Value positions;           ///< of new tokens, of [batch, tokens]
  Value areBehind;           ///< whether these are behind the whole past, in all sequences
};

/// New tokens are the last ones of as many as `lastOfAll` says, and the first ones where there are no
/// others. Where more than `total` tokens would count, an index out of range refuses the run.
static Places placesOf(NodeUpgrade &upgrade, Value past, Value tokens, Value lastOfAll,
                       Value total) {
  Places places;
  places.past = past;
  places.tokens = tokens;
  auto vector = [&](Value number) {
    return upgrade.emit(
        "Reshape", {upgrade.emit("Cast", {number}, upgrade.intAttr("to", 7)), upgrade.ints(-1)});
  };
  places.total = vector(total);
  Value none = upgrade.ints(0), one = upgrade.ints(1);
  Value lengths = upgrade.emit("Add", {vector(lastOfAll), one});
  Value beyond = upgrade.emit("Max", {upgrade.emit("Sub", {lengths, places.total}), none});
  Value hasOthers = upgrade.emit("Min", {upgrade.emit("Sub", {places.total, tokens}), one});
  Value others = upgrade.emit("Mul", {upgrade.emit("Sub", {lengths, tokens}), hasOthers});
  places.starts = upgrade.emit("Add", {others, upgrade.emit("Gather", {none, beyond})});
  places.positions =
      positionsFrom(upgrade, upgrade.emit("Unsqueeze", {places.starts, upgrade.ints(1)}), tokens);
  Value apart = upgrade.emit("Abs", {upgrade.emit("Sub", {places.starts, past})});
  Value most = upgrade.emit("ReduceMax", {apart}, upgrade.intAttr("keepdims", 1));
  Value grown = upgrade.emit("Add", {past, tokens});
  places.areBehind = upgrade.emit(
      "And", {upgrade.emit("Equal", {places.total, grown}), upgrade.emit("Equal", {most, none})});
  return places;
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

/// An If of two branches.
static SmallVector<Value> either(NodeUpgrade &upgrade, Value condition,
                                 function_ref<SmallVector<Value>()> then,
                                 function_ref<SmallVector<Value>()> otherwise) {
  OpBuilder &b = upgrade.builder;
  SmallVector<std::unique_ptr<Region>> regions;
  SmallVector<Type> types;
  for (auto build : {then, otherwise}) {
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(regions.emplace_back(std::make_unique<Region>()).get());
    SmallVector<Value> values = build();
    if (!upgrade.error.ok())
      return {};
    onnx::YieldOp::create(b, upgrade.node.loc, values);
    types = llvm::map_to_vector(values, [&](Value value) -> Type {
      return UnrankedTensorType::get(upgrade.elementType(value));
    });
  }
  auto branch = onnx::IfOp::create(b, upgrade.node.loc, types, condition);
  branch.getThenBranch().takeBody(*regions[0]);
  branch.getElseBranch().takeBody(*regions[1]);
  return llvm::to_vector_of<Value>(branch.getResults());
}

namespace {

/// What all forms of a past take.
struct Grouped {
  int64_t heads = 0, groups = 0;
  int64_t window = 0; ///< keys that a query sees, or 0 for all
  Value q, k, v;      ///< of [batch, tokens, heads * size]
  Value pastKey, pastValue, bias;
  Places places;
  SmallVector<NamedAttribute> attributes; ///< of scores
  size_t results = 1;                     ///< 3 where the present is wanted
};

} // namespace

/// New keys and values go behind the whole past.
static SmallVector<Value> behindPast(NodeUpgrade &upgrade, const Grouped &of) {
  SmallVector<NamedAttribute> attributes(of.attributes);
  attributes.append({upgrade.intAttr("q_num_heads", of.heads),
                     upgrade.intAttr("kv_num_heads", of.groups), upgrade.intAttr("is_causal", 1),
                     upgrade.intAttr("left_window_size", of.window - 1)});
  return upgrade.emitAll("Attention", {of.q, of.k, of.v, of.bias, of.pastKey, of.pastValue},
                         attributes, of.results);
}

/// Whether queries see keys, of [batch, 1, tokens, keys].
static Value seenKeys(NodeUpgrade &upgrade, const Grouped &of, Value keys) {
  Value rows = upgrade.emit("Unsqueeze", {of.places.positions, upgrade.ints({1, 3})});
  Value seen = upgrade.emit("LessOrEqual", {keys, rows});
  if (of.window == 0)
    return seen;
  Value first = upgrade.emit("Sub", {rows, upgrade.ints(of.window - 1)});
  return upgrade.emit("And", {seen, upgrade.emit("GreaterOrEqual", {keys, first})});
}

/// New keys and values go into a past with room for them.
static SmallVector<Value> intoPast(NodeUpgrade &upgrade, const Grouped &of) {
  const Places &places = of.places;
  auto present = [&](Value past, Value now) {
    return upgrade.emit("TensorScatter", {past, byHeads(upgrade, now, of.groups), places.starts},
                        upgrade.intAttr("axis", 2));
  };
  auto firstOf = [&](Value all) {
    return upgrade.emit("Slice", {all, upgrade.ints(0), places.total, upgrade.ints(2)});
  };
  Value presentKey = present(of.pastKey, of.k), presentValue = present(of.pastValue, of.v);
  Value keys = firstOf(presentKey), values = firstOf(presentValue);
  Value order = upgrade.emit("Slice", {positionsFrom(upgrade, upgrade.ints(0), places.past),
                                       upgrade.ints(0), places.total});
  // Behind a sequence that is shorter than others there may be what is no number.
  Value ends = upgrade.emit(
      "Unsqueeze", {upgrade.emit("Add", {places.starts, places.tokens}), upgrade.ints({1, 2, 3})});
  Value counts = upgrade.emit("Less", {upgrade.emit("Unsqueeze", {order, upgrade.ints(1)}), ends});
  for (Value *read : {&keys, &values})
    *read = upgrade.emit("Where",
                         {counts, *read, upgrade.scalarOf(0, upgrade.elementType(of.pastKey))});
  Value mask = seenKeys(upgrade, of, order);
  if (of.bias)
    mask = upgrade.emit("Where", {mask, of.bias,
                                  upgrade.scalarOf(-std::numeric_limits<double>::infinity(),
                                                   upgrade.elementType(of.bias))});
  Value result = upgrade.emit("Attention", {byHeads(upgrade, of.q, of.heads), keys, values, mask},
                              of.attributes);
  SmallVector<Value> results = {withHeadsJoined(upgrade, result), presentKey, presentValue};
  results.resize(of.results);
  return results;
}

/// The same of a past that is made as long as all tokens: one of several sequences is shorter.
static SmallVector<Value> intoLongerPast(NodeUpgrade &upgrade, Grouped of) {
  Value missing = upgrade.emit("Sub", {of.places.total, of.places.past});
  Value pads = upgrade.emit("Concat", {upgrade.ints(0), missing}, upgrade.intAttr("axis", 0));
  for (Value *past : {&of.pastKey, &of.pastValue})
    *past = upgrade.emit("Pad", {*past, pads, Value(), upgrade.ints(2)});
  of.places.past = of.places.total;
  return intoPast(upgrade, of);
}

/// Turns queries and keys by their positions, or those that are given.
static absl::Status rotate(NodeUpgrade &upgrade, Grouped &of) {
  NamedAttribute interleaved =
      upgrade.intAttr("interleaved", upgrade.takeInt("rotary_interleaved").value_or(0));
  if (!upgrade.takeInt("do_rotary").value_or(0))
    return absl::OkStatus();
  Value cosines = upgrade.operand(7), sines = upgrade.operand(8), given = upgrade.operand(9);
  if (!cosines || !sines)
    return invalidInput("'do_rotary' needs cosines and sines");
  NamedAttribute rotated = upgrade.intAttr("rotary_embedding_dim", rotatedElements(cosines));
  for (auto [value, count] : {std::pair(&of.q, of.heads), std::pair(&of.k, of.groups)})
    *value = upgrade.emit("RotaryEmbedding",
                          {*value, cosines, sines, given ? given : of.places.positions},
                          {interleaved, rotated, upgrade.intAttr("num_heads", count)});
  return absl::OkStatus();
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
  Grouped of;
  of.heads = heads, of.groups = groups;
  of.pastKey = upgrade.operand(3), of.pastValue = upgrade.operand(4);
  of.bias = upgrade.operand(10);
  if (!upgrade.operand(1) != !upgrade.operand(2) || !of.pastKey != !of.pastValue)
    return invalidInput("keys without values, or values without keys");
  SmallVector<Value> qkv = {upgrade.operand(0), upgrade.operand(1), upgrade.operand(2)};
  if (!qkv[1])
    qkv = unpacked(upgrade, qkv[0], heads, groups);
  of.q = qkv[0], of.k = qkv[1], of.v = qkv[2];
  of.places =
      placesOf(upgrade, of.pastKey ? sizeOf(upgrade, of.pastKey, 2) : upgrade.ints(0),
               sizeOf(upgrade, upgrade.operand(0), 1), upgrade.operand(5), upgrade.operand(6));
  HEDDLE_RETURN_IF_ERROR(rotate(upgrade, of));
  of.window = std::max(upgrade.takeInt("local_window_size").value_or(-1), int64_t(0));
  of.results = upgrade.wants(1) || upgrade.wants(2) ? 3 : 1;
  for (StringRef name : {"scale", "softcap"})
    if (std::optional<double> number = upgrade.takeFloat(name); number && *number != 0)
      of.attributes.push_back(upgrade.builder.getNamedAttr(
          name, upgrade.builder.getF32FloatAttr(static_cast<float>(*number))));
  HEDDLE_RETURN_IF_ERROR(upgrade.error);

  auto behind = [&] { return behindPast(upgrade, of); };
  auto into = [&] {
    Value hasRoom = upgrade.emit("LessOrEqual", {of.places.total, of.places.past});
    return either(
        upgrade, hasRoom, [&] { return intoPast(upgrade, of); },
        [&] { return intoLongerPast(upgrade, of); });
  };
  if (!of.pastKey) {
    upgrade.replaceWith(behind());
  } else if (upgrade.pastsGrow) {
    ExpectOp::create(upgrade.builder, upgrade.node.loc, of.places.areBehind, true,
                     "a past that grows in place has no room, and all of it counts");
    upgrade.replaceWith(behind());
  } else {
    upgrade.replaceWith(either(upgrade, of.places.areBehind, behind, into));
  }
  return absl::OkStatus();
}

ArrayRef<ContribOperator> groupQueryContribOperators() {
  static const ContribOperator operators[] = {
      {"GroupQueryAttention", 11, 0b110'0001, groupQueryAttention},
  };
  return operators;
}

} // namespace heddle
