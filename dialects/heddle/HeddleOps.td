// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef HEDDLE_DIALECTS_HEDDLE_HEDDLEOPS
#define HEDDLE_DIALECTS_HEDDLE_HEDDLEOPS

include "HeddleBase.td"

//===----------------------------------------------------------------------===//
// What one kernel computes
//===----------------------------------------------------------------------===//

def Heddle_ClusterOp : Heddle_Op<"cluster", [IsolatedFromAbove, RecursiveMemoryEffects,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "source operations that one kernel computes";
  let description = [{
    The body holds operations of the source level and yields the cluster's
    results. A cluster sees its operands only, so that equal clusters can be
    found by comparing them, and compiled once.

    ```mlir
    %r = heddle.cluster (%x, %b) : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32> {
    ^bb0(%0: tensor<8xf32>, %1: tensor<8xf32>):
      %2 = "onnx.Add"(%0, %1) : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
      %3 = "onnx.Relu"(%2) : (tensor<8xf32>) -> tensor<8xf32>
      heddle.yield %3 : tensor<8xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$inputs);
  let results = (outs Variadic<AnyType>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    ` ` `(` $inputs `)` attr-dict-with-keyword `:` functional-type($inputs, $outputs) $body
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The operands of the terminator: the values inside that become results.
    ::mlir::ValueRange getYielded();
  }];
}

def Heddle_YieldOp : Heddle_Op<"yield", [Pure, ReturnLike, Terminator]> {
  let summary = "ends a cluster or a spawned region with its results";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
  let builders = [OpBuilder<(ins), [{ (void)$_state; }]>]; // an empty body would only declare it
}

//===----------------------------------------------------------------------===//
// Spawn and await
//===----------------------------------------------------------------------===//

def Heddle_SpawnOp : Heddle_Op<"spawn", [RecursiveMemoryEffects,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "a region that may run beside what follows it";
  let description = [{
    Operations of a block run in order. A spawned region is the exception: it
    may run beside everything up to the `await` of its future. Its body may
    use values from outside and await the futures of earlier spawns.

    ```mlir
    %f = heddle.spawn : !heddle.future<tensor<4xf32>> {
      %0 = "onnx.Relu"(%x) : (tensor<4xf32>) -> tensor<4xf32>
      heddle.yield %0 : tensor<4xf32>
    }
    %1 = "onnx.Exp"(%x) : (tensor<4xf32>) -> tensor<4xf32>
    %2 = heddle.await %f : !heddle.future<tensor<4xf32>>
    ```
  }];
  let results = (outs Variadic<Heddle_FutureType>:$futures);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "(`:` type($futures)^)? attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Heddle_AwaitOp : Heddle_Op<"await", [Pure, DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "the value of a future, once its region has made it";
  let arguments = (ins Heddle_FutureType:$future);
  let results = (outs AnyType:$value);
  let assemblyFormat = "$future attr-dict `:` type($future)";
}

//===----------------------------------------------------------------------===//
// Inside kernels
//===----------------------------------------------------------------------===//

def Heddle_LoadOrOp : Heddle_Op<"load_or", [Pure,
    DeclareOpInterfaceMethods<InferTypeOpInterface>]> {
  let summary = "an element of a tensor, or a default where a condition fails";
  let description = [{
    Used in the body of a `linalg.generic` for elements that may lie outside
    the tensor: padding, pooling windows, concatenation. Where `inside` is false
    nothing is read.

    ```mlir
    %v = heddle.load_or %x[%i, %j] if %inside else %zero : tensor<?x?xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$source, Variadic<Index>:$indices, I1:$inside,
                       AnyType:$fallback);
  let results = (outs AnyType:$value);
  let assemblyFormat = [{
    $source `[` $indices `]` `if` $inside `else` $fallback attr-dict `:` type($source)
    `,` type($fallback)
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$source, "::mlir::ValueRange":$indices,
                             "::mlir::Value":$inside, "::mlir::Value":$fallback), [{
    build($_builder, $_state, fallback.getType(), source, indices, inside, fallback);
  }]>];
  let hasVerifier = 1;
}

def Heddle_CheckedIndexOp : Heddle_Op<"checked_index"> {
  let summary = "an index that came from data, checked against an axis";
  let description = [{
    Adds the size to a negative index. Where the result is outside [0, size) the
    kernel fails with HEDDLE_KERNEL_INDEX_OUT_OF_RANGE and the value is 0.

    ```mlir
    %j = heddle.checked_index %i, %size
    ```
  }];
  let arguments = (ins Index:$index, Index:$size);
  let results = (outs Index:$value);
  let assemblyFormat = "$index `,` $size attr-dict";
  let builders = [OpBuilder<(ins "::mlir::Value":$index, "::mlir::Value":$size), [{
    build($_builder, $_state, $_builder.getIndexType(), index, size);
  }]>];
}

def Heddle_LookUpOp : Heddle_Op<"look_up", [Pure]> {
  let summary = "what bytes stand for, in a table of 256";
  let description = [{
    Element by element: the entry at the place that the byte is without a sign. At the
    source level the bytes are a tensor, in the body of a `linalg.generic` one of them.

    ```mlir
    %y = heddle.look_up %x in %table : tensor<1x8x4x4xui8>, tensor<256xui8> -> tensor<1x8x4x4xui8>
    ```
  }];
  let arguments = (ins AnyType:$bytes, AnyRankedTensor:$table);
  let results = (outs AnyType:$entries);
  let assemblyFormat = "$bytes `in` $table attr-dict `:` type($bytes) `,` type($table) `->` type($entries)";
  let hasVerifier = 1;
}

def Heddle_RequireOp : Heddle_Op<"require"> {
  let summary = "run-time sizes that a kernel relies on";
  let description = [{
    Stands in a kernel outside its loops. Where the condition is false the kernel
    fails with HEDDLE_KERNEL_SHAPE_MISMATCH before it touches a buffer.

    ```mlir
    heddle.require %broadcasts
    ```
  }];
  let arguments = (ins I1:$condition);
  let assemblyFormat = "$condition attr-dict";
}

//===----------------------------------------------------------------------===//
// Sizes as tensors
//===----------------------------------------------------------------------===//

def Heddle_IndexTensorOp : Heddle_Op<"index_tensor", [Pure]> {
  let summary = "a small integer tensor whose elements are expressions over dimension symbols";
  let description = [{
    Stands for the sub-graph of a model that computed it from dimensions. The
    expressions are canonical `DimExpr`s, which may be negative here, in row-major
    order. Symbols that are only known after some operation has run come from the
    values that define them: operands after `of`, so that no pass moves this one
    before them or drops them.

    ```mlir
    %0 = heddle.index_tensor ["batch", "seq + 1", "-1"] : tensor<3xi64>
    %1 = heddle.index_tensor ["NonZero_3:1"] of %nonzero
      : tensor<2x?xi64, #heddle.dims<["2", "NonZero_3:1"]>> -> tensor<1xi64>
    ```
  }];
  let arguments = (ins StrArrayAttr:$exprs, Variadic<AnyType>:$sources);
  let results = (outs StaticShapeTensorOf<[AnyInteger]>:$value);
  let assemblyFormat = [{
    $exprs (`of` $sources^ `:` type($sources) `->`):(`:`)? type($value) attr-dict
  }];
  let hasVerifier = 1;
}

def Heddle_ExpectOp : Heddle_Op<"expect"> {
  let summary = "end the run with an error unless a condition is as expected";
  let description = [{
    The condition is a bool tensor of one element. Stands where the compiler relied
    on what only the run can tell, such as which branch of an If is possible.

    ```mlir
    heddle.expect %0 is true, "the last dimension must be 1" : tensor<1xi1>
    ```
  }];
  let arguments = (ins AnyTensor:$condition, BoolAttr:$expected, StrAttr:$message);
  let assemblyFormat = "$condition `is` $expected `,` $message attr-dict `:` type($condition)";
}

include "PlanOps.td"
include "ScanOps.td"
include "AttentionOps.td"
include "ProductOps.td"
include "ChunkOps.td"

#endif // HEDDLE_DIALECTS_HEDDLE_HEDDLEOPS
