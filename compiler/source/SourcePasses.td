// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes within the source level, in the order of the pipeline.

#ifndef HEDDLE_COMPILER_SOURCE_SOURCEPASSES
#define HEDDLE_COMPILER_SOURCE_SOURCEPASSES

include "mlir/Pass/PassBase.td"

def TranslateStandardPass : Pass<"heddle-translate-standard", "::mlir::func::FuncOp"> {
  let summary = "write programs of MLIR's own dialects in operators of ONNX";
  let description = [{
    For programs that a person or another compiler wrote as `.mlir`: `scf.for` becomes
    a Loop, a scalar a tensor of no dimensions, what is read and written by an index a
    Gather and a ScatterND. So there is one form of a loop for all that follows.
    Operations without a counterpart are refused where they stand. Arguments and
    results without a name are called `arg0`, ... and `result0`, ....

    ```mlir
    func.func @main(%x: tensor<8xf32>) -> f32 {
      %zero = arith.constant 0.0 : f32
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %c8 = arith.constant 8 : index
      %sum = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %zero) -> (f32) {
        %0 = tensor.extract %x[%i] : tensor<8xf32>
        %1 = arith.addf %s, %0 : f32
        scf.yield %1 : f32
      }
      return %sum : f32
    }
    ```
    becomes
    ```mlir
    func.func @main(%x: tensor<8xf32> {heddle.name = "arg0"}) -> (tensor<f32> {heddle.name = "result0"}) {
      %zero = "onnx.Constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<f32>
      %m = "onnx.Constant"() {value = dense<8> : tensor<i64>} : () -> tensor<i64>
      %sum = "onnx.Loop"(%m, %zero) ({
      ^bb0(%i: tensor<i64>, %c: tensor<i1>, %s: tensor<f32>):
        %0 = "onnx.Gather"(%x, %i) <{axis = 0 : i64}> : (tensor<8xf32>, tensor<i64>) -> tensor<f32>
        %1 = "onnx.Add"(%s, %0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
        onnx.Yield %c, %1 : tensor<i1>, tensor<f32>
      }) : (tensor<i64>, tensor<f32>) -> tensor<f32>
      return %sum : tensor<f32>
    }
    ```
  }];
  let dependentDialects = ["::heddle::onnx::OnnxDialect"];
}

def InferShapesPass : Pass<"onnx-infer-shapes", "::mlir::ModuleOp"> {
  let summary = "give every value a rank and symbolic dimensions, and fold what computes sizes";
  let description = [{
    Walks each function in order and infers the element type and the dimensions
    of every value from those of the function's arguments, descending into the
    regions of If, Loop and Scan. The contents of small integer tensors are
    tracked as expressions over dimension symbols, so that sub-graphs that
    compute shapes disappear:

    - a value with constant contents becomes an `onnx.Constant`;
    - a value whose contents are expressions becomes a `heddle.index_tensor`;
    - an If with a known condition is replaced by the branch taken;
    - Identity, conversions to the same type and Dropout at inference are replaced
      by their operand; what nothing uses any more is dropped.

    A dimension that only running the program can tell gets a fresh symbol, which
    the result of the operation defines. An argument's dimension without a name
    gets the one `ARGUMENT:AXIS`. Running the pass again changes nothing.

    Before:
    ```mlir
    func.func @main(%x: tensor<?x12x?xf32, #heddle.dims<["batch", "12", "seq"]>>) -> tensor<*xf32> {
      %shape = "onnx.Shape"(%x) : (...) -> tensor<*xi64>
      %zero = "onnx.Constant"() {value = dense<0> : tensor<i64>} : () -> tensor<*xi64>
      %batch = "onnx.Gather"(%shape, %zero) : (...) -> tensor<*xi64>
      %axes = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<*xi64>
      %first = "onnx.Unsqueeze"(%batch, %axes) : (...) -> tensor<*xi64>
      %rest = "onnx.Constant"() {value = dense<-1> : tensor<1xi64>} : () -> tensor<*xi64>
      %target = "onnx.Concat"(%first, %rest) {axis = 0 : i64} : (...) -> tensor<*xi64>
      %y = "onnx.Reshape"(%x, %target) : (...) -> tensor<*xf32>
      return %y : tensor<*xf32>
    }
    ```
    After:
    ```mlir
    func.func @main(%x: tensor<?x12x?xf32, #heddle.dims<["batch", "12", "seq"]>>)
        -> tensor<?x?xf32, #heddle.dims<["batch", "12*seq"]>> {
      %target = heddle.index_tensor ["batch", "-1"] : tensor<2xi64>
      %y = "onnx.Reshape"(%x, %target) : (...) -> tensor<?x?xf32, #heddle.dims<["batch", "12*seq"]>>
      return %y : tensor<?x?xf32, #heddle.dims<["batch", "12*seq"]>>
    }
    ```
  }];
  let dependentDialects = ["::heddle::HeddleDialect", "::heddle::onnx::OnnxDialect"];
}

