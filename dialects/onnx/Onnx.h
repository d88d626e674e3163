// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The source level: one operation per ONNX operator at its newest version.

#ifndef HEDDLE_DIALECTS_ONNX_ONNX_H
#define HEDDLE_DIALECTS_ONNX_ONNX_H

#include "dialects/heddle/HeddleDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/onnx/OnnxDialect.h.inc"

#define GET_OP_CLASSES
#include "dialects/onnx/OnnxOps.h.inc"

#endif // HEDDLE_DIALECTS_ONNX_ONNX_H
