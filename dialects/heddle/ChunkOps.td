// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What scans are computed by: passes over their elements, cut into chunks of neighbours.
//
// Chunk p of a length L has the elements from p * chunk up to (p + 1) * chunk, or to L. `chunk` is a
// dimension expression of L: all cuts are known when the sizes are. `parts` says into how many parts
// independent lanes are split at least, where they fill that many vectors; no result depends on it.

#ifndef HEDDLE_DIALECTS_HEDDLE_CHUNKOPS
#define HEDDLE_DIALECTS_HEDDLE_CHUNKOPS

def Heddle_ChunkTotalsOp : Heddle_Op<"chunk_totals", [RecursiveMemoryEffects]> {
  let summary = "the elements of each chunk combined into one";
  let description = [{
    The region is the `combine` of a scan. Axis 0 of the results is the chunk. The
    chunk that ends the sequence needs no total, and those after it have no
    elements: their rows are not written.

    A total that cannot be trusted is NaN: a sum or product that left the range of its
    type, or a product that vanished on its way and grew again.

    ```mlir
    %a, %b = heddle.chunk_totals "64" parts 1 (%x, %y) : (tensor<250x8xf32>, tensor<250x8xf32>)
        -> (tensor<4x8xf32>, tensor<4x8xf32>) { ... }
    ```
  }];
  let arguments = (ins StrAttr:$chunk, I64Attr:$parts, Variadic<AnyRankedTensor>:$elements);
  let results = (outs Variadic<AnyRankedTensor>:$totals);
  let regions = (region SizedRegion<1>:$combine);
  let assemblyFormat = [{
    $chunk `parts` $parts `(` $elements `)` attr-dict-with-keyword `:`
    functional-type($elements, $totals) $combine
  }];
  let hasVerifier = 1;
}

def Heddle_ChunkScanOp : Heddle_Op<"chunk_scan", [AttrSizedOperandSegments, RecursiveMemoryEffects]> {
  let summary = "the states of each chunk, from the state that it starts with";
  let description = [{
    The region is the `apply` of a scan; axis 0 of the starts is the chunk. Results
    are those that `keeps` says, of the states after the last step of all, without
    axis 0, and then of the states after each step (before it, with `before`).

    A scan as it was written is one chunk, of its whole length.

    Where the elements are totals, a state that leaves the range of its type may do so
    because of the total alone. With `totals of`, each is the total of so many `steps` of
    a sequence, and where a total leads out of range these steps are taken instead.

    ```mlir
    %starts = heddle.chunk_scan "4" parts 1 (%first : tensor<1x8xf32>)
        over (%totals : tensor<4x8xf32>) keeps [false, true] before
        totals of "64" steps (%x : tensor<250x8xf32>) -> (tensor<4x8xf32>) { ... }
    %states = heddle.chunk_scan "64" parts 1 (%starts : tensor<4x8xf32>)
        over (%x : tensor<250x8xf32>) keeps [false, true] -> (tensor<250x8xf32>) { ... }
    ```
  }];
  let arguments = (ins StrAttr:$chunk, I64Attr:$parts, Variadic<AnyRankedTensor>:$starts,
                       Variadic<AnyRankedTensor>:$elements, Variadic<AnyRankedTensor>:$origin,
                       DenseBoolArrayAttr:$keeps, UnitAttr:$before, OptionalAttr<StrAttr>:$covers);
  let results = (outs Variadic<AnyRankedTensor>:$kept);
  let regions = (region SizedRegion<1>:$apply);
  let assemblyFormat = [{
    $chunk `parts` $parts `(` $starts `:` type($starts) `)` `over`
    `(` $elements `:` type($elements) `)` `keeps` $keeps (`before` $before^)?
    (`totals` `of` $covers^ `steps` `(` $origin `:` type($origin) `)`)?
    attr-dict-with-keyword `->` `(` type(results) `)` $apply
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = "::llvm::LogicalResult verifyOrigin();";
}

#endif // HEDDLE_DIALECTS_HEDDLE_CHUNKOPS
