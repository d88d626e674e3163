// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-form-clusters %s | FileCheck %s

// An epilogue joins its matrix product; the constant stays an operand.
// CHECK-LABEL: func @epilogue
// CHECK: %[[W:.*]] = "onnx.Constant"
// CHECK: %[[R:.*]] = heddle.cluster (%arg0, %[[W]], %arg1)
// CHECK: "onnx.MatMul"
// CHECK-NEXT: "onnx.Add"
// CHECK-NEXT: "onnx.Relu"
// CHECK-NEXT: heddle.yield
// CHECK: return %[[R]]
func.func @epilogue(%x: tensor<4x8xf32>, %b: tensor<2xf32>) -> tensor<4x2xf32> {
  %w = "onnx.Constant"() <{value = dense<1.0> : tensor<8x2xf32>}> : () -> tensor<8x2xf32>
  %0 = "onnx.MatMul"(%x, %w) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  %1 = "onnx.Add"(%0, %b) : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %2 = "onnx.Relu"(%1) : (tensor<4x2xf32>) -> tensor<4x2xf32>
  return %2 : tensor<4x2xf32>
}

// A value with two users stays outside: merging it would compute it twice or make a cycle.
// CHECK-LABEL: func @two_users
// CHECK: %[[E:.*]] = heddle.cluster (%arg0)
// CHECK: "onnx.Exp"
// CHECK: heddle.cluster (%[[E]])
// CHECK: heddle.cluster (%[[E]])
func.func @two_users(%x: tensor<4x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %0 = "onnx.Exp"(%x) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %1 = "onnx.Neg"(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  %2 = "onnx.Abs"(%0) : (tensor<4x8xf32>) -> tensor<4x8xf32>
  return %1, %2 : tensor<4x8xf32>, tensor<4x8xf32>
}

// Elements read in windows would be computed once for each window.
// CHECK-LABEL: func @window
// CHECK: heddle.cluster
// CHECK: "onnx.Sigmoid"
// CHECK: heddle.cluster
// CHECK: "onnx.MaxPool"
func.func @window(%x: tensor<1x2x8x8xf32>) -> tensor<1x2x6x6xf32> {
  %0 = "onnx.Sigmoid"(%x) : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %1 = "onnx.MaxPool"(%0) <{kernel_shape = array<i64: 3, 3>, resultSegmentSizes = array<i32: 1, 0>}> : (tensor<1x2x8x8xf32>) -> tensor<1x2x6x6xf32>
  return %1 : tensor<1x2x6x6xf32>
}

// An exponent decides the code, so a known one is in the cluster; another number is an operand.
// CHECK-LABEL: func @square
// CHECK: heddle.cluster (%arg0, %{{[^,]*}})
// CHECK: "onnx.Constant"() <{value = dense<2.000000e+00>
// CHECK: "onnx.Pow"
// CHECK-NEXT: "onnx.Add"
func.func @square(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %two = "onnx.Constant"() <{value = dense<2.0> : tensor<f32>}> : () -> tensor<f32>
  %e = "onnx.Constant"() <{value = dense<1.0e-5> : tensor<f32>}> : () -> tensor<f32>
  %0 = "onnx.Pow"(%x, %two) : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %1 = "onnx.Add"(%0, %e) : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// So do bounds: of one that is known it is known whether it is NaN, or zero.
// CHECK-LABEL: func @bounds
// CHECK: heddle.cluster (%arg0, %arg1)
// CHECK-DAG: "onnx.Constant"() <{value = dense<0.000000e+00>
// CHECK-DAG: "onnx.Constant"() <{value = dense<6.000000e+00>
// CHECK: "onnx.Clip"
// CHECK: "onnx.Max"
func.func @bounds(%x: tensor<4x8xf32>, %y: tensor<f32>) -> tensor<4x8xf32> {
  %zero = "onnx.Constant"() <{value = dense<0.0> : tensor<f32>}> : () -> tensor<f32>
  %six = "onnx.Constant"() <{value = dense<6.0> : tensor<f32>}> : () -> tensor<f32>
  %0 = "onnx.Clip"(%x, %zero, %six) <{operandSegmentSizes = array<i32: 1, 1, 1>}> : (tensor<4x8xf32>, tensor<f32>, tensor<f32>) -> tensor<4x8xf32>
  %1 = "onnx.Max"(%0, %y) : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  %2 = "onnx.Max"(%1, %zero) : (tensor<4x8xf32>, tensor<f32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// The product of two scales is computed in the epilogue that uses it.
// CHECK-LABEL: func @scales
// CHECK: heddle.cluster
// CHECK: "onnx.Mul"(%{{.*}}) : (tensor<f32>, tensor<f32>) -> tensor<f32>
// CHECK: heddle.yield
// CHECK-NOT: heddle.cluster
func.func @scales(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>, %s: tensor<f32>, %t: tensor<f32>) -> tensor<4x2xf32> {
  %0 = "onnx.MatMul"(%a, %b) : (tensor<4x8xf32>, tensor<8x2xf32>) -> tensor<4x2xf32>
  %1 = "onnx.Mul"(%s, %t) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  %2 = "onnx.Mul"(%0, %1) : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
  return %2 : tensor<4x2xf32>
}

// So does that of a transposed convolution, where one is compiled.
// CHECK-LABEL: func @transposed
// CHECK: heddle.cluster
// CHECK: "onnx.ConvTranspose"
// CHECK-NEXT: "onnx.Relu"
func.func @transposed(%x: tensor<1x4x5x5xf32>, %w: tensor<4x8x2x2xf32>) -> tensor<1x8x10x10xf32> {
  %0 = "onnx.ConvTranspose"(%x, %w) <{kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>}> : (tensor<1x4x5x5xf32>, tensor<4x8x2x2xf32>) -> tensor<1x8x10x10xf32>
  %1 = "onnx.Relu"(%0) : (tensor<1x8x10x10xf32>) -> tensor<1x8x10x10xf32>
  return %1 : tensor<1x8x10x10xf32>
}

// Pads below zero, and a shape of the result that the pads do not say, are for the library.
// CHECK-LABEL: func @transposed_library
// CHECK-NOT: heddle.cluster
// CHECK: return
func.func @transposed_library(%x: tensor<1x4x5xf32>, %w: tensor<4x8x2xf32>) -> (tensor<1x8x12xf32>, tensor<1x8x9xf32>) {
  %0 = "onnx.ConvTranspose"(%x, %w) <{kernel_shape = array<i64: 2>, pads = array<i64: -1, -1>, strides = array<i64: 2>}> : (tensor<1x4x5xf32>, tensor<4x8x2xf32>) -> tensor<1x8x12xf32>
  %1 = "onnx.ConvTranspose"(%x, %w) <{kernel_shape = array<i64: 2>, output_shape = array<i64: 9>, strides = array<i64: 2>}> : (tensor<1x4x5xf32>, tensor<4x8x2xf32>) -> tensor<1x8x9xf32>
  return %0, %1 : tensor<1x8x12xf32>, tensor<1x8x9xf32>
}


// Pooling goes into a large convolution, with what is between and after.
// CHECK-LABEL: func.func @pooled
// CHECK: heddle.cluster
// CHECK: onnx.Conv
// CHECK: onnx.Relu
// CHECK: onnx.MaxPool
// CHECK: onnx.Sigmoid
// CHECK-NOT: heddle.cluster
func.func @pooled(%x: tensor<1x3x128x128xf32>, %w: tensor<16x3x3x3xf32>) -> tensor<1x16x63x63xf32> {
  %c = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x3x128x128xf32>, tensor<16x3x3x3xf32>) -> tensor<1x16x128x128xf32>
  %r = "onnx.Relu"(%c) : (tensor<1x16x128x128xf32>) -> tensor<1x16x128x128xf32>
  %p = "onnx.MaxPool"(%r) <{kernel_shape = array<i64: 3, 3>, strides = array<i64: 2, 2>}> : (tensor<1x16x128x128xf32>) -> tensor<1x16x63x63xf32>
  %s = "onnx.Sigmoid"(%p) : (tensor<1x16x63x63xf32>) -> tensor<1x16x63x63xf32>
  return %s : tensor<1x16x63x63xf32>
}


// Not where something else reads the result, where it is small, or where groups are apart.
// CHECK-LABEL: func.func @apart
// CHECK-COUNT-6: heddle.cluster
func.func @apart(%x: tensor<1x4x128x128xf32>, %w: tensor<16x4x3x3xf32>, %g: tensor<16x2x3x3xf32>, %t: tensor<1x4x16x16xf32>)
    -> (tensor<1x16x126x126xf32>, tensor<1x16x63x63xf32>, tensor<1x16x7x7xf32>, tensor<1x16x63x63xf32>) {
  %c = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 3>}> : (tensor<1x4x128x128xf32>, tensor<16x4x3x3xf32>) -> tensor<1x16x126x126xf32>
  %p = "onnx.MaxPool"(%c) <{kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>}> : (tensor<1x16x126x126xf32>) -> tensor<1x16x63x63xf32>
  %d = "onnx.Conv"(%t, %w) <{kernel_shape = array<i64: 3, 3>}> : (tensor<1x4x16x16xf32>, tensor<16x4x3x3xf32>) -> tensor<1x16x14x14xf32>
  %q = "onnx.MaxPool"(%d) <{kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>}> : (tensor<1x16x14x14xf32>) -> tensor<1x16x7x7xf32>
  %e = "onnx.Conv"(%x, %g) <{group = 2 : i64, kernel_shape = array<i64: 3, 3>}> : (tensor<1x4x128x128xf32>, tensor<16x2x3x3xf32>) -> tensor<1x16x126x126xf32>
  %s = "onnx.MaxPool"(%e) <{kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>}> : (tensor<1x16x126x126xf32>) -> tensor<1x16x63x63xf32>
  return %c, %p, %q, %s : tensor<1x16x126x126xf32>, tensor<1x16x63x63xf32>, tensor<1x16x7x7xf32>, tensor<1x16x63x63xf32>
}

// So does a depthwise convolution into a large one of windows of one element, but what reads that is apart.
// CHECK-LABEL: func.func @weighted
// CHECK: heddle.cluster
// CHECK: onnx.Conv
// CHECK: onnx.Relu
// CHECK: onnx.Conv
// CHECK: onnx.Relu
// CHECK: heddle.cluster
// CHECK: onnx.MaxPool
// CHECK-NOT: heddle.cluster
func.func @weighted(%x: tensor<1x16x112x112xf32>, %w: tensor<96x16x1x1xf32>, %d: tensor<96x1x3x3xf32>) -> tensor<1x96x55x55xf32> {
  %c = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 1, 1>}> : (tensor<1x16x112x112xf32>, tensor<96x16x1x1xf32>) -> tensor<1x96x112x112xf32>
  %r = "onnx.Relu"(%c) : (tensor<1x96x112x112xf32>) -> tensor<1x96x112x112xf32>
  %s = "onnx.Conv"(%r, %d) <{group = 96 : i64, kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x96x112x112xf32>, tensor<96x1x3x3xf32>) -> tensor<1x96x112x112xf32>
  %t = "onnx.Relu"(%s) : (tensor<1x96x112x112xf32>) -> tensor<1x96x112x112xf32>
  %p = "onnx.MaxPool"(%t) <{kernel_shape = array<i64: 3, 3>, strides = array<i64: 2, 2>}> : (tensor<1x96x112x112xf32>) -> tensor<1x96x55x55xf32>
  return %p : tensor<1x96x55x55xf32>
}

// Not where what is between fits a cache, or windows of the first are larger.
// CHECK-LABEL: func.func @near
// CHECK-COUNT-4: heddle.cluster
func.func @near(%x: tensor<1x16x56x56xf32>, %w: tensor<96x16x1x1xf32>, %d: tensor<96x1x3x3xf32>, %y: tensor<1x3x112x112xf32>, %v: tensor<96x3x3x3xf32>)
    -> (tensor<1x96x56x56xf32>, tensor<1x96x112x112xf32>) {
  %c = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 1, 1>}> : (tensor<1x16x56x56xf32>, tensor<96x16x1x1xf32>) -> tensor<1x96x56x56xf32>
  %s = "onnx.Conv"(%c, %d) <{group = 96 : i64, kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x96x56x56xf32>, tensor<96x1x3x3xf32>) -> tensor<1x96x56x56xf32>
  %e = "onnx.Conv"(%y, %v) <{kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x3x112x112xf32>, tensor<96x3x3x3xf32>) -> tensor<1x96x112x112xf32>
  %t = "onnx.Conv"(%e, %d) <{group = 96 : i64, kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x96x112x112xf32>, tensor<96x1x3x3xf32>) -> tensor<1x96x112x112xf32>
  return %s, %t : tensor<1x96x56x56xf32>, tensor<1x96x112x112xf32>
}

