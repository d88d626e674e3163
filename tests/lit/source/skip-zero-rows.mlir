// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-skip-zero-rows %s | FileCheck %s

// The matrix reads channels 1 and 2 of 4. What is left out is finite where the input is small.
// CHECK-LABEL: func @spectrum
// CHECK-DAG: %[[W:.*]] = "onnx.Slice"(%{{.*}}) {{.*}}-> tensor<2x1x2xf32>
// CHECK-DAG: %[[M:.*]] = "onnx.Slice"(%{{.*}}) {{.*}}-> tensor<2x3xf32>
// CHECK: %[[SIZE:.*]] = "onnx.ReduceL1"(%arg0)
// CHECK: %[[SMALL:.*]] = "onnx.Less"(%[[SIZE]]
// CHECK: "onnx.If"(%[[SMALL]])
// CHECK: "onnx.Conv"(%arg0, %{{.*}}) {{.*}}-> tensor<1x4x7xf32>
// CHECK: "onnx.MatMul"({{.*}}) : (tensor<1x7x4xf32>, tensor<4x3xf32>) -> tensor<1x7x3xf32>
// CHECK: "onnx.Conv"(%arg0, %[[W]]) {{.*}}-> tensor<1x2x7xf32>
// CHECK: "onnx.Mul"({{.*}}) : (tensor<1x7x2xf32>, tensor<1x7x2xf32>) -> tensor<1x7x2xf32>
// CHECK: "onnx.MatMul"(%{{.*}}, %[[M]]) : (tensor<1x7x2xf32>, tensor<2x3xf32>) -> tensor<1x7x3xf32>
func.func @spectrum(%x: tensor<1x1x8xf32>) -> tensor<1x7x3xf32> {
  %w = "onnx.Constant"() {value = dense<[[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]], [[7.0, 8.0]]]> : tensor<4x1x2xf32>} : () -> tensor<4x1x2xf32>
  %m = "onnx.Constant"() {value = dense<[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]> : tensor<4x3xf32>} : () -> tensor<4x3xf32>
  %0 = "onnx.Conv"(%x, %w) : (tensor<1x1x8xf32>, tensor<4x1x2xf32>) -> tensor<1x4x7xf32>
  %1 = "onnx.Transpose"(%0) <{perm = array<i64: 0, 2, 1>}> : (tensor<1x4x7xf32>) -> tensor<1x7x4xf32>
  %2 = "onnx.Mul"(%1, %1) : (tensor<1x7x4xf32>, tensor<1x7x4xf32>) -> tensor<1x7x4xf32>
  %3 = "onnx.MatMul"(%2, %m) : (tensor<1x7x4xf32>, tensor<4x3xf32>) -> tensor<1x7x3xf32>
  return %3 : tensor<1x7x3xf32>
}

// Somebody else reads all channels; a weight is infinite.
// CHECK-LABEL: func @kept
// CHECK-NOT: "onnx.If"
func.func @kept(%x: tensor<1x1x8xf32>) -> (tensor<1x7x3xf32>, tensor<1x7x4xf32>, tensor<1x7x3xf32>) {
  %w = "onnx.Constant"() {value = dense<[[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]], [[7.0, 8.0]]]> : tensor<4x1x2xf32>} : () -> tensor<4x1x2xf32>
  %v = "onnx.Constant"() {value = dense<[[[0x7F800000, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]], [[7.0, 8.0]]]> : tensor<4x1x2xf32>} : () -> tensor<4x1x2xf32>
  %m = "onnx.Constant"() {value = dense<[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]> : tensor<4x3xf32>} : () -> tensor<4x3xf32>
  %0 = "onnx.Conv"(%x, %w) : (tensor<1x1x8xf32>, tensor<4x1x2xf32>) -> tensor<1x4x7xf32>
  %1 = "onnx.Transpose"(%0) <{perm = array<i64: 0, 2, 1>}> : (tensor<1x4x7xf32>) -> tensor<1x7x4xf32>
  %2 = "onnx.MatMul"(%1, %m) : (tensor<1x7x4xf32>, tensor<4x3xf32>) -> tensor<1x7x3xf32>
  %3 = "onnx.Conv"(%x, %v) : (tensor<1x1x8xf32>, tensor<4x1x2xf32>) -> tensor<1x4x7xf32>
  %4 = "onnx.Transpose"(%3) <{perm = array<i64: 0, 2, 1>}> : (tensor<1x4x7xf32>) -> tensor<1x7x4xf32>
  %5 = "onnx.MatMul"(%4, %m) : (tensor<1x7x4xf32>, tensor<4x3xf32>) -> tensor<1x7x3xf32>
  return %2, %1, %5 : tensor<1x7x3xf32>, tensor<1x7x4xf32>, tensor<1x7x3xf32>
}

