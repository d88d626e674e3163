// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalisations of com.microsoft, with the sums before them.

#include "frontends/onnx/ContribOperators.h"

using namespace mlir;

namespace heddle {

static NamedAttribute epsilonOf(NodeUpgrade &upgrade, double otherwise) {
  double epsilon = upgrade.takeFloat("epsilon").value_or(otherwise);
  return upgrade.builder.getNamedAttr("epsilon",
                                      upgrade.builder.getF32FloatAttr(static_cast<float>(epsilon)));
}

static Value layerNormalized(NodeUpgrade &upgrade, Value x, Value scale, Value shift,
                             NamedAttribute epsilon) {
  return upgrade.emit("LayerNormalization", {x, scale, shift},
                      {epsilon, upgrade.intAttr("axis", -1)});
}

/// (input, skip, scale, shift, bias): the sum is the last result.
static absl::Status skipLayerNormalization(NodeUpgrade &upgrade) {
  Value sum = upgrade.emit("Add", {upgrade.operand(0), upgrade.operand(1)});
  sum = plus(upgrade, sum, upgrade.operand(4));
  Value normal = layerNormalized(upgrade, sum, upgrade.operand(2), upgrade.operand(3),
                                 epsilonOf(upgrade, 1e-12));
  upgrade.replaceWith({normal, {}, {}, sum});
  return absl::OkStatus();
}

static absl::Status skipSimplified(NodeUpgrade &upgrade) {
  Value sum = upgrade.emit("Add", {upgrade.operand(0), upgrade.operand(1)});
  sum = plus(upgrade, sum, upgrade.operand(3));
  Value normal = upgrade.emit("RMSNormalization", {sum, upgrade.operand(2)},
                              {epsilonOf(upgrade, 1e-12), upgrade.intAttr("axis", -1)});
  upgrade.replaceWith({normal, {}, {}, sum});
  return absl::OkStatus();
}

static absl::Status simplified(NodeUpgrade &upgrade) {
  upgrade.takeInt("stash_type");
  NamedAttribute axis = upgrade.intAttr("axis", upgrade.takeInt("axis").value_or(-1));
  upgrade.replaceWith(upgrade.emit("RMSNormalization", {upgrade.operand(0), upgrade.operand(1)},
                                   {epsilonOf(upgrade, 1e-5), axis}));
  return absl::OkStatus();
}

/// (ids, segments, words, positions, segment table, scale, shift, mask, position ids)
static absl::Status embedLayerNormalization(NodeUpgrade &upgrade) {
  if (upgrade.takeInt("mask_index_type").value_or(1) != 1)
    return unsupported("only masks as lengths are supported");
  Value ids = upgrade.operand(0), places = upgrade.operand(8);
  if (!places) {
    Value length = upgrade.emit("Shape", {ids}, upgrade.intAttr("start", 1));
    Value count = upgrade.emit("Squeeze", {length, upgrade.ints(0)});
    places = upgrade.emit("Range", {upgrade.scalar(0), count, upgrade.scalar(1)});
  }
  Value words = upgrade.emit("Gather", {upgrade.operand(2), ids});
  Value sum = upgrade.emit("Add", {words, upgrade.emit("Gather", {upgrade.operand(3), places})});
  if (upgrade.operand(1) && upgrade.operand(4))
    sum = plus(upgrade, sum, upgrade.emit("Gather", {upgrade.operand(4), upgrade.operand(1)}));
  Value normal = layerNormalized(upgrade, sum, upgrade.operand(5), upgrade.operand(6),
                                 epsilonOf(upgrade, 1e-12));
  Value lengths;
  if (upgrade.operand(7))
    lengths = upgrade.emit("ReduceSum", {upgrade.operand(7), upgrade.ints(1)},
                           upgrade.intAttr("keepdims", 0));
  else if (upgrade.wants(1)) // a zero for each text
    lengths = upgrade.emit("Expand", {upgrade.scalarOf(0, upgrade.builder.getI32Type()),
                                      upgrade.emit("Shape", {ids}, upgrade.intAttr("end", 1))});
  upgrade.replaceWith({normal, lengths, sum});
  return absl::OkStatus();
}

ArrayRef<ContribOperator> normalizationContribOperators() {
  static const ContribOperator operators[] = {
      {"SkipLayerNormalization", 5, 0b111, skipLayerNormalization},
      {"SkipSimplifiedLayerNormalization", 4, 0b111, skipSimplified},
      {"SimplifiedLayerNormalization", 2, 0b11, simplified},
      {"EmbedLayerNormalization", 9, 0b110'1101, embedLayerNormalization},
  };
  return operators;
}

} // namespace heddle