// What stands before a large convolution of windows of one element is computed as it copies its input, and a
// concatenation before that is made in place.
// CHECK-LABEL: func.func @before
// CHECK: heddle.cluster
// CHECK: onnx.Concat
// CHECK-NEXT: heddle.yield
// CHECK: heddle.cluster
// CHECK: onnx.Mul
// CHECK-NEXT: onnx.Relu
// CHECK-NEXT: onnx.Conv
// CHECK-NEXT: onnx.Relu
// CHECK-NOT: heddle.cluster
func.func @before(%x: tensor<1x64x28x28xf32>, %y: tensor<1x64x28x28xf32>, %s: tensor<128x1x1xf32>, %w: tensor<32x128x1x1xf32>) -> tensor<1x32x28x28xf32> {
  %c = "onnx.Concat"(%x, %y) <{axis = 1 : i64}> : (tensor<1x64x28x28xf32>, tensor<1x64x28x28xf32>) -> tensor<1x128x28x28xf32>
  %m = "onnx.Mul"(%c, %s) : (tensor<1x128x28x28xf32>, tensor<128x1x1xf32>) -> tensor<1x128x28x28xf32>
  %r = "onnx.Relu"(%m) : (tensor<1x128x28x28xf32>) -> tensor<1x128x28x28xf32>
  %p = "onnx.Conv"(%r, %w) <{kernel_shape = array<i64: 1, 1>}> : (tensor<1x128x28x28xf32>, tensor<32x128x1x1xf32>) -> tensor<1x32x28x28xf32>
  %q = "onnx.Relu"(%p) : (tensor<1x32x28x28xf32>) -> tensor<1x32x28x28xf32>
  return %q : tensor<1x32x28x28xf32>
}

