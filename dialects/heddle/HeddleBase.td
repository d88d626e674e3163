// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What all operations of the dialect are made of.

#ifndef HEDDLE_DIALECTS_HEDDLE_HEDDLEBASE
#define HEDDLE_DIALECTS_HEDDLE_HEDDLEBASE

include "mlir/IR/OpBase.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/CommonTypeConstraints.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "HeddleAttrs.td"
include "HeddleTypes.td"

class Heddle_Op<string name, list<Trait> traits = []> : Op<Heddle_Dialect, name, traits>;

#endif // HEDDLE_DIALECTS_HEDDLE_HEDDLEBASE
