// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Upgrades of normalisations, of softmax and its kin, and of dropout.

#include "frontends/onnx/Upgrade.h"

using namespace mlir;

namespace heddle {

/// Before version 13 all dimensions from `axis` on were normalised together, as one row of a matrix.
static absl::Status flattenedRows(NodeUpgrade &upgrade) {
  int64_t axis = upgrade.takeInt("axis").value_or(1);
  Value input = upgrade.operand(0);
  std::optional<int64_t> rank = NodeUpgrade::rankOf(input);
  upgrade.set("axis", upgrade.builder.getI64IntegerAttr(-1));
  if (axis == -1 || (rank && axis == *rank - 1))
    return absl::OkStatus();
  Value shape = upgrade.emit("Shape", {input});
  upgrade.setOperand(0, upgrade.emit("Flatten", {input}, upgrade.intAttr("axis", axis)));
  upgrade.replaceWith(upgrade.emit("Reshape", {upgrade.emitNode(), shape}));
  return absl::OkStatus();
}

/// Statistics for each element rather than each channel: written out, as no newer version has it.
static absl::Status perElementBatchNormalization(NodeUpgrade &upgrade, double epsilon) {
  Value x = upgrade.operand(0), scale = upgrade.operand(1), bias = upgrade.operand(2);
  Value mean = upgrade.operand(3), variance = upgrade.operand(4);
  Value small = upgrade.scalarOf(epsilon, NodeUpgrade::elementType(variance));
  Value deviation = upgrade.emit("Sqrt", {upgrade.emit("Add", {variance, small})});
  Value normal = upgrade.emit("Div", {upgrade.emit("Sub", {x, mean}), deviation});
  upgrade.replaceWith(upgrade.emit("Add", {upgrade.emit("Mul", {normal, scale}), bias}));
  return absl::OkStatus();
}

static absl::Status batchNormalizationStatistics(NodeUpgrade &upgrade) {
  // Models for inference often lack is_test = 1; the single result is what tells.
  upgrade.takeInt("is_test");
  if (upgrade.node.wanted.size() > 1)
    return unsupported("its training form (with more results than one) is not supported in this "
                       "version");
  if (upgrade.takeInt("spatial").value_or(1) == 0)
    return perElementBatchNormalization(upgrade, upgrade.takeFloat("epsilon").value_or(1e-5));
  return absl::OkStatus();
}

/// Scale and bias were given for each group.
static absl::Status groupStatistics(NodeUpgrade &upgrade) {
  auto groups = dyn_cast_or_null<IntegerAttr>(upgrade.node.attributes.get("num_groups"));
  if (!groups || groups.getInt() < 1)
    return invalidInput("its num_groups must be positive");
  // [groups] -> [groups, 1] -> [groups, channels of a group] -> [channels]
  NamedAttribute range[] = {upgrade.intAttr("start", 1), upgrade.intAttr("end", 2)};
  Value channels = upgrade.emit("Shape", {upgrade.operand(0)}, range);
  Value count = upgrade.ints(groups.getInt());
  Value shape = upgrade.emit("Concat", {count, upgrade.emit("Div", {channels, count})},
                             upgrade.intAttr("axis", 0));
  for (size_t index : {1, 2}) {
    Value column = upgrade.emit("Unsqueeze", {upgrade.operand(index), upgrade.ints(1)});
    Value expanded = upgrade.emit("Expand", {column, shape});
    upgrade.setOperand(index, upgrade.emit("Reshape", {expanded, upgrade.ints(-1)}));
  }
  return absl::OkStatus();
}

/// The mask had the data's type, and whether it trains was an attribute.
static absl::Status dropoutMask(NodeUpgrade &upgrade) {
  upgrade.takeInt("is_test");
  if (!upgrade.wants(1))
    return absl::OkStatus();
  // Nothing is dropped outside of training, so the mask is all ones.
  Value data = upgrade.operand(0);
  Value ones = upgrade.emit("Expand", {upgrade.scalarOf(1, NodeUpgrade::elementType(data)),
                                       upgrade.emit("Shape", {data})});
  upgrade.replaceWith({upgrade.emit("Identity", {data}), ones});
  return absl::OkStatus();
}

static absl::Status dropoutRatio(NodeUpgrade &upgrade) {
  float ratio = static_cast<float>(upgrade.takeFloat("ratio").value_or(0.5));
  upgrade.setOperand(1, upgrade.scalarOf(ratio, upgrade.builder.getF32Type()));
  return absl::OkStatus();
}

ArrayRef<UpgradeStep> normalizationUpgrades() {
  static const UpgradeStep steps[] = {
      {"Softmax", 13, flattenedRows},
      {"LogSoftmax", 13, flattenedRows},
      {"Hardmax", 13, flattenedRows},
      {"BatchNormalization", 14, batchNormalizationStatistics},
      {"GroupNormalization", 21, groupStatistics},
      {"Dropout", 10, dropoutMask},
      {"Dropout", 12, dropoutRatio},
  };
  return steps;
}

} // namespace heddle