// Not where the image is small, where it is read more than once, or where computing it takes long.
// CHECK-LABEL: func.func @task
// CHECK-COUNT-6: heddle.cluster
func.func @task(%x: tensor<1x128x14x14xf32>, %y: tensor<1x128x28x28xf32>, %w: tensor<32x128x1x1xf32>)
    -> (tensor<1x32x14x14xf32>, tensor<1x32x28x28xf32>, tensor<1x128x28x28xf32>, tensor<1x32x28x28xf32>) {
  %a = "onnx.Relu"(%x) : (tensor<1x128x14x14xf32>) -> tensor<1x128x14x14xf32>
  %b = "onnx.Conv"(%a, %w) <{kernel_shape = array<i64: 1, 1>}> : (tensor<1x128x14x14xf32>, tensor<32x128x1x1xf32>) -> tensor<1x32x14x14xf32>
  %c = "onnx.Relu"(%y) : (tensor<1x128x28x28xf32>) -> tensor<1x128x28x28xf32>
  %d = "onnx.Conv"(%c, %w) <{kernel_shape = array<i64: 1, 1>}> : (tensor<1x128x28x28xf32>, tensor<32x128x1x1xf32>) -> tensor<1x32x28x28xf32>
  %e = "onnx.Sigmoid"(%y) : (tensor<1x128x28x28xf32>) -> tensor<1x128x28x28xf32>
  %f = "onnx.Conv"(%e, %w) <{kernel_shape = array<i64: 1, 1>}> : (tensor<1x128x28x28xf32>, tensor<32x128x1x1xf32>) -> tensor<1x32x28x28xf32>
  return %b, %d, %c, %f : tensor<1x32x14x14xf32>, tensor<1x32x28x28xf32>, tensor<1x128x28x28xf32>, tensor<1x32x28x28xf32>
}

