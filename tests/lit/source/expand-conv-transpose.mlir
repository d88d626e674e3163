// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-expand-conv-transpose %s | FileCheck %s

// CHECK-LABEL: func @to_one_channel
// CHECK: %[[ROWS:.*]] = "onnx.Transpose"(%arg1) <{perm = array<i64: 1, 2, 3, 0>}>
// CHECK: %[[FILTER:.*]] = "onnx.Reshape"(%[[ROWS]],
// CHECK-SAME: -> tensor<4x24x1x1xf32>
// CHECK: %[[BIAS:.*]] = "onnx.Reshape"({{.*}} -> tensor<4xf32>
// CHECK: %[[PRODUCT:.*]] = "onnx.Conv"(%arg0, %[[FILTER]], %[[BIAS]])
// CHECK-SAME: kernel_shape = array<i64: 1, 1>
// CHECK-SAME: -> tensor<1x4x20x30xf32>
// CHECK: "onnx.DepthToSpace"(%[[PRODUCT]]) <{blocksize = 2 : i64, mode = "CRD"}>
// CHECK-SAME: -> tensor<1x1x40x60xf32>
func.func @to_one_channel(%x: tensor<1x24x20x30xf32>, %w: tensor<24x1x2x2xf32>, %b: tensor<1xf32>) -> tensor<1x1x40x60xf32> {
  %0 = "onnx.ConvTranspose"(%x, %w, %b) <{kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>}> : (tensor<1x24x20x30xf32>, tensor<24x1x2x2xf32>, tensor<1xf32>) -> tensor<1x1x40x60xf32>
  return %0 : tensor<1x1x40x60xf32>
}

// Channels that fill vectors; windows that overlap; pads that cut windows.
// CHECK-LABEL: func @kept
// CHECK-COUNT-3: "onnx.ConvTranspose"
// CHECK-NOT: "onnx.DepthToSpace"
func.func @kept(%x: tensor<1x24x20x20xf32>, %wide: tensor<24x16x2x2xf32>, %large: tensor<24x1x3x3xf32>, %w: tensor<24x1x2x2xf32>) -> (tensor<1x16x40x40xf32>, tensor<1x1x41x41xf32>, tensor<1x1x38x38xf32>) {
  %0 = "onnx.ConvTranspose"(%x, %wide) <{kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>}> : (tensor<1x24x20x20xf32>, tensor<24x16x2x2xf32>) -> tensor<1x16x40x40xf32>
  %1 = "onnx.ConvTranspose"(%x, %large) <{kernel_shape = array<i64: 3, 3>, strides = array<i64: 2, 2>}> : (tensor<1x24x20x20xf32>, tensor<24x1x3x3xf32>) -> tensor<1x1x41x41xf32>
  %2 = "onnx.ConvTranspose"(%x, %w) <{kernel_shape = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}> : (tensor<1x24x20x20xf32>, tensor<24x1x2x2xf32>) -> tensor<1x1x38x38xf32>
  return %0, %1, %2 : tensor<1x16x40x40xf32>, tensor<1x1x41x41xf32>, tensor<1x1x38x38xf32>
}
