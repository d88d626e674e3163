// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/StructuredLowering.h"

namespace heddle {

const StructuredLowering *findStructuredLowering(mlir::OperationName name) {
  static const StructuredLoweringTable table = [] {
    StructuredLoweringTable table;
    addElementwiseLowerings(table);
    addMovementLowerings(table);
    addReductionLowerings(table);
    addNormalizationLowerings(table);
    addWindowLowerings(table);
    addQuantizationLowerings(table);
    return table;
  }();
  auto found = table.find(name.getStringRef());
  return found == table.end() ? nullptr : &found->second;
}

std::optional<AccessPattern> accessPattern(mlir::Operation *op) {
  const StructuredLowering *lowering = findStructuredLowering(op);
  return lowering ? lowering->pattern(op) : std::nullopt;
}

} // namespace heddle
