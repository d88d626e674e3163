// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parallel level: dialect, attributes, types and operations.

#ifndef HEDDLE_DIALECTS_HEDDLE_HEDDLE_H
#define HEDDLE_DIALECTS_HEDDLE_HEDDLE_H

#include "dialects/heddle/HeddleDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_TYPEDEF_CLASSES
#include "dialects/heddle/HeddleTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/heddle/HeddleOps.h.inc"

#endif // HEDDLE_DIALECTS_HEDDLE_HEDDLE_H
