// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef HEDDLE_DIALECTS_HEDDLE_HEDDLETYPES
#define HEDDLE_DIALECTS_HEDDLE_HEDDLETYPES

include "mlir/IR/AttrTypeBase.td"
include "HeddleDialect.td"

def Heddle_FutureType : TypeDef<Heddle_Dialect, "Future"> {
  let mnemonic = "future";
  let summary = "a value that a spawned region will have made";
  let description = [{
    ```mlir
    !heddle.future<tensor<4xf32>>
    ```
  }];
  let parameters = (ins "::mlir::Type":$valueType);
  let assemblyFormat = "`<` $valueType `>`";
}

def Heddle_ValueType : TypeDef<Heddle_Dialect, "Value"> {
  let mnemonic = "value";
  let summary = "a JSON value, known when the plan runs";
}

#endif // HEDDLE_DIALECTS_HEDDLE_HEDDLETYPES
