// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef HEDDLE_DIALECTS_HEDDLE_HEDDLEATTRS
#define HEDDLE_DIALECTS_HEDDLE_HEDDLEATTRS

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/TensorEncoding.td"
include "HeddleDialect.td"

def Heddle_DimsAttr : AttrDef<Heddle_Dialect, "Dims", [
    DeclareAttrInterfaceMethods<VerifiableTensorEncoding>]> {
  let mnemonic = "dims";
  let summary = "the dimensions of a tensor as expressions over dimension symbols";
  let description = [{
    The encoding of a tensor type with dynamic dimensions: one canonical
    `DimExpr` a dimension, static ones included, so that two dimensions are
    known to be equal when their texts are.

    ```mlir
    tensor<?x?x64xf32, #heddle.dims<["batch", "past + seq", "64"]>>
    ```

    A type whose dimensions are all static carries no encoding.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$exprs);
  let assemblyFormat = "`<` `[` $exprs `]` `>`";
}

#endif // HEDDLE_DIALECTS_HEDDLE_HEDDLEATTRS
