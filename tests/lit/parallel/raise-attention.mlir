// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-raise-attention "-heddle-split-attention=cores=1" -split-input-file %s | FileCheck %s

// A scale becomes a number, a mask an operand of the region.
// CHECK-LABEL: func @masked
// CHECK-SAME: heddle.constructs
// CHECK-NOT: onnx.Softmax
// CHECK: heddle.attention %arg0, %arg1, %arg2, %arg3 :
// CHECK-NEXT: ^bb0(%[[S:.*]]: tensor<2x4x9xf32>, %[[M:.*]]: tensor<9xf32>):
// CHECK: %[[C:.*]] = "onnx.Constant"() <{value = dense<2.500000e-01> : tensor<f32>}>
// CHECK: %[[T:.*]] = "onnx.Mul"(%[[S]], %[[C]])
// CHECK: %[[A:.*]] = "onnx.Add"(%[[T]], %[[M]])
// CHECK: heddle.yield %[[A]]
func.func @masked(%q: tensor<2x4x8xf32>, %k: tensor<2x9x8xf32>, %v: tensor<2x9x8xf32>, %mask: tensor<9xf32>) -> tensor<2x4x8xf32> {
  %c = "onnx.Constant"() <{value = dense<4.0> : tensor<f32>}> : () -> tensor<f32>
  %0 = "onnx.Transpose"(%k) <{perm = array<i64: 0, 2, 1>}> : (tensor<2x9x8xf32>) -> tensor<2x8x9xf32>
  %1 = "onnx.MatMul"(%q, %0) : (tensor<2x4x8xf32>, tensor<2x8x9xf32>) -> tensor<2x4x9xf32>
  %2 = "onnx.Div"(%1, %c) : (tensor<2x4x9xf32>, tensor<f32>) -> tensor<2x4x9xf32>
  %3 = "onnx.Add"(%2, %mask) : (tensor<2x4x9xf32>, tensor<9xf32>) -> tensor<2x4x9xf32>
  %4 = "onnx.Softmax"(%3) <{axis = -1 : i64}> : (tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
  %5 = "onnx.MatMul"(%4, %v) : (tensor<2x4x9xf32>, tensor<2x9x8xf32>) -> tensor<2x4x8xf32>
  return %5 : tensor<2x4x8xf32>
}

// -----

// Transposes around it are read through; keys are stored as their product reads them.
// CHECK-LABEL: func @layouts
// CHECK-NOT: onnx.Transpose
// CHECK: heddle.attention %arg0, %arg1, %arg2 {key_axes = array<i64: 0, 2, 1, 3>, query_axes = array<i64: 0, 2, 1, 3>, result_axes = array<i64: 0, 2, 1, 3>}
// CHECK-NOT: onnx.Transpose
func.func @layouts(%q: tensor<1x4x2x8xf32>, %k: tensor<1x9x2x8xf32>, %v: tensor<1x2x9x8xf32>) -> tensor<1x4x2x8xf32> {
  %0 = "onnx.Transpose"(%q) <{perm = array<i64: 0, 2, 1, 3>}> : (tensor<1x4x2x8xf32>) -> tensor<1x2x4x8xf32>
  %1 = "onnx.Transpose"(%k) <{perm = array<i64: 0, 2, 3, 1>}> : (tensor<1x9x2x8xf32>) -> tensor<1x2x8x9xf32>
  %2 = "onnx.MatMul"(%0, %1) : (tensor<1x2x4x8xf32>, tensor<1x2x8x9xf32>) -> tensor<1x2x4x9xf32>
  %3 = "onnx.Softmax"(%2) <{axis = 3 : i64}> : (tensor<1x2x4x9xf32>) -> tensor<1x2x4x9xf32>
  %4 = "onnx.MatMul"(%3, %v) : (tensor<1x2x4x9xf32>, tensor<1x2x9x8xf32>) -> tensor<1x2x4x8xf32>
  %5 = "onnx.Transpose"(%4) <{perm = array<i64: 0, 2, 1, 3>}> : (tensor<1x2x4x8xf32>) -> tensor<1x4x2x8xf32>
  return %5 : tensor<1x4x2x8xf32>
}

// -----

// Heads that repeat one key for their neighbours share it.
// CHECK-LABEL: func @grouped
// CHECK-NOT: onnx.Expand
// CHECK: heddle.attention %arg0, %arg1, %arg2 :
func.func @grouped(%q: tensor<1x4x5x8xf32>, %k: tensor<1x2x9x8xf32>, %v: tensor<1x4x9x8xf32>) -> tensor<1x4x5x8xf32> {
  %axis = "onnx.Constant"() <{value = dense<2> : tensor<1xi64>}> : () -> tensor<1xi64>
  %split = "onnx.Constant"() <{value = dense<[1, 2, 2, 9, 8]> : tensor<5xi64>}> : () -> tensor<5xi64>
  %join = "onnx.Constant"() <{value = dense<[1, 4, 9, 8]> : tensor<4xi64>}> : () -> tensor<4xi64>
  %0 = "onnx.Unsqueeze"(%k, %axis) : (tensor<1x2x9x8xf32>, tensor<1xi64>) -> tensor<1x2x1x9x8xf32>
  %1 = "onnx.Expand"(%0, %split) : (tensor<1x2x1x9x8xf32>, tensor<5xi64>) -> tensor<1x2x2x9x8xf32>
  %2 = "onnx.Reshape"(%1, %join) <{allowzero = 0 : i64}> : (tensor<1x2x2x9x8xf32>, tensor<4xi64>) -> tensor<1x4x9x8xf32>
  %3 = "onnx.Transpose"(%2) <{perm = array<i64: 0, 1, 3, 2>}> : (tensor<1x4x9x8xf32>) -> tensor<1x4x8x9xf32>
  %4 = "onnx.MatMul"(%q, %3) : (tensor<1x4x5x8xf32>, tensor<1x4x8x9xf32>) -> tensor<1x4x5x9xf32>
  %5 = "onnx.Softmax"(%4) <{axis = -1 : i64}> : (tensor<1x4x5x9xf32>) -> tensor<1x4x5x9xf32>
  %6 = "onnx.MatMul"(%5, %v) : (tensor<1x4x5x9xf32>, tensor<1x4x9x8xf32>) -> tensor<1x4x5x8xf32>
  return %6 : tensor<1x4x5x8xf32>
}

// -----

// Heads repeated one after the other are no neighbours: the repetition stays.
// CHECK-LABEL: func @repeated
// CHECK: %[[K:.*]] = "onnx.Tile"
// CHECK: heddle.attention %arg0, %[[K]], %arg2 :
func.func @repeated(%q: tensor<1x4x5x8xf32>, %k: tensor<1x2x9x8xf32>, %v: tensor<1x4x9x8xf32>) -> tensor<1x4x5x8xf32> {
  %twice = "onnx.Constant"() <{value = dense<[1, 2, 1, 1]> : tensor<4xi64>}> : () -> tensor<4xi64>
  %0 = "onnx.Tile"(%k, %twice) : (tensor<1x2x9x8xf32>, tensor<4xi64>) -> tensor<1x4x9x8xf32>
  %1 = "onnx.Transpose"(%0) <{perm = array<i64: 0, 1, 3, 2>}> : (tensor<1x4x9x8xf32>) -> tensor<1x4x8x9xf32>
  %2 = "onnx.MatMul"(%q, %1) : (tensor<1x4x5x8xf32>, tensor<1x4x8x9xf32>) -> tensor<1x4x5x9xf32>
  %3 = "onnx.Softmax"(%2) <{axis = -1 : i64}> : (tensor<1x4x5x9xf32>) -> tensor<1x4x5x9xf32>
  %4 = "onnx.MatMul"(%3, %v) : (tensor<1x4x5x9xf32>, tensor<1x4x9x8xf32>) -> tensor<1x4x5x8xf32>
  return %4 : tensor<1x4x5x8xf32>
}

// -----

// A mask of another length: as there are as many values as keys, it cannot have made scores more.
// CHECK-LABEL: func @mask_of_other_length
// CHECK: heddle.attention
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<4x?xf32, #heddle.dims<["4", "s"]>>, %{{.*}}: tensor<?xf32, #heddle.dims<["t"]>>)
func.func @mask_of_other_length(%q: tensor<4x8xf32>, %k: tensor<8x?xf32, #heddle.dims<["8", "s"]>>,
    %v: tensor<?x8xf32, #heddle.dims<["s", "8"]>>, %m: tensor<?xf32, #heddle.dims<["t"]>>) -> tensor<4x8xf32> {
  %0 = "onnx.MatMul"(%q, %k) : (tensor<4x8xf32>, tensor<8x?xf32, #heddle.dims<["8", "s"]>>) -> tensor<4x?xf32, #heddle.dims<["4", "s"]>>
  %1 = "onnx.Add"(%0, %m) : (tensor<4x?xf32, #heddle.dims<["4", "s"]>>, tensor<?xf32, #heddle.dims<["t"]>>) -> tensor<4x?xf32, #heddle.dims<["4", "max(s, t)"]>>
  %2 = "onnx.Softmax"(%1) <{axis = -1 : i64}> : (tensor<4x?xf32, #heddle.dims<["4", "max(s, t)"]>>) -> tensor<4x?xf32, #heddle.dims<["4", "max(s, t)"]>>
  %3 = "onnx.MatMul"(%2, %v) : (tensor<4x?xf32, #heddle.dims<["4", "max(s, t)"]>>, tensor<?x8xf32, #heddle.dims<["s", "8"]>>) -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// -----

// The same where nothing says how many values there are.
// CHECK-LABEL: func @mask_may_widen
// CHECK-SAME: it is not known that there are as many scores (max(s, t)) as keys (s)
// CHECK-NOT: heddle.attention
func.func @mask_may_widen(%q: tensor<4x8xf32>, %k: tensor<8x?xf32, #heddle.dims<["8", "s"]>>,
    %v: tensor<?x8xf32, #heddle.dims<["t", "8"]>>, %m: tensor<?xf32, #heddle.dims<["t"]>>) -> tensor<4x8xf32> {
  %0 = "onnx.MatMul"(%q, %k) : (tensor<4x8xf32>, tensor<8x?xf32, #heddle.dims<["8", "s"]>>) -> tensor<4x?xf32, #heddle.dims<["4", "s"]>>
  %1 = "onnx.Add"(%0, %m) : (tensor<4x?xf32, #heddle.dims<["4", "s"]>>, tensor<?xf32, #heddle.dims<["t"]>>) -> tensor<4x?xf32, #heddle.dims<["4", "max(s, t)"]>>
  %2 = "onnx.Softmax"(%1) <{axis = -1 : i64}> : (tensor<4x?xf32, #heddle.dims<["4", "max(s, t)"]>>) -> tensor<4x?xf32, #heddle.dims<["4", "max(s, t)"]>>
  %3 = "onnx.MatMul"(%2, %v) : (tensor<4x?xf32, #heddle.dims<["4", "max(s, t)"]>>, tensor<?x8xf32, #heddle.dims<["t", "8"]>>) -> tensor<4x8xf32>
  return %3 : tensor<4x8xf32>
}

// -----

// CHECK-LABEL: func @weights_are_used
// CHECK-SAME: are needed as a whole
// CHECK-NOT: heddle.attention
func.func @weights_are_used(%q: tensor<4x8xf32>, %k: tensor<8x9xf32>, %v: tensor<9x8xf32>) -> (tensor<4x8xf32>, tensor<4x9xf32>) {
  %0 = "onnx.MatMul"(%q, %k) : (tensor<4x8xf32>, tensor<8x9xf32>) -> tensor<4x9xf32>
  %1 = "onnx.Softmax"(%0) <{axis = -1 : i64}> : (tensor<4x9xf32>) -> tensor<4x9xf32>
  %2 = "onnx.MatMul"(%1, %v) : (tensor<4x9xf32>, tensor<9x8xf32>) -> tensor<4x8xf32>
  return %2, %1 : tensor<4x8xf32>, tensor<4x9xf32>
}

// -----

// A softmax over queries, and weights on the right of a product.
// CHECK-LABEL: func @no_attention
// CHECK-NOT: heddle.attention
func.func @no_attention(%q: tensor<9x8xf32>, %k: tensor<8x9xf32>, %v: tensor<9x9xf32>) -> (tensor<9x9xf32>, tensor<9x9xf32>) {
  %0 = "onnx.MatMul"(%q, %k) : (tensor<9x8xf32>, tensor<8x9xf32>) -> tensor<9x9xf32>
  %1 = "onnx.Softmax"(%0) <{axis = 0 : i64}> : (tensor<9x9xf32>) -> tensor<9x9xf32>
  %2 = "onnx.MatMul"(%1, %v) : (tensor<9x9xf32>, tensor<9x9xf32>) -> tensor<9x9xf32>
  %3 = "onnx.MatMul"(%q, %k) : (tensor<9x8xf32>, tensor<8x9xf32>) -> tensor<9x9xf32>
  %4 = "onnx.Softmax"(%3) <{axis = 1 : i64}> : (tensor<9x9xf32>) -> tensor<9x9xf32>
  %5 = "onnx.MatMul"(%v, %4) : (tensor<9x9xf32>, tensor<9x9xf32>) -> tensor<9x9xf32>
  return %2, %5 : tensor<9x9xf32>, tensor<9x9xf32>
}

// -----

// A softmax that is written as its parts is one.
// CHECK-LABEL: func @parts
// CHECK-NOT: onnx.Exp
// CHECK: heddle.attention %arg0, %arg1, %arg2 {key_axes = array<i64: 0, 2, 1>} :
// CHECK-NOT: onnx.Div
func.func @parts(%q: tensor<2x4x8xf32>, %k: tensor<2x8x9xf32>, %v: tensor<2x9x8xf32>) -> tensor<2x4x8xf32> {
  %last = "onnx.Constant"() <{value = dense<-1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %0 = "onnx.MatMul"(%q, %k) : (tensor<2x4x8xf32>, tensor<2x8x9xf32>) -> tensor<2x4x9xf32>
  %1 = "onnx.ReduceMax"(%0, %last) <{keepdims = 1 : i64}> : (tensor<2x4x9xf32>, tensor<1xi64>) -> tensor<2x4x1xf32>
  %2 = "onnx.Sub"(%0, %1) : (tensor<2x4x9xf32>, tensor<2x4x1xf32>) -> tensor<2x4x9xf32>
  %3 = "onnx.Exp"(%2) : (tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
  %4 = "onnx.ReduceSum"(%3, %last) <{keepdims = 1 : i64}> : (tensor<2x4x9xf32>, tensor<1xi64>) -> tensor<2x4x1xf32>
  %5 = "onnx.Div"(%3, %4) : (tensor<2x4x9xf32>, tensor<2x4x1xf32>) -> tensor<2x4x9xf32>
  %6 = "onnx.MatMul"(%5, %v) : (tensor<2x4x9xf32>, tensor<2x9x8xf32>) -> tensor<2x4x8xf32>
  return %6 : tensor<2x4x8xf32>
}

// -----

// Without the maximum, it is another program: it may overflow.
// CHECK-LABEL: func @overflows
// CHECK: onnx.Exp
// CHECK-NOT: heddle.attention
func.func @overflows(%q: tensor<2x4x8xf32>, %k: tensor<2x8x9xf32>, %v: tensor<2x9x8xf32>) -> tensor<2x4x8xf32> {
  %last = "onnx.Constant"() <{value = dense<-1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %0 = "onnx.MatMul"(%q, %k) : (tensor<2x4x8xf32>, tensor<2x8x9xf32>) -> tensor<2x4x9xf32>
  %3 = "onnx.Exp"(%0) : (tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
  %4 = "onnx.ReduceSum"(%3, %last) <{keepdims = 1 : i64}> : (tensor<2x4x9xf32>, tensor<1xi64>) -> tensor<2x4x1xf32>
  %5 = "onnx.Div"(%3, %4) : (tensor<2x4x9xf32>, tensor<2x4x1xf32>) -> tensor<2x4x9xf32>
  %6 = "onnx.MatMul"(%5, %v) : (tensor<2x4x9xf32>, tensor<2x9x8xf32>) -> tensor<2x4x8xf32>
  return %6 : tensor<2x4x8xf32>
}

// -----

// What else is done to weights is the reason.
// CHECK-LABEL: func @weighted_heads
// CHECK-SAME: reason = "the weights of Softmax go to Mul and not as they are to a product with values"
// CHECK-NOT: heddle.attention
func.func @weighted_heads(%q: tensor<2x4x8xf32>, %k: tensor<2x8x9xf32>, %v: tensor<2x9x8xf32>, %h: tensor<2x1x1xf32>) -> tensor<2x4x8xf32> {
  %0 = "onnx.MatMul"(%q, %k) : (tensor<2x4x8xf32>, tensor<2x8x9xf32>) -> tensor<2x4x9xf32>
  %1 = "onnx.Softmax"(%0) <{axis = -1 : i64}> : (tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
  %2 = "onnx.Mul"(%1, %h) : (tensor<2x4x9xf32>, tensor<2x1x1xf32>) -> tensor<2x4x9xf32>
  %3 = "onnx.MatMul"(%2, %v) : (tensor<2x4x9xf32>, tensor<2x9x8xf32>) -> tensor<2x4x8xf32>
  return %3 : tensor<2x4x8xf32>
}

// -----

// A reduction between products and softmax is one, too; a softmax of classes says nothing.
// CHECK-LABEL: func @centred
// CHECK-SAME: reason = "ReduceMean is between products and softmax, and does not treat each score alone"
// CHECK-NOT: heddle.attention
func.func @centred(%q: tensor<2x4x8xf32>, %k: tensor<2x8x9xf32>, %v: tensor<2x9x8xf32>) -> tensor<2x4x8xf32> {
  %last = "onnx.Constant"() <{value = dense<-1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %0 = "onnx.MatMul"(%q, %k) : (tensor<2x4x8xf32>, tensor<2x8x9xf32>) -> tensor<2x4x9xf32>
  %1 = "onnx.ReduceMean"(%0, %last) <{keepdims = 1 : i64}> : (tensor<2x4x9xf32>, tensor<1xi64>) -> tensor<2x4x1xf32>
  %2 = "onnx.Sub"(%0, %1) : (tensor<2x4x9xf32>, tensor<2x4x1xf32>) -> tensor<2x4x9xf32>
  %3 = "onnx.Softmax"(%2) <{axis = -1 : i64}> : (tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
  %4 = "onnx.MatMul"(%3, %v) : (tensor<2x4x9xf32>, tensor<2x9x8xf32>) -> tensor<2x4x8xf32>
  return %4 : tensor<2x4x8xf32>
}

// CHECK-LABEL: func @classes
// CHECK-NOT: heddle.sequential
// CHECK: onnx.Softmax
func.func @classes(%x: tensor<4x8xf32>, %w: tensor<8x9xf32>) -> tensor<4x9xf32> {
  %0 = "onnx.MatMul"(%x, %w) : (tensor<4x8xf32>, tensor<8x9xf32>) -> tensor<4x9xf32>
  %1 = "onnx.Softmax"(%0) <{axis = -1 : i64}> : (tensor<4x9xf32>) -> tensor<4x9xf32>
  return %1 : tensor<4x9xf32>
}

// -----

// Batches may share their queries, and their keys.
// CHECK-LABEL: func @shared
// CHECK: %[[Q:.*]] = "onnx.Reshape"(%arg0
// CHECK: heddle.attention %[[Q]], %arg1, %arg2 {key_axes = array<i64: 0, 2, 1>} : (tensor<1x4x8xf32>, tensor<2x8x9xf32>, tensor<1x9x8xf32>) -> tensor<2x4x8xf32>
func.func @shared(%q: tensor<4x8xf32>, %k: tensor<2x8x9xf32>, %v: tensor<1x9x8xf32>) -> tensor<2x4x8xf32> {
  %0 = "onnx.MatMul"(%q, %k) : (tensor<4x8xf32>, tensor<2x8x9xf32>) -> tensor<2x4x9xf32>
  %1 = "onnx.Softmax"(%0) <{axis = -1 : i64}> : (tensor<2x4x9xf32>) -> tensor<2x4x9xf32>
  %2 = "onnx.MatMul"(%1, %v) : (tensor<2x4x9xf32>, tensor<1x9x8xf32>) -> tensor<2x4x8xf32>
  return %2 : tensor<2x4x8xf32>
}