// Columns of a matrix before, a product before it, a bias, roots of squares.
// CHECK-LABEL: func @columns
// CHECK-DAG: %[[W:.*]] = "onnx.Slice"(%{{.*}}) {{.*}}-> tensor<2x1x2xf32>
// CHECK-DAG: %[[B:.*]] = "onnx.Slice"(%{{.*}}) {{.*}}-> tensor<2xf32>
// CHECK-DAG: %[[M:.*]] = "onnx.Slice"(%{{.*}}) {{.*}}-> tensor<3x2xf32>
// CHECK: "onnx.If"
// CHECK: "onnx.Conv"(%arg0, %[[W]], %[[B]]) {{.*}}-> tensor<1x2x7xf32>
// CHECK: "onnx.Sqrt"(%{{.*}}) : (tensor<1x2x7xf32>) -> tensor<1x2x7xf32>
// CHECK: "onnx.MatMul"(%[[M]], %{{.*}}) : (tensor<3x2xf32>, tensor<1x2x7xf32>) -> tensor<1x3x7xf32>
func.func @columns(%x: tensor<1x1x8xf32>) -> tensor<1x3x7xf32> {
  %w = "onnx.Constant"() {value = dense<[[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]], [[7.0, 8.0]]]> : tensor<4x1x2xf32>} : () -> tensor<4x1x2xf32>
  %b = "onnx.Constant"() {value = dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>} : () -> tensor<4xf32>
  %m = "onnx.Constant"() {value = dense<[[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0]]> : tensor<3x4xf32>} : () -> tensor<3x4xf32>
  %two = "onnx.Constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<f32>
  %tiny = "onnx.Constant"() {value = dense<1.0e-9> : tensor<f32>} : () -> tensor<f32>
  %0 = "onnx.Conv"(%x, %w, %b) : (tensor<1x1x8xf32>, tensor<4x1x2xf32>, tensor<4xf32>) -> tensor<1x4x7xf32>
  %1 = "onnx.Pow"(%0, %two) : (tensor<1x4x7xf32>, tensor<f32>) -> tensor<1x4x7xf32>
  %2 = "onnx.Add"(%1, %tiny) : (tensor<1x4x7xf32>, tensor<f32>) -> tensor<1x4x7xf32>
  %3 = "onnx.Sqrt"(%2) : (tensor<1x4x7xf32>) -> tensor<1x4x7xf32>
  %4 = "onnx.MatMul"(%m, %3) : (tensor<3x4xf32>, tensor<1x4x7xf32>) -> tensor<1x3x7xf32>
  return %4 : tensor<1x3x7xf32>
}

// CHECK-LABEL: func @frames
// CHECK: "onnx.If"
// CHECK: "onnx.MatMul"(%arg0, %{{.*}}) : (tensor<7x2xf32>, tensor<2x2xf32>) -> tensor<7x2xf32>
func.func @frames(%x: tensor<7x2xf32>) -> tensor<7x3xf32> {
  %w = "onnx.Constant"() {value = dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>} : () -> tensor<2x4xf32>
  %m = "onnx.Constant"() {value = dense<[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]> : tensor<4x3xf32>} : () -> tensor<4x3xf32>
  %0 = "onnx.MatMul"(%x, %w) : (tensor<7x2xf32>, tensor<2x4xf32>) -> tensor<7x4xf32>
  %1 = "onnx.Abs"(%0) : (tensor<7x4xf32>) -> tensor<7x4xf32>
  %2 = "onnx.MatMul"(%1, %m) : (tensor<7x4xf32>, tensor<4x3xf32>) -> tensor<7x3xf32>
  return %2 : tensor<7x3xf32>
}

// A root of what may be negative is no number, whatever its size; an eighth power leaves f32's range
// for usual inputs.
// CHECK-LABEL: func @unbounded
// CHECK-NOT: "onnx.If"
func.func @unbounded(%x: tensor<7x2xf32>) -> (tensor<7x3xf32>, tensor<7x3xf32>) {
  %w = "onnx.Constant"() {value = dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32>} : () -> tensor<2x4xf32>
  %m = "onnx.Constant"() {value = dense<[[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 2.0], [0.0, 0.0, 0.0]]> : tensor<4x3xf32>} : () -> tensor<4x3xf32>
  %0 = "onnx.MatMul"(%x, %w) : (tensor<7x2xf32>, tensor<2x4xf32>) -> tensor<7x4xf32>
  %1 = "onnx.Sqrt"(%0) : (tensor<7x4xf32>) -> tensor<7x4xf32>
  %2 = "onnx.MatMul"(%1, %m) : (tensor<7x4xf32>, tensor<4x3xf32>) -> tensor<7x3xf32>
  %3 = "onnx.MatMul"(%x, %w) : (tensor<7x2xf32>, tensor<2x4xf32>) -> tensor<7x4xf32>
  %4 = "onnx.Mul"(%3, %3) : (tensor<7x4xf32>, tensor<7x4xf32>) -> tensor<7x4xf32>
  %5 = "onnx.Mul"(%4, %4) : (tensor<7x4xf32>, tensor<7x4xf32>) -> tensor<7x4xf32>
  %6 = "onnx.Mul"(%5, %5) : (tensor<7x4xf32>, tensor<7x4xf32>) -> tensor<7x4xf32>
  %7 = "onnx.MatMul"(%6, %m) : (tensor<7x4xf32>, tensor<4x3xf32>) -> tensor<7x3xf32>
  return %2, %7 : tensor<7x3xf32>, tensor<7x3xf32>
}
