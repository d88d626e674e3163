// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Upgrades of operators that move elements: attributes that became operands.

#include "frontends/onnx/Upgrade.h"

using namespace mlir;

namespace heddle {

/// Makes an int64 operand of a list attribute, where it is given.
static void listOperand(NodeUpgrade &upgrade, StringRef attribute, size_t index) {
  if (auto list = upgrade.takeInts(attribute))
    upgrade.setOperand(index, upgrade.ints(*list));
}

static absl::Status squeezeAxes(NodeUpgrade &upgrade) {
  listOperand(upgrade, "axes", 1);
  return absl::OkStatus();
}

static absl::Status reshapeShape(NodeUpgrade &upgrade) {
  auto shape = upgrade.takeInts("shape");
  upgrade.setOperand(1, upgrade.ints(shape.value_or(SmallVector<int64_t>())));
  return absl::OkStatus();
}

static absl::Status sliceRanges(NodeUpgrade &upgrade) {
  auto starts = upgrade.takeInts("starts"), ends = upgrade.takeInts("ends");
  if (!starts || !ends || starts->size() != ends->size())
    return invalidInput("its starts and ends differ in number");
  upgrade.setOperand(1, upgrade.ints(*starts));
  upgrade.setOperand(2, upgrade.ints(*ends));
  listOperand(upgrade, "axes", 3);
  return absl::OkStatus();
}

static absl::Status padPaddings(NodeUpgrade &upgrade) {
  auto pads = upgrade.takeInts("paddings");
  upgrade.set("pads", upgrade.builder.getDenseI64ArrayAttr(pads.value_or(SmallVector<int64_t>())));
  return absl::OkStatus();
}

static absl::Status padOperands(NodeUpgrade &upgrade) {
  auto pads = upgrade.takeInts("pads");
  double value = upgrade.takeFloat("value").value_or(0);
  upgrade.setOperand(1, upgrade.ints(pads.value_or(SmallVector<int64_t>())));
  if (value != 0)
    upgrade.setOperand(2, upgrade.scalarOf(value, NodeUpgrade::elementType(upgrade.operand(0))));
  return absl::OkStatus();
}

static absl::Status concatAxis(NodeUpgrade &upgrade) {
  if (!upgrade.node.attributes.get("axis"))
    upgrade.set("axis", upgrade.builder.getI64IntegerAttr(1));
  return absl::OkStatus();
}

static absl::Status splitSizes(NodeUpgrade &upgrade) {
  auto sizes = upgrade.takeInts("split");
  if (sizes && sizes->size() != upgrade.node.wanted.size())
    return invalidInput("it splits into " + llvm::Twine(sizes->size()) + " parts but has " +
                        llvm::Twine(upgrade.node.wanted.size()) + " outputs");
  if (sizes)
    upgrade.setOperand(1, upgrade.ints(*sizes));
  else if (upgrade.operand(1) && !NodeUpgrade::elementType(upgrade.operand(1)).isInteger(64))
    upgrade.setOperand(1, upgrade.emit("Cast", {upgrade.operand(1)}, upgrade.intAttr("to", 7)));
  return absl::OkStatus();
}

static absl::Status splitCount(NodeUpgrade &upgrade) {
  if (!upgrade.operand(1))
    upgrade.set("num_outputs", upgrade.builder.getI64IntegerAttr(
                                   static_cast<int64_t>(upgrade.node.wanted.size())));
  return absl::OkStatus();
}

/// One axis was repeated, both numbers given as tensors of the data's type.
static absl::Status tileAxis(NodeUpgrade &upgrade) {
  auto asVector = [&](size_t index) {
    Value number = upgrade.emit("Cast", {upgrade.operand(index)}, upgrade.intAttr("to", 7));
    return upgrade.emit("Reshape", {number, upgrade.ints(1)});
  };
  Value count = asVector(1), axis = asVector(2);
  Value rank = upgrade.emit("Shape", {upgrade.emit("Shape", {upgrade.operand(0)})});
  Value ones = upgrade.emit("Expand", {upgrade.ints(1), rank});
  Value repeats = upgrade.emit("ScatterElements", {ones, axis, count}, upgrade.intAttr("axis", 0));
  upgrade.node.operands.resize(2);
  upgrade.setOperand(1, repeats);
  return absl::OkStatus();
}

/// The operator got another name.
static absl::Status scatterElements(NodeUpgrade &upgrade) {
  upgrade.node.op = "ScatterElements";
  return absl::OkStatus();
}

ArrayRef<UpgradeStep> shapeUpgrades() {
  static const UpgradeStep steps[] = {
      {"Concat", 4, concatAxis},    {"Pad", 2, padPaddings},          {"Pad", 11, padOperands},
      {"Reshape", 5, reshapeShape}, {"Scatter", 11, scatterElements}, {"Slice", 10, sliceRanges},
      {"Split", 13, splitSizes},    {"Split", 18, splitCount},        {"Squeeze", 13, squeezeAxes},
      {"Tile", 6, tileAxis},        {"Unsqueeze", 13, squeezeAxes},
  };
  return steps;
}

} // namespace heddle