def VerifySourcePass : Pass<"onnx-verify-shapes", "::mlir::ModuleOp"> {
  let summary = "check the contract of the source level after shape inference";
  let description = [{
    Checks, and changes nothing:

    - every tensor is ranked and each of its dimensions is static or named;
    - every symbol in a dimension is defined: it stands alone as a dimension of a
      function's argument, of an operation's result or of a region's argument;
    - each argument and result of @main has a name (`heddle.name`), and no two
      arguments or results share one.
  }];
}

def HoistConstantsPass : Pass<"onnx-hoist-constants", "::mlir::func::FuncOp"> {
  let summary = "move what depends on constants alone out of sub-graphs";
  let description = [{
    ```mlir
    "onnx.If"(%c) ({ ... }, {
      %1 = "onnx.Transpose"(%weight) : (tensor<8x4xf32>) -> tensor<4x8xf32>
      %2 = "onnx.MatMul"(%x, %1) : ...
    ```
    becomes
    ```mlir
    %1 = "onnx.Transpose"(%weight) : (tensor<8x4xf32>) -> tensor<4x8xf32>
    "onnx.If"(%c) ({ ... }, {
      %2 = "onnx.MatMul"(%x, %1) : ...
    ```
    so that the compiler computes it once.
  }];
  let statistics = [Statistic<"numHoisted", "hoisted", "operations moved">];
}

def ExpandEinsumPass : Pass<"onnx-expand-einsum", "::mlir::func::FuncOp"> {
  let summary = "write an Einsum of two operands as a matrix product";
  let description = [{
    ```mlir
    %1 = "onnx.Einsum"(%x, %w) {equation = "bfnd,ndh->bfh"} : (tensor<2x5x4x8xf32>, tensor<4x8x32xf32>) -> tensor<2x5x32xf32>
    ```
    becomes
    ```mlir
    %1 = "onnx.Reshape"(%x, ...) : ... -> tensor<10x32xf32>
    %2 = "onnx.Reshape"(%w, ...) : ... -> tensor<32x32xf32>
    %3 = "onnx.MatMul"(%1, %2) : ... -> tensor<10x32xf32>
    %4 = "onnx.Reshape"(%3, ...) : ... -> tensor<2x5x32xf32>
    ```
  }];
}

