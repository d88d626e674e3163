// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators on optionals. The importer takes no optional values, so what reaches these is a tensor
// or was left out: both answers are known here, in every version.

#include "frontends/onnx/Status.h"
#include "frontends/onnx/Upgrade.h"

#include <climits>

using namespace mlir;

namespace heddle {

static absl::Status getElement(NodeUpgrade &upgrade) {
  Value tensor = upgrade.operand(0);
  if (!tensor)
    return invalidInput("it asks for the element of an optional that is left out");
  upgrade.replaceWith(tensor);
  return absl::OkStatus();
}

static absl::Status hasElement(NodeUpgrade &upgrade) {
  Value answer = upgrade.scalarOf(upgrade.operand(0) ? 1 : 0, upgrade.builder.getI1Type());
  upgrade.replaceWith(answer);
  return absl::OkStatus();
}

ArrayRef<UpgradeStep> optionalUpgrades() {
  static const UpgradeStep steps[] = {
      {"OptionalGetElement", INT_MAX, getElement},
      {"OptionalHasElement", INT_MAX, hasElement},
  };
  return steps;
}

} // namespace heddle
