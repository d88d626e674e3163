// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which values depend on constants alone: they are computed while compiling.

#ifndef HEDDLE_COMPILER_SOURCE_CONSTANTVALUES_H
#define HEDDLE_COMPILER_SOURCE_CONSTANTVALUES_H

#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"

namespace heddle {

class ConstantValues {
public:
  bool contain(mlir::Value value) {
    mlir::Operation *op = value.getDefiningOp();
    if (!op || op->getNumRegions() != 0 || !mlir::isMemoryEffectFree(op))
      return false;
    if (auto found = known.find(op); found != known.end())
      return found->second;
    bool constant =
        llvm::all_of(op->getOperands(), [&](mlir::Value operand) { return contain(operand); });
    return known[op] = constant;
  }

private:
  llvm::DenseMap<mlir::Operation *, bool> known;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_SOURCE_CONSTANTVALUES_H
