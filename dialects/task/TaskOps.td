// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef HEDDLE_DIALECTS_TASK_TASKOPS
#define HEDDLE_DIALECTS_TASK_TASKOPS

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/CommonAttrConstraints.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "TaskDialect.td"

class Task_Op<string name, list<Trait> traits = []> : Op<Task_Dialect, name, traits>;

def Task_TokenType : TypeDef<Task_Dialect, "Token"> {
  let mnemonic = "token";
  let summary = "the end of a task, awaited by tasks that must run after it";
}

def Task_GraphOp : Task_Op<"graph", [Symbol, SingleBlock, IsolatedFromAbove]> {
  let summary = "a graph of tasks";
  let description = [{
    The block's arguments are the graph's inputs, the operands of its `task.yield`
    the outputs.

    ```mlir
    task.graph @main(%x: tensor<?xf32, #heddle.dims<["n"]>>) {
      %y, %t = task.launch @relu(%x) dims ["n"] grid "n" cost 0.1
          : (tensor<?xf32, #heddle.dims<["n"]>>) -> tensor<?xf32, #heddle.dims<["n"]>>
      task.yield %y : tensor<?xf32, #heddle.dims<["n"]>>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name,
                       DefaultValuedAttr<StrArrayAttr, "{}">:$input_names,
                       DefaultValuedAttr<StrArrayAttr, "{}">:$output_names);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let extraClassDeclaration = [{
    ::mlir::Operation *getYield() { return getBody().front().getTerminator(); }
  }];
}

def Task_YieldOp : Task_Op<"yield", [Pure, ReturnLike, Terminator]> {
  let summary = "ends a graph with its outputs";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

def Task_TaskInterface : OpInterface<"TaskInterface"> {
  let cppNamespace = "::heddle::task";
  let description = [{
    What the executor runs: it reads its inputs, waits for the tokens of other tasks, makes its
    outputs and a token of its own.
  }];
  let methods = [
    InterfaceMethod<"Tokens that it waits for.", "::mlir::MutableOperandRange", "getAfterMutable">,
    InterfaceMethod<"Values that it reads.", "::mlir::OperandRange", "getInputs">,
    InterfaceMethod<"Values that it makes.", "::mlir::ResultRange", "getOutputs">,
    InterfaceMethod<"Its end.", "::mlir::Value", "getDone">
  ];
}

class Task_Task<string name, list<Trait> traits = []>
    : Task_Op<name, !listconcat([AttrSizedOperandSegments,
                                 DeclareOpInterfaceMethods<Task_TaskInterface>], traits)>;

def Task_LaunchOp : Task_Task<"launch"> {
  let summary = "a compiled kernel over a grid of independent points";
  let description = [{
    `dims` are the sizes the kernel gets, `grid` the number of points, `scratch`
    the bytes of private memory of one call, all as dimension expressions;
    `cost` times `work` (an expression) is the estimated time of one point on one
    core in nanoseconds, used for scheduling only. `operations` (an expression) counts
    the arithmetic of all points, where that is known, for those who measure. A kernel
    gets its operands' buffers, then its results'.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$inputs,
                       Variadic<Task_TokenType>:$after, StrArrayAttr:$dims, StrAttr:$grid,
                       DefaultValuedAttr<I64Attr, "1">:$grain,
                       DefaultValuedAttr<StrAttr, "\"0\"">:$scratch, F64Attr:$cost,
                       DefaultValuedAttr<StrAttr, "\"1\"">:$work,
                       OptionalAttr<StrAttr>:$operations,
                       DefaultValuedAttr<StrAttr, "\"\"">:$source);
  let results = (outs Variadic<AnyType>:$outputs, Task_TokenType:$done);
  let assemblyFormat = [{
    $kernel `(` $inputs `)` (`after` $after^)? `dims` $dims `grid` $grid `cost` $cost attr-dict
    `:` functional-type($inputs, $outputs)
  }];
}

def Task_CallOp : Task_Task<"call"> {
  let summary = "a function of the runtime library";
  let description = [{
    Dimensions of results that use symbols no earlier value has are defined by
    the function itself. `present` says which of the function's parameters are
    given, as optional ones may be left out in the middle; `wanted` likewise for
    results.
  }];
  let arguments = (ins StrAttr:$function, Variadic<AnyType>:$inputs,
                       Variadic<Task_TokenType>:$after, DictionaryAttr:$parameters,
                       DenseBoolArrayAttr:$present, DenseBoolArrayAttr:$wanted, F64Attr:$cost,
                       DefaultValuedAttr<StrAttr, "\"\"">:$source);
  let results = (outs Variadic<AnyType>:$outputs, Task_TokenType:$done);
  let assemblyFormat = [{
    $function `(` $inputs `)` (`after` $after^)? $parameters `present` $present `wanted` $wanted
    `cost` $cost attr-dict `:` functional-type($inputs, $outputs)
  }];
}

def Task_ControlOp : Task_Task<"control"> {
  let summary = "sub-graphs run by a condition or in a loop";
  let description = [{
    `kind` is "branch" (graphs then, else; operand 0 the condition), "loop" (operands
    trip count and condition as `present` says, carried values) or "scan" (states,
    scan inputs). The last `captures` operands are handed to every sub-graph after
    its formal parameters. `cost` times `work` (an expression) is its estimated time.
  }];
  let arguments = (ins StrAttr:$kind, Variadic<AnyType>:$inputs, Variadic<Task_TokenType>:$after,
                       FlatSymbolRefArrayAttr:$graphs, I64Attr:$captures,
                       DictionaryAttr:$parameters, DenseBoolArrayAttr:$present, F64Attr:$cost,
                       DefaultValuedAttr<StrAttr, "\"1\"">:$work,
                       DefaultValuedAttr<StrAttr, "\"\"">:$source);
  let results = (outs Variadic<AnyType>:$outputs, Task_TokenType:$done);
  let assemblyFormat = [{
    $kind `(` $inputs `)` (`after` $after^)? `graphs` $graphs `captures` $captures $parameters
    `present` $present `cost` $cost attr-dict `:` functional-type($inputs, $outputs)
  }];
}

def Task_ViewOp : Task_Op<"view", [Pure]> {
  let summary = "the bytes of a value, or some in a row, under other dimensions; moves nothing";
  let description = [{
    `offset` (an expression) is how many bytes of the value come before the first one.

    ```mlir
    %row = task.view %x at "32*n" : tensor<8x?xf32, #heddle.dims<["8", "n"]>>
        to tensor<?xf32, #heddle.dims<["n"]>>
    ```
  }];
  let arguments = (ins AnyType:$source, DefaultValuedAttr<StrAttr, "\"0\"">:$offset);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$source (`at` $offset^)? attr-dict `:` type($source) `to` type($result)";
  let builders = [OpBuilder<(ins "::mlir::Type":$type, "::mlir::Value":$source), [{
    build($_builder, $_state, type, source, "0");
  }]>];
  let extraClassDeclaration = [{
    /// Whether it has all bytes of its source.
    bool isWhole();
  }];
}

def Task_JoinOp : Task_Op<"join", [Pure]> {
  let summary = "the bytes of values one after the other; moves nothing";
  let description = [{
    What a concatenation is where its parts are contiguous in the result: the
    tasks that make the parts write them there. A part is a result of a launch
    or another join, and part of one join only.

    ```mlir
    %a, %0 = task.launch @left(%x) ...
    %b, %1 = task.launch @right(%x) ...
    %c = task.join %a, %b : tensor<1x2x8xf32>, tensor<1x3x8xf32> to tensor<1x5x8xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$parts);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$parts attr-dict `:` type($parts) `to` type($result)";
}

def Task_ConstantOp : Task_Op<"constant", [Pure]> {
  let summary = "a value in the artifact's weights";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$value attr-dict `:` type($result)";
}

#endif // HEDDLE_DIALECTS_TASK_TASKOPS
