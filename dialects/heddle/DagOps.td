// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recurrences over more than a line: grids, and graphs without cycles.

#ifndef HEDDLE_DIALECTS_HEDDLE_DAGOPS
#define HEDDLE_DIALECTS_HEDDLE_DAGOPS

include "HeddleBase.td"

def Heddle_GridScanOp : Heddle_Op<"grid_scan", [AttrSizedOperandSegments,
    AttrSizedResultSegments, RecursiveMemoryEffects]> {
  let summary = "a recurrence over the cells of a grid";
  let description = [{
    Cell (x, y) of an H x W grid gets what cell (x, y-1) sends along its row and
    what cell (x-1, y) sends along its column, and yields what it sends on, then
    its marks: the values that are wanted of every cell. `along` is what the
    first cell of each row gets (H x ...), `down` what the first cell of each
    column gets (W x ...). Inputs are one for each cell (H x W x ...), row (H x
    ...) or column (W x ...); what stands outside the body is shared by all cells.

    Results: what leaves the end of each row (of no columns: `along`), what leaves
    the end of each column (of no rows: `down`), and the marks, H x W x ....
    Nothing else orders the cells, so those of an anti-diagonal are independent.

    ```mlir
    // the number of ways through a grid whose cells let pass `c` of what arrives
    %a, %d, %m = heddle.grid_scan along (%left : tensor<8xf32>) down (%up : tensor<6xf32>)
        cells (%c : tensor<8x6xf32>) -> along (tensor<8xf32>) down (tensor<6xf32>) marks (tensor<8x6xf32>) {
    ^bb0(%l: tensor<f32>, %u: tensor<f32>, %c0: tensor<f32>):
      %0 = "onnx.Add"(%l, %u) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      %1 = "onnx.Mul"(%0, %c0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      heddle.yield %1, %1, %1 : tensor<f32>, tensor<f32>, tensor<f32>
    }
    ```

    `form` says how it is computed: `recurrent` (cell by cell), `blocks` (the same
    for each of some blocks of rows and columns, which are tasks), `wavefront` (the
    cells of an anti-diagonal at once) or `pairing` (of a linear cell: pairs of
    blocks become blocks, log2 H + log2 W times); without one it is not decided.
    Only pairing changes the order of sums.
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$along, Variadic<AnyRankedTensor>:$down,
                       Variadic<AnyRankedTensor>:$cells, Variadic<AnyRankedTensor>:$rows,
                       Variadic<AnyRankedTensor>:$columns, OptionalAttr<StrAttr>:$form);
  let results = (outs Variadic<AnyRankedTensor>:$last_along, Variadic<AnyRankedTensor>:$last_down,
                      Variadic<AnyRankedTensor>:$marks);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `along` `(` $along `:` type($along) `)` `down` `(` $down `:` type($down) `)`
    (`cells` `(` $cells^ `:` type($cells) `)`)? (`rows` `(` $rows^ `:` type($rows) `)`)?
    (`columns` `(` $columns^ `:` type($columns) `)`)? `->` `along` `(` type($last_along) `)`
    `down` `(` type($last_down) `)` (`marks` `(` type($marks)^ `)`)? attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::heddle::DimExpr getHeight();
    ::heddle::DimExpr getWidth();
    ::mlir::ValueRange getYielded() { return getBody().front().getTerminator()->getOperands(); }
  }];
}

def Heddle_DagScanOp : Heddle_Op<"dag_scan", [AttrSizedOperandSegments,
    AttrSizedResultSegments, RecursiveMemoryEffects]> {
  let summary = "a recurrence whose steps read and write rows of tables by index";
  let description = [{
    Step i = 0, 1, ... reads rows of tables, computes, and writes one row of each
    table: row `writes[k][i]` of table k. Read j is of table `read_tables[j]`: one
    row where `reads[j]` has one index for each step, several where it has more.
    `elements` have the steps as axis 0; what the body yields are the new rows,
    one for each table, then marks of each step. So the indices are the edges of
    a graph, and the order of the steps makes it one without cycles, whatever
    they are: a step sees the rows as the steps before it left them. Indices may
    count from the end; one that is outside its table ends the run with an error.

    ```mlir
    // h[i] = x[i] + the sum over its predecessors
    %h = heddle.dag_scan tables (%h0 : tensor<9x4xf32>) writes (%i : tensor<9xi64>)
        reads (%p : tensor<9x2xi64>) of [0] over (%x : tensor<9x4xf32>) -> (tensor<9x4xf32>) {
    ^bb0(%before: tensor<2x4xf32>, %x0: tensor<4xf32>):
      %0 = "onnx.ReduceSum"(%before, %axis) {keepdims = 0 : i64} : ... -> tensor<4xf32>
      %1 = "onnx.Add"(%0, %x0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      heddle.yield %1 : tensor<4xf32>
    }
    ```

    Steps may run at once where none reads or writes a row that an earlier one of
    them writes. `form`: `recurrent`, or `levels`, where each step is in the first
    level after those it must follow; levels are found when the program runs.
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$tables, Variadic<AnyRankedTensor>:$writes,
                       Variadic<AnyRankedTensor>:$reads, DenseI64ArrayAttr:$read_tables,
                       Variadic<AnyRankedTensor>:$elements, OptionalAttr<StrAttr>:$form);
  let results = (outs Variadic<AnyRankedTensor>:$last, Variadic<AnyRankedTensor>:$marks);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `tables` `(` $tables `:` type($tables) `)` `writes` `(` $writes `:` type($writes) `)`
    `reads` `(` $reads `:` type($reads) `)` `of` $read_tables
    (`over` `(` $elements^ `:` type($elements) `)`)? `->` `(` type($last) `)`
    (`marks` `(` type($marks)^ `)`)? attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::heddle::DimExpr getLength();
    ::mlir::ValueRange getYielded() { return getBody().front().getTerminator()->getOperands(); }
  }];
}

def Heddle_LevelsOp : Heddle_Op<"levels", [Pure]> {
  let summary = "which steps of a recurrence over tables may run at once";
  let description = [{
    `indices` are those of a dag_scan, the first `writes` of them what steps write;
    `tables` says of which table each is, `rows` how many rows each table has. The
    results are the steps, level by level, and where levels begin and end in them.

    ```mlir
    %order, %begins, %ends = heddle.levels %rows, %i, %p of [0, 0] writes 1 : tensor<1xi64>,
        tensor<9xi64>, tensor<9x2xi64> -> tensor<9xi64>, tensor<?xi64, ...>, tensor<?xi64, ...>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$rows, Variadic<AnyRankedTensor>:$indices,
                       DenseI64ArrayAttr:$tables, I64Attr:$writes);
  let results = (outs AnyRankedTensor:$order, AnyRankedTensor:$begins, AnyRankedTensor:$ends);
  let assemblyFormat = [{
    $rows `,` $indices `of` $tables `writes` $writes attr-dict `:` type($rows) `,` type($indices)
    `->` type($order) `,` type($begins) `,` type($ends)
  }];
}

#endif // HEDDLE_DIALECTS_HEDDLE_DAGOPS
