// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Upgrades of reductions, pooling over all elements and TopK.

#include "frontends/onnx/Upgrade.h"

#include <cmath>

using namespace mlir;

namespace heddle {

/// The axes became an operand; without one all are reduced, as before.
static absl::Status axesOperand(NodeUpgrade &upgrade) {
  if (auto axes = upgrade.takeInts("axes"); axes && !axes->empty())
    upgrade.setOperand(1, upgrade.ints(*axes));
  return absl::OkStatus();
}

static absl::Status topKCount(NodeUpgrade &upgrade) {
  std::optional<int64_t> count = upgrade.takeInt("k");
  if (!count || *count < 0)
    return invalidInput("its attribute 'k' cannot be negative");
  upgrade.setOperand(1, upgrade.ints(*count));
  return absl::OkStatus();
}

/// The exponent was a float.
static absl::Status integerNorm(NodeUpgrade &upgrade) {
  double exponent = upgrade.takeFloat("p").value_or(2.0);
  if (!(std::abs(exponent) < 1e9) || exponent != std::trunc(exponent))
    return unsupported("its exponent p is not an integer, which only this version allows");
  upgrade.set("p", upgrade.builder.getI64IntegerAttr(static_cast<int64_t>(exponent)));
  if (upgrade.node.op == "LpPool" && !upgrade.node.attributes.get("kernel_shape"))
    return invalidInput("it needs the attribute 'kernel_shape'");
  return absl::OkStatus();
}

ArrayRef<UpgradeStep> reductionUpgrades() {
  static const UpgradeStep steps[] = {
      {"ReduceL1", 18, axesOperand},     {"ReduceL2", 18, axesOperand},
      {"ReduceLogSum", 18, axesOperand}, {"ReduceLogSumExp", 18, axesOperand},
      {"ReduceMax", 18, axesOperand},    {"ReduceMean", 18, axesOperand},
      {"ReduceMin", 18, axesOperand},    {"ReduceProd", 18, axesOperand},
      {"ReduceSum", 13, axesOperand},    {"ReduceSumSquare", 18, axesOperand},
      {"TopK", 10, topKCount},           {"GlobalLpPool", 2, integerNorm},
      {"LpPool", 2, integerNorm},
  };
  return steps;
}

} // namespace heddle
