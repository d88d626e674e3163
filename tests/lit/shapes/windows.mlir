// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -onnx-infer-shapes | FileCheck %s

// Strides of named sizes collapse: two of two are one of four.
// CHECK-LABEL: @convolutions
// CHECK: "onnx.Conv"{{.*}} -> tensor<1x8x?xf32, #heddle.dims<["1", "8", "(h + 1) floordiv 2"]>>
// CHECK: "onnx.Conv"{{.*}}auto_pad = "SAME_UPPER"{{.*}} -> tensor<1x8x?xf32, #heddle.dims<["1", "8", "(h + 3) floordiv 4"]>>
// CHECK: "onnx.ConvTranspose"{{.*}} -> tensor<1x4x?xf32, #heddle.dims<["1", "4", "2*((h + 3) floordiv 4)"]>>
func.func @convolutions(%x: tensor<1x3x?xf32, #heddle.dims<["1", "3", "h"]>>, %w: tensor<8x3x3xf32>, %v: tensor<8x8x3xf32>,
                        %u: tensor<8x4x2xf32>) -> tensor<*xf32> {
  %0 = "onnx.Conv"(%x, %w) {pads = array<i64: 1, 1>, strides = array<i64: 2>} : (tensor<1x3x?xf32, #heddle.dims<["1", "3", "h"]>>, tensor<8x3x3xf32>) -> tensor<*xf32>
  %1 = "onnx.Conv"(%0, %v) {auto_pad = "SAME_UPPER", strides = array<i64: 2>} : (tensor<*xf32>, tensor<8x8x3xf32>) -> tensor<*xf32>
  %2 = "onnx.ConvTranspose"(%1, %u) {strides = array<i64: 2>} : (tensor<*xf32>, tensor<8x4x2xf32>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}

// Rounding up adds a window unless it would begin in the padding.
// CHECK-LABEL: @ceil
// CHECK: "onnx.MaxPool"{{.*}} -> tensor<1x1x4xf32>
// CHECK: "onnx.MaxPool"{{.*}} -> tensor<1x1x2xf32>
// CHECK: "onnx.AveragePool"{{.*}} -> tensor<1x1x?xf32, #heddle.dims<["1", "1", "(h + 2) floordiv 3"]>>
// CHECK: "onnx.AveragePool"{{.*}} -> tensor<1x1x?xf32, #heddle.dims<["1", "1", "(h + 1) floordiv 3"]>>
func.func @ceil(%x: tensor<1x1x8xf32>, %y: tensor<1x1x2xf32>, %z: tensor<1x1x?xf32, #heddle.dims<["1", "1", "h"]>>)
    -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %0 = "onnx.MaxPool"(%x) {ceil_mode = 1 : i64, kernel_shape = array<i64: 3>, strides = array<i64: 2>} : (tensor<1x1x8xf32>) -> tensor<*xf32>
  %1 = "onnx.MaxPool"(%y) {ceil_mode = 1 : i64, kernel_shape = array<i64: 1>, strides = array<i64: 2>, pads = array<i64: 1, 1>} : (tensor<1x1x2xf32>) -> tensor<*xf32>
  %2 = "onnx.AveragePool"(%z) {ceil_mode = 1 : i64, kernel_shape = array<i64: 2>, strides = array<i64: 3>} : (tensor<1x1x?xf32, #heddle.dims<["1", "1", "h"]>>) -> tensor<*xf32>
  %3 = "onnx.AveragePool"(%z) {kernel_shape = array<i64: 2>, strides = array<i64: 3>} : (tensor<1x1x?xf32, #heddle.dims<["1", "1", "h"]>>) -> tensor<*xf32>
  return %0, %1, %2, %3 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
