// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Upgrades of elementwise operators: broadcasting by attribute, bounds that became operands.

#include "frontends/onnx/Upgrade.h"

#include "llvm/ADT/StringSwitch.h"

#include <limits>

using namespace mlir;

namespace heddle {

/// Gives `value` as many dimensions of size 1 at its end as `like` has beyond the dimension `from`,
/// an int64 vector of one element.
static Value padShape(NodeUpgrade &upgrade, Value value, Value like, Value from) {
  Value dims = upgrade.emit("Shape", {like});
  Value rest = upgrade.emit(
      "Slice", {dims, from, upgrade.ints(std::numeric_limits<int64_t>::max()), upgrade.ints(0)});
  auto one = DenseElementsAttr::get(RankedTensorType::get(1, upgrade.builder.getI64Type()),
                                    ArrayRef<int64_t>(1));
  Value ones = upgrade.emit("ConstantOfShape", {upgrade.emit("Shape", {rest})},
                            upgrade.builder.getNamedAttr("value", one));
  Value shape =
      upgrade.emit("Concat", {upgrade.emit("Shape", {value}), ones}, upgrade.intAttr("axis", 0));
  return upgrade.emit("Reshape", {value, shape});
}

/// Before version 7 the second operand was broadcast only where the attribute `broadcast` said so,
/// to the dimensions from `axis` on, or to the last ones as now.
static absl::Status legacyBroadcast(NodeUpgrade &upgrade) {
  int64_t broadcast = upgrade.takeInt("broadcast").value_or(0);
  std::optional<int64_t> axis = upgrade.takeInt("axis");
  if (!broadcast || !axis)
    return absl::OkStatus();
  Value a = upgrade.operand(0), b = upgrade.operand(1);
  std::optional<int64_t> rankA = NodeUpgrade::rankOf(a), rankB = NodeUpgrade::rankOf(b);
  if (rankA && *axis < 0)
    axis = *axis + *rankA;
  if (rankA && rankB) {
    int64_t missing = *rankA - *axis - *rankB;
    if (missing < 0 || *axis < 0)
      return invalidInput("its axis does not fit its operands");
    SmallVector<int64_t> axes;
    for (int64_t i = 0; i < missing; ++i)
      axes.push_back(*rankB + i);
    if (!axes.empty())
      upgrade.setOperand(1, upgrade.emit("Unsqueeze", {b, upgrade.ints(axes)}));
    return absl::OkStatus();
  }
  Value rank = upgrade.emit("Shape", {upgrade.emit("Shape", {b})});
  Value from = upgrade.emit("Add", {upgrade.ints(*axis), rank});
  if (*axis < 0)
    from = upgrade.emit("Add", {from, upgrade.emit("Shape", {upgrade.emit("Shape", {a})})});
  upgrade.setOperand(1, padShape(upgrade, b, a, from));
  return absl::OkStatus();
}

/// The slope was one number a channel, the dimension 1.
static absl::Status preluChannels(NodeUpgrade &upgrade) {
  Value slope = upgrade.operand(1);
  if (NodeUpgrade::rankOf(slope).value_or(1) != 1) // a scalar, or shaped to fit already
    return absl::OkStatus();
  upgrade.setOperand(1, padShape(upgrade, slope, upgrade.operand(0), upgrade.ints(2)));
  return absl::OkStatus();
}

/// The bounds became operands. Left out, they are the largest floats, which an infinity exceeds.
static absl::Status clipBounds(NodeUpgrade &upgrade) {
  Type type = NodeUpgrade::elementType(upgrade.operand(0));
  double most = std::numeric_limits<float>::max();
  for (size_t index : {1, 2}) {
    std::optional<double> bound = upgrade.takeFloat(index == 1 ? "min" : "max");
    if (!bound && upgrade.node.version >= 6 && type.isF32())
      bound = index == 1 ? -most : most;
    if (bound)
      upgrade.setOperand(index, upgrade.scalarOf(*bound, type));
  }
  return absl::OkStatus();
}

/// The type was given by name.
static absl::Status castToName(NodeUpgrade &upgrade) {
  std::string name = upgrade.takeString("to").value_or("");
  int64_t number = llvm::StringSwitch<int64_t>(name)
                       .Case("FLOAT", 1)
                       .Case("UINT8", 2)
                       .Case("INT8", 3)
                       .Case("UINT16", 4)
                       .Case("INT16", 5)
                       .Case("INT32", 6)
                       .Case("INT64", 7)
                       .Case("STRING", 8)
                       .Case("BOOL", 9)
                       .Case("FLOAT16", 10)
                       .Case("DOUBLE", 11)
                       .Case("UINT32", 12)
                       .Case("UINT64", 13)
                       .Case("COMPLEX64", 14)
                       .Case("COMPLEX128", 15)
                       .Default(0);
  if (number == 0)
    return invalidInput("its attribute 'to' is '" + name + "', which is no element type");
  upgrade.set("to", upgrade.builder.getI64IntegerAttr(number));
  return absl::OkStatus();
}

ArrayRef<UpgradeStep> elementwiseUpgrades() {
  static const UpgradeStep steps[] = {
      {"Add", 7, legacyBroadcast},   {"And", 7, legacyBroadcast},     {"Div", 7, legacyBroadcast},
      {"Equal", 7, legacyBroadcast}, {"Greater", 7, legacyBroadcast}, {"Less", 7, legacyBroadcast},
      {"Mul", 7, legacyBroadcast},   {"Or", 7, legacyBroadcast},      {"Pow", 7, legacyBroadcast},
      {"Sub", 7, legacyBroadcast},   {"Xor", 7, legacyBroadcast},     {"Gemm", 7, legacyBroadcast},
      {"PRelu", 7, preluChannels},   {"Clip", 11, clipBounds},        {"Cast", 6, castToName},
  };
  return steps;
}

} // namespace heddle
