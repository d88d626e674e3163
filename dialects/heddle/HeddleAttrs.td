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

def Heddle_RefAttr : AttrDef<Heddle_Dialect, "Ref"> {
  let mnemonic = "ref";
  let summary = "a part of an operand, in an argument of a tool";
  let description = [{
    Which operand, then the names and indices that select a part of its value.

    ```mlir
    #heddle.ref<0>
    #heddle.ref<1, "items", 0 : i64, "price">
    ```
  }];
  let parameters = (ins "unsigned":$operand,
                        OptionalArrayRefParameter<"::mlir::Attribute">:$selector);
  let assemblyFormat = "`<` $operand (`,` $selector^)? `>`";
  let genVerifyDecl = 1;
}

def Heddle_TextAttr : AttrDef<Heddle_Dialect, "Text"> {
  let mnemonic = "text";
  let summary = "a string argument of a tool with operands in it";
  let description = [{
    Strings and references, joined once the references have values.

    ```mlir
    #heddle.text<"costs of ", #heddle.ref<0, "name">>
    ```
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::Attribute">:$pieces);
  let assemblyFormat = "`<` $pieces `>`";
  let genVerifyDecl = 1;
}

#endif // HEDDLE_DIALECTS_HEDDLE_HEDDLEATTRS
