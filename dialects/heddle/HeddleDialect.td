// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef HEDDLE_DIALECTS_HEDDLE_HEDDLEDIALECT
#define HEDDLE_DIALECTS_HEDDLE_HEDDLEDIALECT

include "mlir/IR/OpBase.td"

def Heddle_Dialect : Dialect {
  let name = "heddle";
  let cppNamespace = "::heddle";
  let summary = "the parallel level: what may run beside what";
  let description = [{
    Between the source level (`onnx`) and the task level (`task`). Operations of
    this dialect say which parts of a program are independent and group the
    source operations that one kernel computes; they say nothing about memory.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
}

#endif // HEDDLE_DIALECTS_HEDDLE_HEDDLEDIALECT