def ExpandGroupNormalizationPass : Pass<"onnx-expand-group-normalization", "::mlir::func::FuncOp"> {
  let summary = "write GroupNormalization as InstanceNormalization of groups";
  let description = [{
    ```mlir
    %1 = "onnx.GroupNormalization"(%x, %s, %b) {num_groups = 2} : (tensor<1x8x4x4xf32>, ...) -> tensor<1x8x4x4xf32>
    ```
    becomes
    ```mlir
    %1 = "onnx.Reshape"(%x, ...) : ... -> tensor<1x2x64xf32>
    %2 = "onnx.InstanceNormalization"(%1, %ones, %zeros) : ... -> tensor<1x2x64xf32>
    %3 = "onnx.Reshape"(%2, ...) : ... -> tensor<1x8x4x4xf32>
    %4 = "onnx.Mul"(%3, %s1) : (tensor<1x8x4x4xf32>, tensor<8x1x1xf32>) -> tensor<1x8x4x4xf32>
    %5 = "onnx.Add"(%4, %b1) : (tensor<1x8x4x4xf32>, tensor<8x1x1xf32>) -> tensor<1x8x4x4xf32>
    ```
  }];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def ExpandRecurrentPass : Pass<"onnx-expand-recurrent", "::mlir::func::FuncOp"> {
  let summary = "write LSTM, GRU and RNN as matrix products and a loop of steps";
  let description = [{
    The inputs' part of the gates is one product for all steps. One step, as streaming
    models have it, is no loop. Products of an LSTM with `heddle.rounds_operands`, as
    DynamicQuantizeLSTM becomes, are of bytes. Peepholes, clipping, and sequences of several
    lengths stay with the runtime library.

    ```mlir
    %y, %h, %c = "onnx.LSTM"(%x, %w, %r, %b, %h0, %c0) : (tensor<9x1x8xf32>, ...) -> ...
    ```
    becomes (abridged)
    ```mlir
    %p = "onnx.Gemm"(%x2, %w2, %b2) {transB = 1} : (tensor<9x8xf32>, tensor<512x8xf32>, ...) -> tensor<9x512xf32>
    %h1, %c1, %hs = "onnx.Scan"(%h0, %c0, %p) ({
    ^bb0(%h: tensor<1x128xf32>, %c: tensor<1x128xf32>, %pt: tensor<1x512xf32>):
      %gates = "onnx.Gemm"(%h, %r2, %pt) {transB = 1} : ... -> tensor<1x512xf32>
      ...
    }) : ...
    ```
  }];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def ExpandQuantizedPass : Pass<"onnx-expand-quantized", "::mlir::func::FuncOp"> {
  let summary = "write quantised operators as integer products and element-wise operations";
  let description = [{
    ```mlir
    %1 = "onnx.QLinearMatMul"(%a, %sa, %za, %b, %sb, %zb, %sy, %zy) : ... -> tensor<4x8xui8>
    ```
    becomes
    ```mlir
    %1 = "onnx.MatMulInteger"(%a, %b, %za, %zb) : ... -> tensor<4x8xi32>
    %2 = "onnx.Cast"(%1) {to = 1} : (tensor<4x8xi32>) -> tensor<4x8xf32>
    %3 = "onnx.Mul"(%sa, %sb) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %4 = "onnx.Div"(%3, %sy) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %5 = "onnx.Mul"(%2, %4) : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
    %6 = "onnx.QuantizeLinear"(%5, %one, %zy) : ... -> tensor<4x8xui8>
    ```
    and likewise QLinearConv. DynamicQuantizeLinear becomes the range of each row, the range of
    these, and a QuantizeLinear. `heddle.rounded_quotient` marks a QuantizeLinear to bytes by a known
    scale that kernels may replace by its reciprocal in two floats: the integers stay the same.
  }];
}

def FuseBlockQuantizedPass : Pass<"onnx-fuse-block-quantized", "::mlir::func::FuncOp"> {
  let summary = "multiply with constants that are dequantised in blocks as they are stored";
  let description = [{
    ```mlir
    %w = "onnx.DequantizeLinear"(%codes, %scale) {axis = 0, block_size = 32}
        : (tensor<576x192xi4>, tensor<18x192xf32>) -> tensor<576x192xf32>
    %y = "onnx.MatMul"(%x, %w) : (tensor<1x576xf32>, tensor<576x192xf32>) -> tensor<1x192xf32>
    ```
    becomes
    ```mlir
    %columns = "onnx.Constant"() ... : tensor<192x18x16xui8> // of %codes
    %scales = "onnx.Transpose"(%scale) : (tensor<18x192xf32>) -> tensor<192x18xf32>
    %y = heddle.block_matmul %x, %columns, %scales {bits = 4, block = 32, zero_point = 8} : ...
    ```
    Codes have 4 bits, blocks 16 to 256 codes along the depth, which is whole blocks.
    The constant may be transposed in between, and a Gemm may add to the product.
  }];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def FuseQuantizedPass : Pass<"onnx-fuse-quantized", "::mlir::func::FuncOp"> {
  let summary = "compute products of dequantised operands on the integers";
  let description = [{
    ```mlir
    %1 = "onnx.DequantizeLinear"(%x, %sx, %zx) : (tensor<1x8x4x4xui8>, ...) -> tensor<1x8x4x4xf32>
    %2 = "onnx.DequantizeLinear"(%w, %sw) : (tensor<8x8x1x1xi8>, ...) -> tensor<8x8x1x1xf32>
    %3 = "onnx.Conv"(%1, %2, %bias) : ... -> tensor<1x8x4x4xf32>
    ```
    becomes
    ```mlir
    %1 = "onnx.ConvInteger"(%x, %w, %zx) : ... -> tensor<1x8x4x4xi32>
    %2 = "onnx.Cast"(%1) {to = 1} : (tensor<1x8x4x4xi32>) -> tensor<1x8x4x4xf32>
    %3 = "onnx.Mul"(%sw, %sx) : ...
    %4 = "onnx.Mul"(%2, %3) : ...
    %5 = "onnx.Add"(%4, %bias) : ... -> tensor<1x8x4x4xf32>
    ```
    where the input has one scale and the filters one, or one a channel. So do MatMul and Gemm, whose
    weights have one scale, or one a column. Zero points that are known to be zero are dropped from
    integer products.
  }];
}

def TabulateBytesPass : Pass<"onnx-tabulate-bytes", "::mlir::func::FuncOp"> {
  let summary = "look up what is computed from one byte";
  let description = [{
    Functions between a dequantisation and the next quantisation are computed for all 256 bytes while
    compiling:

    ```mlir
    %1 = "onnx.DequantizeLinear"(%x, %sx, %zx) : (tensor<1x8x4x4xui8>, ...) -> tensor<1x8x4x4xf32>
    %2 = "onnx.Sigmoid"(%1) : ...
    %3 = "onnx.Mul"(%1, %2) : ...
    %4 = "onnx.QuantizeLinear"(%3, %sy, %zy) : ... -> tensor<1x8x4x4xui8>
    ```
    becomes
    ```mlir
    %table = ... // the same of a constant tensor<1x1x1x256xui8>
    %4 = heddle.look_up %x in %table : tensor<1x8x4x4xui8>, tensor<256xui8> -> tensor<1x8x4x4xui8>
    ```
    where scales, zero points and all other operands are single constants.
  }];
  let statistics = [Statistic<"numTables", "tables", "functions of a byte that are looked up">];
}

def ExpandBatchNormalizationPass : Pass<"onnx-expand-batch-normalization", "::mlir::func::FuncOp"> {
  let summary = "make batch normalization with constant parameters a product and a sum";
  let description = [{
    ```mlir
    %1 = "onnx.BatchNormalization"(%x, %scale, %b, %mean, %variance) : (tensor<1x8x4x4xf32>, ...)
    ```
    becomes
    ```mlir
    %1 = "onnx.Sqrt"(%variance + epsilon)
    %2 = "onnx.Div"(%scale, %1)
    %3 = "onnx.Sub"(%b, %mean * %2)
    %4 = "onnx.Mul"(%x, %2) : (tensor<1x8x4x4xf32>, tensor<8x1x1xf32>) -> tensor<1x8x4x4xf32>
    %5 = "onnx.Add"(%4, %3) : (tensor<1x8x4x4xf32>, tensor<8x1x1xf32>) -> tensor<1x8x4x4xf32>
    ```
    (abridged), all but the last two of which depend on constants alone and run while
    compiling.
  }];
}

def ResolvePaddingPass : Pass<"onnx-resolve-padding", "::mlir::func::FuncOp"> {
  let summary = "write out the windows and pads of convolutions";
  let description = [{
    Sets `kernel_shape` from the filter and replaces `auto_pad` (of ConvTranspose also
    `output_shape`) by `pads` where sizes are known, as kernels are generated for known
    windows and pads.

    ```mlir
    "onnx.Conv"(%x, %w) {auto_pad = "SAME_UPPER"} : (tensor<1x3x9x9xf32>, tensor<8x3x3x3xf32>) -> ...
    ```
    becomes
    ```mlir
    "onnx.Conv"(%x, %w) {kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>} : ...
    ```
  }];
}

def SimplifyMovementPass : Pass<"onnx-simplify-movement", "::mlir::func::FuncOp"> {
  let summary = "drop what moves nothing";
  let description = [{
    A Transpose that leaves the axes of more than one element in their order is a Reshape. A Split
    into one part, a Concat of one, a Slice, Tile or Expand of everything and a Pad of nothing are
    their operand. Runs after the passes that look for these operators.

    ```mlir
    %1 = "onnx.Transpose"(%x) {perm = array<i64: 0, 2, 1>} : (tensor<1x512x1xf32>) -> tensor<1x1x512xf32>
    %2 = "onnx.Split"(%1) {axis = 0} : (tensor<1x1x512xf32>) -> tensor<1x1x512xf32>
    ```
    becomes
    ```mlir
    %1 = "onnx.Reshape"(%x, %shape) : (tensor<1x512x1xf32>, tensor<3xi64>) -> tensor<1x1x512xf32>
    ```
  }];
  let statistics = [Statistic<"numDropped", "dropped", "operations that moved nothing">];
}

def SkipZeroRowsPass : Pass<"onnx-skip-zero-rows", "::mlir::func::FuncOp"> {
  let summary = "compute no channels that are only multiplied by zero";
  let description = [{
    Where the first and last rows of a constant matrix are zero and what it is multiplied with is
    made element by element from convolutions or products of one value (the spectrum that mel filters
    read), the channels of those rows are left out. Zero times infinity is no zero: so a run does it
    where the magnitude of the value proves that all of it stays finite, and else computes all.

    ```mlir
    %1 = "onnx.Conv"(%x, %w) : (tensor<1x1x17280xf32>, tensor<257x1x512xf32>) -> tensor<1x257x105xf32>
    %2 = "onnx.Transpose"(%1) {perm = array<i64: 0, 2, 1>} : ...
    %3 = "onnx.MatMul"(%2, %mel) : (tensor<1x105x257xf32>, tensor<257x32xf32>) -> tensor<1x105x32xf32>
    ```
    becomes, rows 2 to 121 of `%mel` being those that are not zero, (abridged)
    ```mlir
    %1 = "onnx.ReduceL1"(%x)
    %2 = "onnx.Less"(%1, %limit)
    %3 = "onnx.If"(%2) ({ all of it as it was }, {
      %5 = "onnx.Conv"(%x, %w[2:122]) : (tensor<1x1x17280xf32>, tensor<120x1x512xf32>) -> tensor<1x120x105xf32>
      %6 = "onnx.Transpose"(%5) {perm = array<i64: 0, 2, 1>} : ...
      %7 = "onnx.MatMul"(%6, %mel[2:122]) : (tensor<1x105x120xf32>, tensor<120x32xf32>) -> tensor<1x105x32xf32>
      onnx.Yield %7
    })
    ```
  }];
  let dependentDialects = ["::heddle::HeddleDialect"];
  let statistics = [Statistic<"numSkipped", "skipped", "products that leave channels out">];
}

def LayColumnsPass : Pass<"onnx-lay-columns", "::mlir::func::FuncOp"> {
  let summary = "give vectors the long axis of columns";
  let description = [{
    ```mlir
    %1 = "onnx.Conv"(%x, %w) {kernel_shape = array<i64: 20, 1>} : (tensor<1x8x69x1xf32>, tensor<8x8x20x1xf32>) -> tensor<1x8x50x1xf32>
    ```
    becomes
    ```mlir
    %1 = "onnx.Reshape"(%x, ...) : ... -> tensor<1x8x1x69xf32>
    %2 = "onnx.Reshape"(%w, ...) : ... -> tensor<8x8x1x20xf32>
    %3 = "onnx.Conv"(%1, %2) {kernel_shape = array<i64: 1, 20>} : ... -> tensor<1x8x1x50xf32>
    %4 = "onnx.Reshape"(%3, ...) : ... -> tensor<1x8x50x1xf32>
    ```
  }];
}

def FlattenSamplesPass : Pass<"onnx-flatten-samples", "::mlir::func::FuncOp"> {
  let summary = "lay short rows of the points of GridSample into one row";
  let description = [{
    Kernels take a vector of points along a row. Deformable attention has rows of four, one for each place
    that a query looks at.

    ```mlir
    %1 = "onnx.GridSample"(%x, %grid) : (tensor<8x32x20x20xf32>, tensor<8x300x4x2xf32>) -> tensor<8x32x300x4xf32>
    ```
    becomes
    ```mlir
    %0 = "onnx.Reshape"(%grid, %s) : (tensor<8x300x4x2xf32>, tensor<4xi64>) -> tensor<8x1x1200x2xf32>
    %1 = "onnx.GridSample"(%x, %0) : (tensor<8x32x20x20xf32>, tensor<8x1x1200x2xf32>) -> tensor<8x32x1x1200xf32>
    %2 = "onnx.Reshape"(%1, %t) : (tensor<8x32x1x1200xf32>, tensor<4xi64>) -> tensor<8x32x300x4xf32>
    ```
  }];
}

def SplitPoolsPass : Pass<"onnx-split-pools", "::mlir::func::FuncOp"> {
  let summary = "take large windows of MaxPool apart into one an axis";
  let description = [{
    A window of 13 x 13 then costs 26 comparisons an element in place of 169, for the same result. An
    AveragePool whose window is all of a plane is a GlobalAveragePool.

    ```mlir
    %1 = "onnx.MaxPool"(%x) {kernel_shape = array<i64: 13, 13>} : (tensor<1x8x26x26xf32>) -> tensor<1x8x14x14xf32>
    ```
    becomes
    ```mlir
    %1 = "onnx.MaxPool"(%x) {kernel_shape = array<i64: 1, 13>} : (tensor<1x8x26x26xf32>) -> tensor<1x8x26x14xf32>
    %2 = "onnx.MaxPool"(%1) {kernel_shape = array<i64: 13, 1>} : (tensor<1x8x26x14xf32>) -> tensor<1x8x14x14xf32>
    ```
  }];
}

def SplitResizePass : Pass<"onnx-split-resize", "::mlir::func::FuncOp"> {
  let summary = "take linear and cubic Resize of several axes apart into one an axis";
  let description = [{
    Places and factors of a row are then those of all its elements, which are added as vectors, and only
    what lies between two places of a row is gathered, before rows become more. Of f32 and f64: what is
    between is not rounded to fewer bits.

    ```mlir
    %1 = "onnx.Resize"(%x, %scales) {mode = "linear"} : (tensor<1x8x14x14xf32>, tensor<4xf32>) -> tensor<1x8x28x28xf32>
    ```
    becomes
    ```mlir
    %1 = "onnx.Resize"(%x, %two) {axes = array<i64: 3>, mode = "linear"} : (tensor<1x8x14x14xf32>, tensor<1xf32>) -> tensor<1x8x14x28xf32>
    %2 = "onnx.Resize"(%1, %two) {axes = array<i64: 2>, mode = "linear"} : (tensor<1x8x14x28xf32>, tensor<1xf32>) -> tensor<1x8x28x28xf32>
    ```
  }];
}

def ScatterRowsPass : Pass<"onnx-scatter-rows", "::mlir::func::FuncOp"> {
  let summary = "scatter rows instead of their elements";
  let description = [{
    A ScatterElements whose indices are one for each row, repeated for its elements, is a ScatterND of
    rows, in the same order: indices are read once a row, and what repeated them is unused.

    ```mlir
    %1 = "onnx.Expand"(%rows, %shape) : (tensor<5x1xi64>, tensor<2xi64>) -> tensor<5x64xi64>
    %2 = "onnx.ScatterElements"(%x, %1, %updates) {axis = 0, reduction = "add"} : (tensor<9x64xf32>, ...) -> tensor<9x64xf32>
    ```
    becomes
    ```mlir
    %2 = "onnx.ScatterND"(%x, %rows, %updates) {reduction = "add"} : (tensor<9x64xf32>, ...) -> tensor<9x64xf32>
    ```
  }];
}

def ExpandConvTransposePass : Pass<"onnx-expand-conv-transpose", "::mlir::func::FuncOp"> {
  let summary = "write transposed convolutions of few channels, with windows side by side, as products";
  let description = [{
    Each pixel of the input then gives one window of the result, and a product with the filter's
    places as channels computes all of them; DepthToSpace puts them where they belong. Such is the
    last step of detectors of text: to one channel, twice as large. Convolutions of 8 output channels
    and more stay: vectors of channels are full enough.

    ```mlir
    %1 = "onnx.ConvTranspose"(%x, %w) {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<1x24x20x20xf32>, tensor<24x1x2x2xf32>) -> tensor<1x1x40x40xf32>
    ```
    becomes
    ```mlir
    %r = "onnx.Transpose"(%w) {perm = array<i64: 1, 2, 3, 0>} : (tensor<24x1x2x2xf32>) -> tensor<1x2x2x24xf32>
    %v = "onnx.Reshape"(%r, %shape) : (tensor<1x2x2x24xf32>, tensor<4xi64>) -> tensor<4x24x1x1xf32>
    %p = "onnx.Conv"(%x, %v) {kernel_shape = array<i64: 1, 1>} : (tensor<1x24x20x20xf32>, tensor<4x24x1x1xf32>) -> tensor<1x4x20x20xf32>
    %1 = "onnx.DepthToSpace"(%p) {blocksize = 2, mode = "CRD"} : (tensor<1x4x20x20xf32>) -> tensor<1x1x40x40xf32>
    ```
  }];
}

def ComposeMovementPass : Pass<"onnx-compose-movement", "::mlir::func::FuncOp"> {
  let summary = "move elements once, and concatenations where their parts are made";
  let description = [{
    Slices of a slice that cut other axes become slices of what it cuts: even and odd columns of even
    and odd rows, as detectors begin with, read the image once. Parts of a Split that are no views are slices, which
    what computes with them reads where they are.

    What is done to every element of a concatenation whose parts follow each other is done to the
    parts, which are then made in place, and a transposed concatenation becomes one of transposed parts
    where these follow each other:

    ```mlir
    %1 = "onnx.Concat"(%a, %b) {axis = 2} : (tensor<1x8x30xf32>, tensor<1x8x10xf32>) -> tensor<1x8x40xf32>
    %2 = "onnx.Transpose"(%1) {perm = [0, 2, 1]} : (tensor<1x8x40xf32>) -> tensor<1x40x8xf32>
    ```
    becomes
    ```mlir
    %1 = "onnx.Transpose"(%a) {perm = [0, 2, 1]} : (tensor<1x8x30xf32>) -> tensor<1x30x8xf32>
    %2 = "onnx.Transpose"(%b) {perm = [0, 2, 1]} : (tensor<1x8x10xf32>) -> tensor<1x10x8xf32>
    %3 = "onnx.Concat"(%1, %2) {axis = 1} : (tensor<1x30x8xf32>, tensor<1x10x8xf32>) -> tensor<1x40x8xf32>
    ```
  }];
}

def WidenProductsPass : Pass<"onnx-widen-products", "::mlir::func::FuncOp"> {
  let summary = "compute products of f16 and bf16 by weights in f32";
  let description = [{
    Their sums are f32 in any case. The conversions become part of the kernels around, so that an
    element is converted once; weights are stored as they were (`heddle-narrow-products`).

    ```mlir
    %1 = "onnx.Conv"(%x, %w) {...} : (tensor<1x8x9x9xf16>, tensor<8x8x3x3xf16>) -> tensor<1x8x7x7xf16>
    ```
    becomes
    ```mlir
    %x32 = "onnx.Cast"(%x) {to = 1} : (tensor<1x8x9x9xf16>) -> tensor<1x8x9x9xf32>
    %w32 = "onnx.Cast"(%w) {to = 1} : (tensor<8x8x3x3xf16>) -> tensor<8x8x3x3xf32>
    %1 = "onnx.Conv"(%x32, %w32) {...} : (tensor<1x8x9x9xf32>, tensor<8x8x3x3xf32>) -> tensor<1x8x7x7xf32>
    %2 = "onnx.Cast"(%1) {to = 10} : (tensor<1x8x7x7xf32>) -> tensor<1x8x7x7xf16>
    ```
  }];
  let statistics = [Statistic<"numWidened", "num-widened", "products and convolutions">];
}

def FoldShufflesPass : Pass<"onnx-fold-shuffles", "::mlir::func::FuncOp"> {
  let summary = "have convolutions store channels in the order that is wanted";
  let description = [{
    Channels of several groups that change from runs into turns (Reshape, Transpose, Reshape) after a
    convolution, and what is done to its results element by element, are stored by its kernel where
    they belong: `heddle.shuffled_runs` says how many runs of which length its channels are, of which
    the result has one channel each in turn. Numbers for each channel on the way are put in the new
    order, while compiling where they are constants.

    ```mlir
    %1 = "onnx.Conv"(%x, %w) {group = 2 : si64, ...} : (...) -> tensor<1x6x9x9xf32>
    %2 = "onnx.Reshape"(%1, %apart) : (...) -> tensor<1x2x3x9x9xf32>
    %3 = "onnx.Transpose"(%2) {perm = array<i64: 0, 2, 1, 3, 4>} : (...) -> tensor<1x3x2x9x9xf32>
    %4 = "onnx.Reshape"(%3, %together) : (...) -> tensor<1x6x9x9xf32>
    ```
    becomes
    ```mlir
    %1 = "onnx.Conv"(%x, %w) {group = 2 : si64, heddle.shuffled_runs = array<i64: 2, 3>, ...} : (...) -> tensor<1x6x9x9xf32>
    ```
  }];
  let statistics = [Statistic<"numFolded", "folded", "changes of order">];
}

def NarrowProductsPass : Pass<"heddle-narrow-products", "::mlir::func::FuncOp"> {
  let summary = "say which operands of products and convolutions may be narrow";
  let description = [{
    Two marks for the kernels, which use them where the target gains:

    - `heddle.weights_fit`: the weights were converted from f16 or bf16, so storing them as
      that loses nothing, and takes half the memory;
    - `heddle.rounds_operands`, with the option only: operands may be rounded to bf16, as
      `--precision bf16` allows. Weights are rounded while compiling, and other second operands
      where the rows of the product repay packing them at every run.

    ```mlir
    %w = "onnx.Cast"(%half) {to = ...} : (tensor<64x64xf16>) -> tensor<64x64xf32>
    %1 = "onnx.MatMul"(%x, %w) : (tensor<8x64xf32>, tensor<64x64xf32>) -> tensor<8x64xf32>
    ```
    becomes
    ```mlir
    %1 = "onnx.MatMul"(%x, %w) {heddle.rounds_operands, heddle.weights_fit = f16} : ...
    ```
  }];
  let options = [
    Option<"bf16", "bf16", "bool", "false", "operands may be rounded to bf16">,
    Option<"convolutions", "convolutions", "bool", "true", "those of convolutions too">,
  ];
  let statistics = [
    Statistic<"numRounded", "num-rounded", "products and convolutions that may round">,
    Statistic<"numStored", "num-stored", "weights that keep their narrow form">,
  ];
}

def ChooseWinogradPass : Pass<"heddle-choose-winograd", "::mlir::func::FuncOp"> {
  let summary = "say which convolutions Winograd's minimal filtering computes";
  let description = [{
    Marks the convolutions of one group that 3 x 3 weights without strides meet, in f32: true where
    F(2x2, 3x3), which multiplies 2.25 times less, takes less time with these sizes, and false where
    a schedule alone may choose it. Both are the same in exact arithmetic; their rounding differs.
    Weights that narrow-products leaves in fewer bits stay so, and are transformed at each run.

    ```mlir
    %1 = "onnx.Conv"(%x, %w) {...} : (tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32>) -> ...
    ```
    becomes
    ```mlir
    %1 = "onnx.Conv"(%x, %w) {heddle.winograd = true, ...} : ...
    ```
  }];
  let statistics = [Statistic<"numChosen", "num-chosen", "convolutions that are computed so">];
}

def SkipPadsPass : Pass<"heddle-skip-pads", "::mlir::func::FuncOp"> {
  let summary = "say which dilated convolutions need not multiply pads";
  let description = [{
    Marks convolutions whose windows are dilated and whose f32 weights are constants, all of them
    finite. Elements of a window that are pads for all pixels of a tile add nothing there, and are
    left out; an infinite weight would make NaN of them.

    ```mlir
    %1 = "onnx.Conv"(%x, %w) {dilations = [18, 18], pads = [18, 18, 18, 18], ...} : ...
    ```
    becomes
    ```mlir
    %1 = "onnx.Conv"(%x, %w) {heddle.skips_pads, dilations = [18, 18], ...} : ...
    ```
  }];
  let statistics = [Statistic<"numMarked", "num-marked", "convolutions that skip pads">];
}

def ReadNarrowInputsPass : Pass<"onnx-read-narrow-inputs", "::mlir::func::FuncOp"> {
  let summary = "let convolutions read f16 and bf16 inputs as they are";
  let description = [{
    A convolution with pads, or one that `heddle-choose-winograd` marks, copies what it reads of its
    input. The copy converts, so that an f16 tensor is not written to memory in f32 first. Filters,
    sums and results stay f32.

    ```mlir
    %x32 = "onnx.Cast"(%x) {to = 1} : (tensor<1x64x56x56xf16>) -> tensor<1x64x56x56xf32>
    %1 = "onnx.Conv"(%x32, %w) {pads = [1, 1, 1, 1], ...} : (tensor<1x64x56x56xf32>, ...) -> ...
    ```
    becomes
    ```mlir
    %1 = "onnx.Conv"(%x, %w) {pads = [1, 1, 1, 1], ...} : (tensor<1x64x56x56xf16>, ...) -> ...
    ```
  }];
  let statistics = [Statistic<"numNarrow", "num-narrow", "convolutions whose input stays narrow">];
}

#endif // HEDDLE_COMPILER_SOURCE_SOURCEPASSES