// Halves exchanged, as positions are rotated: slices that keep rows are read where they are put.
// CHECK-LABEL: func @rotated
// CHECK: heddle.cluster
// CHECK: "onnx.Transpose"
// CHECK: "onnx.Neg"
// CHECK: "onnx.Concat"
// CHECK: "onnx.Add"
// CHECK-NOT: heddle.cluster
func.func @rotated(%x: tensor<2x5x3x8xf32>) -> tensor<2x3x5x8xf32> {
  %0 = "onnx.Constant"() <{value = dense<0> : tensor<1xi64>}> : () -> tensor<1xi64>
  %4 = "onnx.Constant"() <{value = dense<4> : tensor<1xi64>}> : () -> tensor<1xi64>
  %8 = "onnx.Constant"() <{value = dense<8> : tensor<1xi64>}> : () -> tensor<1xi64>
  %3 = "onnx.Constant"() <{value = dense<3> : tensor<1xi64>}> : () -> tensor<1xi64>
  %t = "onnx.Transpose"(%x) <{perm = array<i64: 0, 2, 1, 3>}> : (tensor<2x5x3x8xf32>) -> tensor<2x3x5x8xf32>
  %l = "onnx.Slice"(%t, %0, %4, %3) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<2x3x5x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x5x4xf32>
  %r = "onnx.Slice"(%t, %4, %8, %3) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<2x3x5x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x5x4xf32>
  %n = "onnx.Neg"(%r) : (tensor<2x3x5x4xf32>) -> tensor<2x3x5x4xf32>
  %c = "onnx.Concat"(%n, %l) <{axis = 3 : i64}> : (tensor<2x3x5x4xf32>, tensor<2x3x5x4xf32>) -> tensor<2x3x5x8xf32>
  %sum = "onnx.Add"(%t, %c) : (tensor<2x3x5x8xf32>, tensor<2x3x5x8xf32>) -> tensor<2x3x5x8xf32>
  return %sum : tensor<2x3x5x8xf32>
}

