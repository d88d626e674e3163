// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What else decoders of com.microsoft have: rotations by position.

#include "frontends/onnx/ContribOperators.h"

using namespace mlir;

namespace heddle {

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

ArrayRef<ContribOperator> decoderContribOperators() {
  static const ContribOperator operators[] = {
      {"RotaryEmbedding", 4, 0b1111, rotaryEmbedding},
  };
  return operators;
}

} // namespace heddle
