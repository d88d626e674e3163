// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Upgrades of operators that sample: Resize, Upsample, GridSample, RoiAlign.

#include "frontends/onnx/Upgrade.h"

#include "dialects/onnx/Onnx.h"

using namespace mlir;

namespace heddle {

/// Coordinates of versions without a choice of them: output index divided by the scale. The nearest
/// element is the one below when enlarging and the one above when shrinking.
static absl::Status asymmetric(NodeUpgrade &upgrade, Value scales) {
  auto constant = scales.getDefiningOp<onnx::ConstantOp>();
  auto known = constant ? dyn_cast_or_null<DenseFPElementsAttr>(constant.getValueAttr())
                        : DenseFPElementsAttr();
  bool shrinks = false, enlarges = false;
  if (known)
    for (const APFloat &scale : known.getValues<APFloat>()) {
      shrinks |= scale.convertToDouble() < 1;
      enlarges |= scale.convertToDouble() > 1;
    }
  auto mode = dyn_cast_or_null<StringAttr>(upgrade.node.attributes.get("mode"));
  bool isNearest = !mode || mode.getValue() == "nearest";
  if (isNearest && shrinks && enlarges)
    return unsupported("it enlarges one dimension and shrinks another, whose rounding no newer "
                       "version can express");
  if (mode && mode.getValue() == "bilinear")
    upgrade.set("mode", upgrade.builder.getStringAttr("linear"));
  upgrade.set("coordinate_transformation_mode", upgrade.builder.getStringAttr("asymmetric"));
  upgrade.set("nearest_mode", upgrade.builder.getStringAttr(shrinks ? "ceil" : "floor"));
  Value data = upgrade.operand(0);
  upgrade.node.operands.assign({data, Value(), scales});
  return absl::OkStatus();
}

static absl::Status resizeScales(NodeUpgrade &upgrade) {
  return asymmetric(upgrade, upgrade.operand(1));
}

/// A mode that version 13 dropped: coordinates half an element above those of half_pixel. Rounding
/// can make up for it where it rounds to the element below, or to the nearest and down at the middle.
static absl::Status halfPixelForNearest(NodeUpgrade &upgrade) {
  std::string rounding = upgrade.takeString("nearest_mode").value_or("round_prefer_floor");
  auto mode = dyn_cast_or_null<StringAttr>(upgrade.node.attributes.get("mode"));
  bool isNearest = !mode || mode.getValue() == "nearest";
  if (!isNearest || (rounding != "floor" && rounding != "round_prefer_floor"))
    return unsupported("coordinate_transformation_mode tf_half_pixel_for_nn, which newer versions "
                       "do not have, is not supported with nearest_mode " +
                       rounding);
  upgrade.set("coordinate_transformation_mode", upgrade.builder.getStringAttr("half_pixel"));
  upgrade.set("nearest_mode",
              upgrade.builder.getStringAttr(rounding == "floor" ? "round_prefer_ceil" : "ceil"));
  return absl::OkStatus();
}

/// In version 11 the operands that are not used had to be there, without elements.
static absl::Status resizeOperands(NodeUpgrade &upgrade) {
  for (size_t index : {1, 2, 3})
    if (index < upgrade.node.operands.size() && NodeUpgrade::isEmptyTensor(upgrade.operand(index)))
      upgrade.node.operands[index] = Value();
  auto mode =
      dyn_cast_or_null<StringAttr>(upgrade.node.attributes.get("coordinate_transformation_mode"));
  if (upgrade.node.version < 13 && mode && mode.getValue() == "tf_half_pixel_for_nn")
    return halfPixelForNearest(upgrade);
  return absl::OkStatus();
}

static absl::Status upsampleFactors(NodeUpgrade &upgrade) {
  auto height = static_cast<float>(upgrade.takeFloat("height_scale").value_or(1));
  auto width = static_cast<float>(upgrade.takeFloat("width_scale").value_or(1));
  upgrade.set("scales", upgrade.builder.getDenseF32ArrayAttr({1, 1, height, width}));
  return absl::OkStatus();
}

static absl::Status upsampleScales(NodeUpgrade &upgrade) {
  auto scales = upgrade.takeFloats("scales");
  upgrade.setOperand(1, upgrade.floats(scales.value_or(SmallVector<float>())));
  return absl::OkStatus();
}

static absl::Status upsampleToResize(NodeUpgrade &upgrade) {
  upgrade.node.op = "Resize";
  return asymmetric(upgrade, upgrade.operand(1));
}

static absl::Status gridModes(NodeUpgrade &upgrade) {
  std::string mode = upgrade.takeString("mode").value_or("bilinear");
  if (mode == "bilinear" || mode == "bicubic")
    mode = mode == "bilinear" ? "linear" : "cubic";
  upgrade.set("mode", upgrade.builder.getStringAttr(mode));
  return absl::OkStatus();
}

static absl::Status roiCoordinates(NodeUpgrade &upgrade) {
  upgrade.set("coordinate_transformation_mode", upgrade.builder.getStringAttr("output_half_pixel"));
  return absl::OkStatus();
}

ArrayRef<UpgradeStep> samplingUpgrades() {
  static const UpgradeStep steps[] = {
      {"Resize", 11, resizeScales},       {"Resize", INT_MAX, resizeOperands},
      {"Upsample", 7, upsampleFactors},   {"Upsample", 9, upsampleScales},
      {"Upsample", 10, upsampleToResize}, {"GridSample", 20, gridModes},
      {"RoiAlign", 16, roiCoordinates},
  };
  return steps;
}

} // namespace heddle
