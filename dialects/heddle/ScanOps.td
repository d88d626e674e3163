// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What loops and repeated sub-graphs are raised to: bodies over many elements, recurrences.
//
// In all of these, time (the iteration of the loop that it came from) is axis 0.

#ifndef HEDDLE_DIALECTS_HEDDLE_SCANOPS
#define HEDDLE_DIALECTS_HEDDLE_SCANOPS

def Heddle_MapOp : Heddle_Op<"map", [RecursiveMemoryEffects,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "a body for each element along axis 0, in any order";
  let description = [{
    The body's arguments are the operands without axis 0, what it yields are the
    results without it. It may use values from outside, which all elements share.

    ```mlir
    %y = heddle.map (%x) : (tensor<8x4xf32>) -> tensor<8x4xf32> {
    ^bb0(%0: tensor<4xf32>):
      %1 = "onnx.Relu"(%0) : (tensor<4xf32>) -> tensor<4xf32>
      heddle.yield %1 : tensor<4xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    ` ` `(` $inputs `)` attr-dict-with-keyword `:` functional-type($inputs, $outputs) $body
  }];
  let hasVerifier = 1;
}

def Heddle_StreamsOp : Heddle_Op<"streams", [RecursiveMemoryEffects,
    SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "one body for several streams that share what it uses from outside";
  let description = [{
    The same sub-graph, found `count` times on the same weights. Operands and
    results stand stream by stream: `%a0, %b0, %a1, %b1` for two streams of two
    values. The body has one stream's arguments, and uses the weights from
    outside. Whether streams are stacked and computed as one or side by side is
    decided when it is lowered.

    ```mlir
    %y:2 = heddle.streams 2 (%x0, %x1) : (tensor<1x8xf32>, tensor<1x8xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>) {
    ^bb0(%0: tensor<1x8xf32>):
      %1 = "onnx.MatMul"(%0, %w) : (tensor<1x8xf32>, tensor<8x4xf32>) -> tensor<1x4xf32>
      heddle.yield %1 : tensor<1x4xf32>
    }
    ```
  }];
  let arguments = (ins I64Attr:$count, Variadic<AnyRankedTensor>:$inputs);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $count `(` $inputs `)` attr-dict-with-keyword `:` functional-type($inputs, $outputs) $body
  }];
  let hasVerifier = 1;
}

def Heddle_ScanOp : Heddle_Op<"scan", [AttrSizedOperandSegments, SameVariadicResultSize,
    RecursiveMemoryEffects]> {
  let summary = "a recurrence whose steps compose associatively";
  let description = [{
    `apply` is one step: from a state and an element to the next state. `combine`
    makes one element of two that follow each other, such that

        apply(apply(s, x), y) = apply(s, combine(x, y))
        combine(combine(x, y), z) = combine(x, combine(y, z))

    The element shapes are those of the operands without axis 0, which is the
    length of the recurrence for all of them. The results are the states after
    the last step (of a length of 0: the initial ones), then, with axis 0, the
    states after each step. Both regions yield shapes they were given.

    ```mlir
    // s = a * s + b
    %last, %states = heddle.scan (%s : tensor<8xf32>) over (%a, %b : tensor<?x8xf32, ...>, tensor<?x8xf32, ...>)
        -> (tensor<8xf32>, tensor<?x8xf32, ...>) apply {
    ^bb0(%s0: tensor<8xf32>, %a0: tensor<8xf32>, %b0: tensor<8xf32>):
      %0 = "onnx.Mul"(%a0, %s0) : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
      %1 = "onnx.Add"(%0, %b0) : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
      heddle.yield %1 : tensor<8xf32>
    } combine {
    ^bb0(%a0: tensor<8xf32>, %b0: tensor<8xf32>, %a1: tensor<8xf32>, %b1: tensor<8xf32>):
      %0 = "onnx.Mul"(%a1, %a0) : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
      %1 = "onnx.Mul"(%a1, %b0) : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
      %2 = "onnx.Add"(%1, %b1) : (tensor<8xf32>, tensor<8xf32>) -> tensor<8xf32>
      heddle.yield %0, %2 : tensor<8xf32>, tensor<8xf32>
    }
    ```

    `form` says how it is computed: `recurrent`, `chunk` or `tree`; without one
    it is not decided. Only the first gives the bits of the sequential program.
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$init, Variadic<AnyRankedTensor>:$elements,
                       OptionalAttr<StrAttr>:$form);
  let results = (outs Variadic<AnyRankedTensor>:$last, Variadic<AnyRankedTensor>:$states);
  let regions = (region SizedRegion<1>:$apply, SizedRegion<1>:$combine);
  let assemblyFormat = [{
    ` ` `(` $init `:` type($init) `)` `over` `(` $elements `:` type($elements) `)` `->`
    `(` type(results) `)` attr-dict-with-keyword `apply` $apply `combine` $combine
  }];
  let hasVerifier = 1;
}

def Heddle_LinearAttentionOp : Heddle_Op<"linear_attention", [AttrSizedOperandSegments, Pure]> {
  let summary = "a recurrence over outer products, read by queries";
  let description = [{
    The state is a matrix S of size dk x dv for each point of the batch
    dimensions `B...`. At each step, with `g` the decay and `b` the rate,

        add:    S <- g S + k (b v)^T
        delta:  S <- g S + k (b (v - (g S)^T k))^T
        o = S^T q                 (of S after the step; before it with `reads_before`)

    which are retention, gated linear attention and the (gated) delta rule. States
    in between are never stored. `query` and `key` are L x B... x dk, `value` is
    L x B... x dv; `decay` broadcasts to L x B... x dk and scales rows of S, `rate`
    broadcasts to L x B... x 1; both are 1 where they are missing. `init` is
    B... x dk x dv. The results are o, L x B... x dv, and the last state.

    ```mlir
    %o, %last = heddle.linear_attention "add" %q, %k, %v from %s decay %g : (...) -> (...)
    ```

    With `segment` the sequence is cut: every so many steps a state of its own
    begins. Then init broadcasts to, and the last states are, N x B... x dk x dv,
    where N is L / segment rounded up.

    `form` says how it is computed: `recurrent`, `chunk` or `tree`; without one it is
    not decided. Only the first gives the bits of the sequential program. `parts` says
    into how many parts columns are split at least, where they fill so many vectors; no
    result depends on it.
  }];
  let arguments = (ins StrAttr:$update, AnyRankedTensor:$query, AnyRankedTensor:$key,
                       AnyRankedTensor:$value, AnyRankedTensor:$init,
                       Optional<AnyRankedTensor>:$decay, Optional<AnyRankedTensor>:$rate,
                       UnitAttr:$reads_before, OptionalAttr<StrAttr>:$form,
                       DefaultValuedAttr<I64Attr, "0">:$segment,
                       DefaultValuedAttr<I64Attr, "1">:$parts);
  let results = (outs AnyRankedTensor:$output, AnyRankedTensor:$last);
  let assemblyFormat = [{
    $update $query `,` $key `,` $value `from` $init (`decay` $decay^)? (`rate` $rate^)?
    attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

#endif // HEDDLE_DIALECTS_HEDDLE_SCANOPS
