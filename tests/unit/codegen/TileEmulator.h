// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tile registers (AMX) in memory, for machines that have none: the instructions of a module's
// kernels become calls of functions here that do what the manual says of them, so that layouts,
// strides, tails and the configuration are executed. One thread at a time.

#ifndef HEDDLE_TESTS_UNIT_CODEGEN_TILEEMULATOR_H
#define HEDDLE_TESTS_UNIT_CODEGEN_TILEEMULATOR_H

#include "mlir/IR/BuiltinOps.h"

namespace heddle::codegen {

void emulateTiles(mlir::ModuleOp module);

/// Products that were computed since the last call, and whether tiles are configured.
struct TileUse {
  int64_t products;
  bool configured;
};
TileUse takeTileUse();

} // namespace heddle::codegen

#endif // HEDDLE_TESTS_UNIT_CODEGEN_TILEEMULATOR_H
