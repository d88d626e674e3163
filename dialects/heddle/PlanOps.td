// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans of function calls: tools, calls of them, and what a plan returns.

#ifndef HEDDLE_DIALECTS_HEDDLE_PLANOPS
#define HEDDLE_DIALECTS_HEDDLE_PLANOPS

include "mlir/IR/SymbolInterfaces.td"

def Heddle_ToolOp : Heddle_Op<"tool", [Symbol]> {
  let summary = "a function that a plan may call, and what it does to the world";
  let description = [{
    `effects` is `pure` (the result depends on the arguments alone), `read` (also
    on the state of the resource) or `write` (it changes the resource, or who
    knows what). Calls with effects on one resource keep their order, but for
    reads among themselves.

    ```mlir
    heddle.tool @search effects "read" resource "web" {cost_ms = 600.0}
    heddle.tool @math effects "pure" {builtin = "math"}
    ```

    Attributes that passes look at: `idempotent` (unit), `cost_ms` (f64), `batch`
    (i64, the most calls that go as one), `builtin` (string).
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$effects,
                       DefaultValuedAttr<StrAttr, "\"\"">:$resource);
  let assemblyFormat = [{
    $sym_name `effects` $effects (`resource` $resource^)? attr-dict
  }];
  let hasVerifier = 1;
}

def Heddle_CallToolOp : Heddle_Op<"call_tool", [AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "a call of a tool in a plan";
  let description = [{
    `inputs` are the values that its arguments refer to, by number; `after` are
    calls whose end it waits for without using them, so that it runs even where
    they failed. `id` is the call's number in the plan. Calls of a block run in
    order unless they are spawned.

    ```mlir
    %2 = heddle.call_tool 3 @math(%0, %1)
      {expression = #heddle.text<#heddle.ref<0>, " / ", #heddle.ref<1>>}
    %3 = heddle.call_tool 4 @send() after(%2) {text = "done"}
    ```
  }];
  let arguments = (ins I64Attr:$id, FlatSymbolRefAttr:$tool, Variadic<Heddle_ValueType>:$inputs,
                       Variadic<Heddle_ValueType>:$after, DictionaryAttr:$arguments);
  let results = (outs Heddle_ValueType:$result);
  let assemblyFormat = [{
    $id $tool `(` $inputs `)` (`after` `(` $after^ `)`)? $arguments attr-dict
  }];
  let hasVerifier = 1;
}

def Heddle_KnownValueOp : Heddle_Op<"known_value", [Pure]> {
  let summary = "a call of a plan whose result is known while compiling";
  let description = [{
    What folding leaves of a call, under its number in the plan: a bare join
    still lists it.

    ```mlir
    %3 = heddle.known_value 3 42 : i64
    ```
  }];
  let arguments = (ins I64Attr:$id, AnyAttr:$value);
  let results = (outs Heddle_ValueType:$result);
  let assemblyFormat = "$id $value attr-dict";
}

def Heddle_DuplicateOp : Heddle_Op<"duplicate", [Pure]> {
  let summary = "a call of a plan that another call of it answers";
  let description = [{
    What merging leaves of a call, under its number in the plan: a bare join
    still lists it.

    ```mlir
    %3 = heddle.duplicate 3 of %0
    ```
  }];
  let arguments = (ins I64Attr:$id, Heddle_ValueType:$leader);
  let results = (outs Heddle_ValueType:$result);
  let assemblyFormat = "$id `of` $leader attr-dict";
}

def Heddle_JoinOp : Heddle_Op<"join", [Pure]> {
  let summary = "what a plan returns";
  let description = [{
    One argument: its value; several: an array of them; none: an object of the
    results of all calls before it, by id. A call that failed is
    `{"error": text}`.

    ```mlir
    %r = heddle.join(%0, %1) [#heddle.ref<0>, #heddle.ref<1, "price">]
    ```
  }];
  let arguments = (ins Variadic<Heddle_ValueType>:$inputs, ArrayAttr:$arguments);
  let results = (outs Heddle_ValueType:$result);
  let assemblyFormat = "`(` $inputs `)` $arguments attr-dict";
  let hasVerifier = 1;
}

#endif // HEDDLE_DIALECTS_HEDDLE_PLANOPS
