// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes that find parallelism, and that bring it down to kernels and tasks.

#ifndef HEDDLE_COMPILER_PARALLEL_PARALLELPASSES
#define HEDDLE_COMPILER_PARALLEL_PARALLELPASSES

include "mlir/Pass/PassBase.td"

//===----------------------------------------------------------------------===//
// Loops and repeated sub-graphs
//===----------------------------------------------------------------------===//

def NormalizeLoopsPass : Pass<"heddle-normalize-loops", "::mlir::func::FuncOp"> {
  let summary = "write loops of a known number of iterations as onnx.Scan along axis 0, forward";
  let description = [{
    A Loop whose condition stays true becomes a Scan. What its body reads at its own
    step of a tensor that is as long as the loop becomes an input; the number of the
    iteration becomes one where it is used otherwise; a state that only grows by what
    each step adds, or that only has its row of the step written, becomes an output. An
    If in a body whose branches are a few operations on elements becomes a Where. Axes
    and directions of Scans become transpositions around them. Types are inferred again
    afterwards.

    ```mlir
    %y = "onnx.Loop"(%m, %s) ({
    ^bb0(%i: tensor<i64>, %c: tensor<i1>, %0: tensor<4xf32>):
      %1 = "onnx.Gather"(%x, %i) : (tensor<8x4xf32>, tensor<i64>) -> tensor<4xf32>
      %2 = "onnx.Add"(%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      onnx.Yield %c, %2 : tensor<i1>, tensor<4xf32>
    }) : (tensor<i64>, tensor<4xf32>) -> tensor<4xf32>
    ```
    becomes
    ```mlir
    %y = "onnx.Scan"(%s, %x) <{num_scan_inputs = 1 : i64}> ({
    ^bb0(%0: tensor<4xf32>, %1: tensor<4xf32>):
      %2 = "onnx.Add"(%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      onnx.Yield %2 : tensor<4xf32>
    }) : (tensor<4xf32>, tensor<8x4xf32>) -> tensor<4xf32>
    ```
  }];
  let statistics = [Statistic<"numLoops", "loops", "Loops that became Scans">,
                    Statistic<"numBranches", "branches", "branches that became choices">,
                    Statistic<"numTurned", "turned", "Scans with transpositions around them">];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def RaiseScansPass : Pass<"heddle-raise-scans", "::mlir::func::FuncOp"> {
  let summary = "make loops whose steps compose scans, and compute beside them what does not wait";
  let description = [{
    The states of a Scan are taken in groups that depend on each other. A group whose
    update composes (sums, products, a s + b, maxima with shifts, logic, products with
    small matrices, logarithms of sums of exponentials, of one state or several that
    mix) becomes a `heddle.scan`; another one stays a Scan of its own, unless the loop
    has `heddle.associative`, by which the user says that its whole step composes. What
    does not depend on states, and what only reads them, is computed for all steps at
    once; for that, a product with what is read beside a state, `MatMul(Concat(x, h), W)`,
    is taken apart.

    ```mlir
    %last, %y = "onnx.Scan"(%s, %x) <{num_scan_inputs = 1 : i64}> ({
    ^bb0(%0: tensor<4xf32>, %1: tensor<4xf32>):
      %2 = "onnx.Exp"(%1) : (tensor<4xf32>) -> tensor<4xf32>
      %3 = "onnx.Add"(%0, %2) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      onnx.Yield %3, %3 : tensor<4xf32>, tensor<4xf32>
    }) : (tensor<4xf32>, tensor<8x4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>)
    ```
    becomes
    ```mlir
    %e = "onnx.Exp"(%x) : (tensor<8x4xf32>) -> tensor<8x4xf32>
    %last, %y = heddle.scan (%s : tensor<4xf32>) over (%e : tensor<8x4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>) apply {
    ^bb0(%0: tensor<4xf32>, %1: tensor<4xf32>):
      %2 = "onnx.Add"(%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      heddle.yield %2 : tensor<4xf32>
    } combine {
    ^bb0(%0: tensor<4xf32>, %1: tensor<4xf32>):
      %2 = "onnx.Add"(%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      heddle.yield %2 : tensor<4xf32>
    }
    ```
  }];
  let options = [Option<"outerProducts", "outer-products", "bool", /*default=*/"true",
                        "whether matrices that are read by vectors become heddle.linear_attention">];
  let statistics = [Statistic<"numScans", "scans", "groups of states that became scans">,
                    Statistic<"numLoops", "loops", "groups of states that stayed loops">];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def ExtractDagScansPass : Pass<"heddle-extract-dag-scans", "::mlir::func::FuncOp"> {
  let summary = "find recurrences over grids and over graphs in loops";
  let description = [{
    The inner loop carries something along the row and scans a state of the outer
    loop, whose next value is what it collects: then a cell depends on the one
    before it and the one above it. What the outer loop does before and after the
    cells of a row becomes loops of their own, which carry nothing of the grid.

    Likewise a loop that carries tables, reads rows of them and writes one, by
    indices that do not depend on them, becomes a `heddle.dag_scan`.

    ```mlir
    %last, %ys = "onnx.Scan"(%row, %xs) <{num_scan_inputs = 1 : i64}> ({
    ^bb0(%above: tensor<6xf32>, %x: tensor<6xf32>):
      %end, %next = "onnx.Scan"(%zero, %above, %x) <{num_scan_inputs = 2 : i64}> ({
      ^bb0(%l: tensor<f32>, %u: tensor<f32>, %x0: tensor<f32>):
        %0 = "onnx.Max"(%l, %u) : (tensor<f32>, tensor<f32>) -> tensor<f32>
        %1 = "onnx.Add"(%0, %x0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
        onnx.Yield %1, %1 : tensor<f32>, tensor<f32>
      }) : (tensor<f32>, tensor<6xf32>, tensor<6xf32>) -> (tensor<f32>, tensor<6xf32>)
      onnx.Yield %next, %next : tensor<6xf32>, tensor<6xf32>
    }) : (tensor<6xf32>, tensor<8x6xf32>) -> (tensor<6xf32>, tensor<8x6xf32>)
    ```
    becomes
    ```mlir
    %along = "onnx.Expand"(%zero, ...) : ... -> tensor<8xf32>
    %end, %last, %ys = heddle.grid_scan along (%along : tensor<8xf32>) down (%row : tensor<6xf32>)
        cells (%xs : tensor<8x6xf32>) -> along (tensor<8xf32>) down (tensor<6xf32>) marks (tensor<8x6xf32>) {
    ^bb0(%l: tensor<f32>, %u: tensor<f32>, %x0: tensor<f32>):
      %0 = "onnx.Max"(%l, %u) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      %1 = "onnx.Add"(%0, %x0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
      heddle.yield %1, %1, %1 : tensor<f32>, tensor<f32>, tensor<f32>
    }
    ```
  }];
  let options = [Option<"form", "form", "std::string", /*default=*/"",
                        "recurrent, blocks, wavefront, or pairing for what is linear; else chosen by sizes">,
                 Option<"cores", "cores", "int", /*default=*/"2",
                        "that the program is made for">];
  let statistics = [Statistic<"numGrids", "grids", "nests of loops that became grids">,
                    Statistic<"numGraphs", "graphs", "loops over rows of tables that became graphs">,
                    Statistic<"numLeft", "left", "loops that look like one and are not">];
  let dependentDialects = ["::heddle::HeddleDialect", "::heddle::onnx::OnnxDialect"];
}

def LowerDagScansPass : Pass<"heddle-lower-dag-scans", "::mlir::func::FuncOp"> {
  let summary = "compute all that is ready of a recurrence over a grid or graph at once";
  let description = [{
    A grid becomes a loop over its anti-diagonals, whose cells are computed as one.
    Inputs are told by time: at time t, row x is at column t - x.

    ```mlir
    %end, %last, %ys = heddle.grid_scan along (%a : tensor<8xf32>) down (%d : tensor<6xf32>)
        cells (%xs : tensor<8x6xf32>) -> ... { cell }
    ```
    becomes
    ```mlir
    %inside, %skewed = ... : tensor<13x8xi1>, tensor<13x8xf32>
    "onnx.Scan"(%a, %zeros, %inside, %entering, %skewed) <{num_scan_inputs = 3 : i64}> ({
    ^bb0(%left: tensor<8xf32>, %sent: tensor<8xf32>, %in: tensor<8xi1>, %first: tensor<f32>, %x: tensor<8xf32>):
      %above = Concat(%first, %sent) without its last element
      cell of %left, %above, %x, for eight cells
      ...
    ```
    In the form `blocks` it becomes a loop in a loop again for each of some blocks of
    rows and columns, twice as many of either as there are cores: those on a diagonal
    do not depend on each other.

    A graph becomes a loop over its levels (`heddle.levels`): each reads the rows
    that its steps need, computes the steps as one, and writes their rows.
  }];
  let options = [Option<"cores", "cores", "int", /*default=*/"2",
                        "that the program is made for">];
  let statistics = [Statistic<"numWavefronts", "wavefronts", "grids computed by anti-diagonals">,
                    Statistic<"numBlocked", "blocked", "grids computed by blocks">,
                    Statistic<"numPairings", "pairings", "grids computed by pairs of blocks">,
                    Statistic<"numLevels", "levels", "graphs computed level by level">,
                    Statistic<"numRecurrent", "recurrent", "those computed step by step">];
  let dependentDialects = ["::heddle::HeddleDialect", "::heddle::onnx::OnnxDialect"];
}

def VerifyAssociativityPass : Pass<"heddle-verify-associativity", "::mlir::func::FuncOp"> {
  let summary = "try the law of every heddle.scan on random values";
  let description = [{
    Runs `apply` and `combine` on random states and triples of elements in double
    precision, and refuses a scan for which composing differs from computing step by
    step, with the values. Changes nothing. For combiners that were written by hand:
    those that passes make have a proof.

    ```mlir
    %last, %states = heddle.scan (...) over (...) apply { a * s + b } combine { (a1 * a0, a0 * b1 + b0) }
    ```
    is refused with
    ```
    'heddle.scan' op does not compose: apply(apply(s, x), y) = apply(s, combine(x, y)) gives 0.25 and 0.5 for s = ...
    ```
  }];
}

def ExtractMapsPass : Pass<"heddle-extract-maps", "::mlir::func::FuncOp"> {
  let summary = "make loops whose iterations give nothing to each other maps";
  let description = [{
    A Scan without states, or with such that only look carried: passed on unchanged,
    read by nothing but their own update, or asked for after the last iteration only.

    ```mlir
    %s1, %y = "onnx.Scan"(%s, %x) <{num_scan_inputs = 1 : i64}> ({
    ^bb0(%0: tensor<4xf32>, %1: tensor<4xf32>):
      %2 = "onnx.Mul"(%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      onnx.Yield %0, %2 : tensor<4xf32>, tensor<4xf32>
    }) : (tensor<4xf32>, tensor<8x4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>)
    ```
    becomes
    ```mlir
    %y = heddle.map (%x) : (tensor<8x4xf32>) -> tensor<8x4xf32> {
    ^bb0(%0: tensor<4xf32>):
      %1 = "onnx.Mul"(%s, %0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
      heddle.yield %1 : tensor<4xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numMaps", "maps", "loops that became maps">];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def LowerMapsPass : Pass<"heddle-lower-maps", "::mlir::func::FuncOp"> {
  let summary = "compute the elements of a map at once, or its iterations side by side";
  let description = [{
    ```mlir
    %y = heddle.map (%x) : (tensor<8x4xf32>) -> tensor<8x2xf32> {
    ^bb0(%0: tensor<4xf32>):
      %1 = "onnx.MatMul"(%0, %w) : (tensor<4xf32>, tensor<4x2xf32>) -> tensor<2xf32>
      heddle.yield %1 : tensor<2xf32>
    }
    ```
    becomes
    ```mlir
    %y = "onnx.MatMul"(%x, %w) : (tensor<8x4xf32>, tensor<4x2xf32>) -> tensor<8x2xf32>
    ```
    Where an operation has no form for all elements, or a value would be too large, it
    becomes a Scan without states. `heddle.grain` says how many of its iterations in a
    row are worth a task: so many at a time are handed out to the threads. Where it is
    missing they run one after the other.

    ```mlir
    %y = "onnx.Scan"(%x) <{num_scan_inputs = 1 : i64}> ({ ... }) {heddle.grain = 3 : i64} : ...
    ```
  }];
  let options = [Option<"largest", "largest", "double", /*default=*/"268435456.0",
                        "elements that a value may have for all elements of a map at once">,
                 Option<"cores", "cores", "int", /*default=*/"2", "that the program is made for">,
                 Option<"leastCost", "least-cost", "double", /*default=*/"10000.0",
                        "nanoseconds of iterations that are handed out at once">];
  let statistics = [Statistic<"numBatched", "batched", "maps computed for all elements at once">,
                    Statistic<"numSideBySide", "side-by-side", "maps whose iterations run side by side">,
                    Statistic<"numLoops", "loops", "maps computed one iteration after the other">];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def ForwardReadsPass : Pass<"heddle-forward-reads", "::mlir::func::FuncOp"> {
  let summary = "read a tensor from before the writes that leave what is read alone";
  let description = [{
    Branches that write rows of one tensor become independent where the rows are
    proved to be others; where an index is only known at run time they stay.

    ```mlir
    %1 = "onnx.ScatterND"(%x, %0, %u) : ...      // %0 is [[0]]
    %3 = "onnx.Gather"(%1, %2) : ...             // %2 is [1]
    ```
    becomes
    ```mlir
    %1 = "onnx.ScatterND"(%x, %0, %u) : ...
    %3 = "onnx.Gather"(%x, %2) : ...
    ```
  }];
  let statistics = [Statistic<"numForwarded", "forwarded", "reads of an earlier tensor">];
}

def ExtractStreamsPass : Pass<"heddle-extract-streams", "::mlir::func::FuncOp"> {
  let summary = "find equal sub-graphs on the same weights";
  let description = [{
    Several copies of a model, contexts, frames: sub-graphs that are equal but for
    what they start from, and that do not depend on each other.

    ```mlir
    %1 = "onnx.MatMul"(%a, %w) : (tensor<1x8xf32>, tensor<8x4xf32>) -> tensor<1x4xf32>
    %2 = "onnx.Relu"(%1) : (tensor<1x4xf32>) -> tensor<1x4xf32>
    %3 = "onnx.MatMul"(%b, %w) : (tensor<1x8xf32>, tensor<8x4xf32>) -> tensor<1x4xf32>
    %4 = "onnx.Relu"(%3) : (tensor<1x4xf32>) -> tensor<1x4xf32>
    ```
    becomes
    ```mlir
    %2:2 = heddle.streams 2 (%a, %b) : (tensor<1x8xf32>, tensor<1x8xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>) {
    ^bb0(%0: tensor<1x8xf32>):
      %1 = "onnx.MatMul"(%0, %w) : (tensor<1x8xf32>, tensor<8x4xf32>) -> tensor<1x4xf32>
      %3 = "onnx.Relu"(%1) : (tensor<1x4xf32>) -> tensor<1x4xf32>
      heddle.yield %3 : tensor<1x4xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numStreams", "streams", "sets of equal sub-graphs">];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def LowerStreamsPass : Pass<"heddle-lower-streams", "::mlir::func::FuncOp"> {
  let summary = "compute streams as one, or side by side";
  let description = [{
    ```mlir
    %y:2 = heddle.streams 2 (%a, %b) : (tensor<1x8xf32>, tensor<1x8xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>) {
    ^bb0(%0: tensor<1x8xf32>):
      %1 = "onnx.MatMul"(%0, %w) : (tensor<1x8xf32>, tensor<8x4xf32>) -> tensor<1x4xf32>
      heddle.yield %1 : tensor<1x4xf32>
    }
    ```
    becomes a product of the stacked rows, which reads the weights once,
    ```mlir
    %x = "onnx.Concat"(%a, %b) <{axis = 0 : i64}> : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<2x8xf32>
    %y = "onnx.MatMul"(%x, %w) : (tensor<2x8xf32>, tensor<8x4xf32>) -> tensor<2x4xf32>
    ```
    (views between left out), or the product of each stream where these are large.
  }];
  let options = [Option<"cores", "cores", "int", /*default=*/"2", "that the program is made for">,
                 Option<"stack", "stack", "bool", /*default=*/"false",
                        "compute streams as one whatever it costs">];
  let statistics = [Statistic<"numStreams", "streams", "sets of equal sub-graphs lowered">];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

//===----------------------------------------------------------------------===//
// Source level to parallel level
//===----------------------------------------------------------------------===//

def ExpandAttentionPass : Pass<"onnx-expand-attention", "::mlir::func::FuncOp"> {
  let summary = "write onnx.Attention as heddle.attention";
  let description = [{
    Scale, cap, masks and windows become the region, heads in packed operands a matter
    of axes, past keys and values a concatenation. What the kernel does not do stays:
    counted padding, exposed scores, a softmax of another precision.

    ```mlir
    %y = "onnx.Attention"(%q, %k, %v) <{is_causal = 1 : i64}> : (tensor<1x2x4x8xf32>, ...) -> tensor<1x2x4x8xf32>
    ```
    becomes
    ```mlir
    %y = heddle.attention %q, %k, %v, %rows, %columns {undefined = "zero"} : ... {
    ^bb0(%s: tensor<1x2x4x4xf32>, %i: tensor<4x1xi64>, %j: tensor<4xi64>):
      %0 = "onnx.Mul"(%s, %scale) : ...
      %1 = "onnx.LessOrEqual"(%j, %i) : (tensor<4xi64>, tensor<4x1xi64>) -> tensor<4x4xi1>
      %2 = "onnx.Where"(%1, %0, %infinity) : ...
      heddle.yield %2 : tensor<1x2x4x4xf32>
    }
    ```
  }];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def RaiseAttentionPass : Pass<"heddle-raise-attention", "::mlir::func::FuncOp"> {
  let summary = "find attention in the spelling of any exporter";
  let description = [{
    Two products with a softmax of rows between them become one operation, which is
    computed without a matrix of scores. What is done to scores, element by element,
    becomes its region; transpositions, joined batch dimensions and keys repeated
    for groups of heads are read through. Where scores or weights are used otherwise
    as well, nothing changes and the reason is recorded.

    ```mlir
    %0 = "onnx.Transpose"(%k) <{perm = array<i64: 0, 2, 1>}> : (tensor<2x9x8xf32>) -> tensor<2x8x9xf32>
    %1 = "onnx.MatMul"(%q, %0) : (tensor<2x4x8xf32>, tensor<2x8x9xf32>) -> tensor<2x4x9xf32>
    %2 = "onnx.Add"(%1, %mask) : (tensor<2x4x9xf32>, tensor<9xf32>) -> tensor<2x4x9xf32>
    %3 = "onnx.Softmax"(%2) <{axis = -1 : i64}> : (tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
    %4 = "onnx.MatMul"(%3, %v) : (tensor<2x4x9xf32>, tensor<2x9x8xf32>) -> tensor<2x4x8xf32>
    ```
    becomes
    ```mlir
    %4 = heddle.attention %q, %k, %v, %mask : (...) -> tensor<2x4x8xf32> {
    ^bb0(%s: tensor<2x4x9xf32>, %m: tensor<9xf32>):
      %5 = "onnx.Add"(%s, %m) : (tensor<2x4x9xf32>, tensor<9xf32>) -> tensor<2x4x9xf32>
      heddle.yield %5 : tensor<2x4x9xf32>
    }
    ```
  }];
  let statistics = [Statistic<"numRaised", "raised", "attentions raised">];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def LowerScansPass : Pass<"heddle-lower-scans", "::mlir::func::FuncOp"> {
  let summary = "choose how each scan is computed";
  let description = [{
    Where `apply` and `combine` are element-wise, a scan becomes passes over chunks,
    which are kernels with the states in registers: one pass in the recurrent form;
    in the chunk form the totals of the chunks, where each chunk starts, and the
    states of each chunk. What else there is becomes an `onnx.Scan`, or, in the tree
    form, operations on all pairs of a level (PairTree.h).

    Where a total leaves the range of its type, which the states need not do, the steps
    that it stands for are taken one by one to find where the next chunk starts.

    ```mlir
    %last, %states = heddle.scan (%s : tensor<8xf32>) over (%x : tensor<1000x8xf32>)
        -> (tensor<8xf32>, tensor<1000x8xf32>) apply { ... } combine { ... }
    ```
    becomes in the chunk form, where the last state is not used,
    ```mlir
    %totals = heddle.chunk_totals "64" parts 1 (%x) : ... -> tensor<16x8xf32> { ... }
    %starts = heddle.chunk_scan "16" parts 1 (%first : tensor<1x8xf32>) over (%totals : tensor<16x8xf32>)
        keeps [false, true] before totals of "64" steps (%x : tensor<1000x8xf32>) -> (tensor<16x8xf32>) { ... }
    %states = heddle.chunk_scan "64" parts 1 (%starts : tensor<16x8xf32>) over (%x : tensor<1000x8xf32>)
        keeps [false, true] -> (tensor<1000x8xf32>) { ... }
    ```
  }];
  let options = [Option<"form", "form", "std::string", /*default=*/"",
                        "recurrent, chunk or tree for all scans; else chosen for each">,
                 Option<"cores", "cores", "int", /*default=*/"2",
                        "that the program is made for">];
  let statistics = [Statistic<"numChunked", "chunked", "scans in the chunk form">,
                    Statistic<"numTrees", "trees", "scans in the tree form">];
  let dependentDialects = ["::heddle::HeddleDialect", "::heddle::onnx::OnnxDialect"];
}

def SplitAttentionPass : Pass<"heddle-split-attention", "::mlir::func::FuncOp"> {
  let summary = "compute attention with few queries by parts of the keys";
  let description = [{
    Heads and blocks of queries are beside each other anyway. Where these are too few
    to fill the cores, and keys enough to pay for it, keys are cut into parts, whose
    number follows from the sizes and the cores alone; what is known of the parts of a
    query is merged in their order. For all attentions it records how they are
    computed.

    ```mlir
    %1 = heddle.attention %q, %k, %v : (tensor<1x1x64xf32>, tensor<1x10000x64xf32>,
        tensor<1x10000x64xf32>) -> tensor<1x1x64xf32> { ... }
    ```
    becomes
    ```mlir
    %0 = heddle.attention %q, %k, %v {in_parts} : (...) -> tensor<1x1x7x66xf32> { ... }
    %1 = heddle.merge_attention %0 : tensor<1x1x7x66xf32> -> tensor<1x1x64xf32>
    ```
  }];
  let options = [Option<"cores", "cores", "int", /*default=*/"2",
                        "that the program is made for">];
  let statistics = [Statistic<"numSplit", "split", "attentions cut into parts of keys">];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def FormCachesPass : Pass<"heddle-form-caches", "::mlir::func::FuncOp"> {
  let summary = "store caches so that they grow in place";
  let description = [{
    What a loop carries and only appends to is a cache, and so is, with `inputs=true`, an
    input of the program that goes through concatenations, branches and loops to a result.
    A version is what any of them makes of it; where an operation gives one to two others,
    both have it. The concatenation becomes `heddle.cache.append`.

    Entries that lie one after the other as they are (axis 0, or axes of one element before
    it) stay as they are, whoever reads them. Else time becomes axis 0, around a loop by a
    transposition before and one behind it; for that, versions may be read as the keys and
    values of attention only, which takes axes in any order. Inputs and outputs of the
    program then change their shape, which is why they are an option (`--caches`).

    ```mlir
    func.func @main(%past: tensor<1x2x?x8xf32, ...>) -> tensor<1x2x?x8xf32, ...> {
      %0 = "onnx.Concat"(%past, %new) <{axis = 2 : i64}> : ...
      %1 = heddle.attention %q, %0, %v : ...
      return %0
    ```
    becomes
    ```mlir
    func.func @main(%past: tensor<?x1x2x8xf32, ...>) -> tensor<?x1x2x8xf32, ...> {
      %0 = "onnx.Transpose"(%new) <{perm = array<i64: 2, 0, 1, 3>}> : ...
      %1 = heddle.cache.open %past : ...
      %2 = heddle.cache.append %0 to %1 : ...
      %3 = heddle.cache.view %2 : ...
      %4 = heddle.attention %q, %3, %v {key_axes = array<i64: 1, 2, 0, 3>} : ...
      return %3
    ```

    What a loop carries on must come from what it carried: a state that begins anew in an
    iteration is no cache. Where the axes cannot move, `heddle explain` says who reads it.
  }];
  let options = [Option<"inputs", "inputs", "bool", /*default=*/"false",
                        "inputs of the program too, which may change their shapes">];
  let statistics = [Statistic<"numCaches", "caches", "caches formed">];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def FormClustersPass : Pass<"heddle-form-clusters", "::mlir::func::FuncOp"> {
  let summary = "group source operations that one kernel computes";
  let description = [{
    Compiled operations become `heddle.cluster`s: elementwise chains are fused, into
    the reductions over rows they surround and into the contraction whose result they
    use. Max pooling of a large convolution's results, read by nothing else, goes into the
    convolution. Operations of the runtime library, views and control flow stay as they are.

    ```mlir
    %1 = "onnx.MatMul"(%x, %w) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
    %2 = "onnx.Relu"(%1) : (tensor<4x2xf32>) -> tensor<4x2xf32>
    ```
    becomes
    ```mlir
    %2 = heddle.cluster (%x, %w) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32> {
    ^bb0(%0: tensor<4x8xf32>, %1: tensor<8x2xf32>):
      %3 = "onnx.MatMul"(%0, %1) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
      %4 = "onnx.Relu"(%3) : (tensor<4x2xf32>) -> tensor<4x2xf32>
      heddle.yield %4 : tensor<4x2xf32>
    }
    ```
  }];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def LowerLinearAttentionPass : Pass<"heddle-lower-linear-attention", "::mlir::func::FuncOp"> {
  let summary = "choose how linear attention is computed";
  let description = [{
    Columns of the state do not depend on each other, and neither do batch points: these
    are the first to be split over cores, which changes no bit, and step by step is the
    form for that. `chunk` walks the sequence in chunks, each a few matrix products with
    the state, for the delta rule with a triangular solve. `tree` is for what has fewer
    columns and batch points than there are cores: the sequence is cut into segments, and
    the states that they start from take log2(segments) levels of products of what each
    does to a state:

    ```mlir
    %o, %last = heddle.linear_attention "add" %q, %k, %v from %s decay %g : (...)
    ```
    becomes (abridged)
    ```mlir
    %n, %h = heddle.linear_attention "add" %q, %k, %v from %zero decay %g {segment = 64} : (...)
    %n, %p = heddle.linear_attention "add" %z, %z, %z from %one decay %g {segment = 64} : (...)
    %h2 = late %p * early %h + late %h
    %p2 = late %p * early %p
    ...
    %states = the states between segments
    %o, %n = heddle.linear_attention "add" %q, %k, %v from %states decay %g {segment = 64} : (...)
    ```
    The choice goes by the sizes and the option `cores` alone.
  }];
  let options = [
    Option<"cores", "cores", "int", /*default=*/"2", "cores that the program is made for">,
    Option<"form", "form", "std::string", /*default=*/"",
           "recurrent, chunk or tree for all of them">];
  let statistics = [Statistic<"numRecurrent", "recurrent", "computed step by step">,
                    Statistic<"numChunk", "chunk", "computed chunk by chunk">,
                    Statistic<"numTree", "tree", "computed from a scan over segments">];
  let dependentDialects = ["::heddle::HeddleDialect", "::heddle::onnx::OnnxDialect"];
}

def ExtractSpawnsPass : Pass<"heddle-extract-spawns", "::mlir::func::FuncOp"> {
  let summary = "spawn chains of operations that may run beside the rest";
  let description = [{
    The chain with the longest way to the end stays in the block. Another chain is
    spawned where it costs enough to pay for a task and where work of that cost may
    run beside it; its values are awaited where they, or sizes that only running
    them tells, are first used.

    ```mlir
    %1 = heddle.cluster (%x) : ... { conv }
    %2 = heddle.cluster (%x) : ... { conv }
    %3 = heddle.cluster (%1, %2) : ... { concat }
    ```
    becomes
    ```mlir
    %f = heddle.spawn : !heddle.future<...> {
      %1 = heddle.cluster (%x) : ... { conv }
      heddle.yield %1 : ...
    }
    %2 = heddle.cluster (%x) : ... { conv }
    %1 = heddle.await %f : !heddle.future<...>
    %3 = heddle.cluster (%1, %2) : ... { concat }
    ```
  }];
  let options = [Option<"leastCost", "least-cost", "double", /*default=*/"20000.0",
                        "nanoseconds that a chain, and the work beside it, must cost">];
  let statistics = [Statistic<"numSpawns", "spawns", "chains spawned">];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

#endif // HEDDLE_COMPILER_PARALLEL_PARALLELPASSES
