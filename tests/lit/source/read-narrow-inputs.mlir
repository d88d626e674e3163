// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-read-narrow-inputs %s | FileCheck %s

// A copy with zeros around is made in any case.
// CHECK-LABEL: func @padded
// CHECK-NOT: onnx.Cast
// CHECK: "onnx.Conv"(%arg0, {{.*}} : (tensor<1x64x28x28xf16>, tensor<64x64x3x3xf32>) -> tensor<1x64x28x28xf32>
func.func @padded(%x: tensor<1x64x28x28xf16>, %w: tensor<64x64x3x3xf32>) -> tensor<1x64x28x28xf32> {
  %0 = "onnx.Cast"(%x) <{to = 1 : i64}> : (tensor<1x64x28x28xf16>) -> tensor<1x64x28x28xf32>
  %1 = "onnx.Conv"(%0, %w) <{kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x64x28x28xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x28x28xf32>
  return %1 : tensor<1x64x28x28xf32>
}

// Minimal filtering transforms a copy.
// CHECK-LABEL: func @filtered
// CHECK: "onnx.Conv"(%arg0, {{.*}} : (tensor<1x64x30x30xbf16>, tensor<64x64x3x3xf32>) -> tensor<1x64x28x28xf32>
func.func @filtered(%x: tensor<1x64x30x30xbf16>, %w: tensor<64x64x3x3xf32>) -> tensor<1x64x28x28xf32> {
  %0 = "onnx.Cast"(%x) <{to = 1 : i64}> : (tensor<1x64x30x30xbf16>) -> tensor<1x64x30x30xf32>
  %1 = "onnx.Conv"(%0, %w) <{kernel_shape = array<i64: 3, 3>}> {heddle.winograd = true} : (tensor<1x64x30x30xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x28x28xf32>
  return %1 : tensor<1x64x28x28xf32>
}

// Read in place: each element would be converted for every few output channels that meet it. So it is
// with one channel a group, with pixels in the lanes, and where windows are the whole input. f64 is not
// narrow.
// CHECK-LABEL: func @in_place
// CHECK-COUNT-5: "onnx.Conv"(%{{[0-9]}},
func.func @in_place(%x: tensor<1x64x28x28xf16>, %w: tensor<64x64x1x1xf32>, %d: tensor<64x1x3x3xf32>, %few: tensor<4x64x3x3xf32>, %all: tensor<64x64x28x28xf32>, %wide: tensor<1x64x28x28xf64>, %v: tensor<64x64x3x3xf32>) -> (tensor<1x64x28x28xf32>, tensor<1x64x28x28xf32>, tensor<1x4x28x28xf32>, tensor<1x64x1x1xf32>, tensor<1x64x28x28xf32>) {
  %0 = "onnx.Cast"(%x) <{to = 1 : i64}> : (tensor<1x64x28x28xf16>) -> tensor<1x64x28x28xf32>
  %1 = "onnx.Conv"(%0, %w) <{kernel_shape = array<i64: 1, 1>}> : (tensor<1x64x28x28xf32>, tensor<64x64x1x1xf32>) -> tensor<1x64x28x28xf32>
  %2 = "onnx.Conv"(%0, %d) <{group = 64 : i64, kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x64x28x28xf32>, tensor<64x1x3x3xf32>) -> tensor<1x64x28x28xf32>
  %3 = "onnx.Conv"(%0, %few) <{kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x64x28x28xf32>, tensor<4x64x3x3xf32>) -> tensor<1x4x28x28xf32>
  %4 = "onnx.Conv"(%0, %all) <{kernel_shape = array<i64: 28, 28>}> : (tensor<1x64x28x28xf32>, tensor<64x64x28x28xf32>) -> tensor<1x64x1x1xf32>
  %5 = "onnx.Cast"(%wide) <{to = 1 : i64}> : (tensor<1x64x28x28xf64>) -> tensor<1x64x28x28xf32>
  %6 = "onnx.Conv"(%5, %v) <{kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x64x28x28xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x28x28xf32>
  return %1, %2, %3, %4, %6 : tensor<1x64x28x28xf32>, tensor<1x64x28x28xf32>, tensor<1x4x28x28xf32>, tensor<1x64x1x1xf32>, tensor<1x64x28x28xf32>
}
