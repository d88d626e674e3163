// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-skip-pads %s | FileCheck %s

// CHECK-LABEL: func @finite
// CHECK: "onnx.Conv"({{.*}}) <{{.*}}> {heddle.skips_pads}
func.func @finite(%x: tensor<1x1x8x8xf32>) -> tensor<1x2x8x8xf32> {
  %w = "onnx.Constant"() {value = dense<[[[[1.0, 2.0, 3.0]]], [[[4.0, 5.0, 6.0]]]]> : tensor<2x1x1x3xf32>} : () -> tensor<2x1x1x3xf32>
  %y = "onnx.Conv"(%x, %w) <{dilations = array<i64: 1, 3>, pads = array<i64: 0, 3, 0, 3>}> : (tensor<1x1x8x8xf32>, tensor<2x1x1x3xf32>) -> tensor<1x2x8x8xf32>
  return %y : tensor<1x2x8x8xf32>
}

// Infinity times a pad is NaN.
// CHECK-LABEL: func @infinite
// CHECK-NOT: heddle.skips_pads
func.func @infinite(%x: tensor<1x1x8x8xf32>) -> tensor<1x2x8x8xf32> {
  %w = "onnx.Constant"() {value = dense<[[[[1.0, 0x7F800000, 3.0]]], [[[4.0, 5.0, 6.0]]]]> : tensor<2x1x1x3xf32>} : () -> tensor<2x1x1x3xf32>
  %y = "onnx.Conv"(%x, %w) <{dilations = array<i64: 1, 3>, pads = array<i64: 0, 3, 0, 3>}> : (tensor<1x1x8x8xf32>, tensor<2x1x1x3xf32>) -> tensor<1x2x8x8xf32>
  return %y : tensor<1x2x8x8xf32>
}

// What the run brings is not known.
// CHECK-LABEL: func @operand
// CHECK-NOT: heddle.skips_pads
func.func @operand(%x: tensor<1x1x8x8xf32>, %w: tensor<2x1x1x3xf32>) -> tensor<1x2x8x8xf32> {
  %y = "onnx.Conv"(%x, %w) <{dilations = array<i64: 1, 3>, pads = array<i64: 0, 3, 0, 3>}> : (tensor<1x1x8x8xf32>, tensor<2x1x1x3xf32>) -> tensor<1x2x8x8xf32>
  return %y : tensor<1x2x8x8xf32>
}

// Windows without gaps have few pads.
// CHECK-LABEL: func @dense
// CHECK-NOT: heddle.skips_pads
func.func @dense(%x: tensor<1x1x8x8xf32>) -> tensor<1x2x8x8xf32> {
  %w = "onnx.Constant"() {value = dense<[[[[1.0, 2.0, 3.0]]], [[[4.0, 5.0, 6.0]]]]> : tensor<2x1x1x3xf32>} : () -> tensor<2x1x1x3xf32>
  %y = "onnx.Conv"(%x, %w) <{pads = array<i64: 0, 1, 0, 1>}> : (tensor<1x1x8x8xf32>, tensor<2x1x1x3xf32>) -> tensor<1x2x8x8xf32>
  return %y : tensor<1x2x8x8xf32>
}