// Parts that can be made in place are, each by its own kernel.
// CHECK-LABEL: func @in_place
// CHECK-COUNT-3: heddle.cluster
func.func @in_place(%a: tensor<1x2x4xf32>, %b: tensor<1x3x4xf32>) -> tensor<1x5x4xf32> {
  %0 = "onnx.Exp"(%a) : (tensor<1x2x4xf32>) -> tensor<1x2x4xf32>
  %1 = "onnx.Exp"(%b) : (tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  %2 = "onnx.Concat"(%0, %1) <{axis = 1 : i64}> : (tensor<1x2x4xf32>, tensor<1x3x4xf32>) -> tensor<1x5x4xf32>
  return %2 : tensor<1x5x4xf32>
}

// One constant as the axes of a sum and as a number that is subtracted: each reads its own.
// CHECK-LABEL: func @two_uses
// CHECK: heddle.cluster (%arg0, %{{[0-9]+}})
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<2x9xi64>, %[[DATA:.*]]: tensor<1xi64>):
// CHECK-NEXT: %[[AXES:.*]] = "onnx.Constant"
// CHECK-NEXT: %[[SUM:.*]] = "onnx.ReduceSum"(%{{.*}}, %[[AXES]])
// CHECK-NEXT: "onnx.Sub"(%[[SUM]], %[[DATA]])
func.func @two_uses(%mask: tensor<2x9xi64>) -> tensor<2xi64> {
  %1 = "onnx.Constant"() <{value = dense<1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %sum = "onnx.ReduceSum"(%mask, %1) <{keepdims = 0 : i64}> : (tensor<2x9xi64>, tensor<1xi64>) -> tensor<2xi64>
  %last = "onnx.Sub"(%sum, %1) : (tensor<2xi64>, tensor<1xi64>) -> tensor<2xi64>
  return %last : tensor<2xi64>
}
