// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-split-pools %s | FileCheck %s

// CHECK-LABEL: func @large
// CHECK: %[[ROWS:.*]] = "onnx.MaxPool"(%arg0)
// CHECK-SAME: kernel_shape = array<i64: 1, 7>
// CHECK-SAME: pads = array<i64: 0, 3, 0, 2>
// CHECK-SAME: strides = array<i64: 1, 1>
// CHECK-SAME: tensor<1x8x13x12xf32>
// CHECK: "onnx.MaxPool"(%[[ROWS]])
// CHECK-SAME: kernel_shape = array<i64: 5, 1>
// CHECK-SAME: pads = array<i64: 2, 0, 1, 0>
// CHECK-SAME: strides = array<i64: 2, 1>
// CHECK-SAME: tensor<1x8x6x12xf32>
func.func @large(%x: tensor<1x8x13x13xf32>) -> tensor<1x8x6x12xf32> {
  %0 = "onnx.MaxPool"(%x) <{kernel_shape = array<i64: 5, 7>, pads = array<i64: 2, 3, 1, 2>, strides = array<i64: 2, 1>}> : (tensor<1x8x13x13xf32>) -> tensor<1x8x6x12xf32>
  return %0 : tensor<1x8x6x12xf32>
}

// CHECK-LABEL: func @volume
// CHECK: kernel_shape = array<i64: 1, 1, 7>
// CHECK: kernel_shape = array<i64: 1, 7, 1>
// CHECK: kernel_shape = array<i64: 7, 1, 1>
func.func @volume(%x: tensor<1x8x9x9x9xf32>) -> tensor<1x8x3x3x3xf32> {
  %0 = "onnx.MaxPool"(%x) <{kernel_shape = array<i64: 7, 7, 7>}> : (tensor<1x8x9x9x9xf32>) -> tensor<1x8x3x3x3xf32>
  return %0 : tensor<1x8x3x3x3xf32>
}

// What is between would cost more than nine comparisons; places need the whole window.
// CHECK-LABEL: func @kept
// CHECK: kernel_shape = array<i64: 3, 3>
// CHECK: kernel_shape = array<i64: 7, 7>
// CHECK-NOT: "onnx.MaxPool"
func.func @kept(%x: tensor<1x8x9x9xf32>) -> (tensor<1x8x7x7xf32>, tensor<1x8x3x3xf32>, tensor<1x8x3x3xi64>) {
  %0 = "onnx.MaxPool"(%x) <{kernel_shape = array<i64: 3, 3>}> : (tensor<1x8x9x9xf32>) -> tensor<1x8x7x7xf32>
  %1, %2 = "onnx.MaxPool"(%x) <{kernel_shape = array<i64: 7, 7>}> : (tensor<1x8x9x9xf32>) -> (tensor<1x8x3x3xf32>, tensor<1x8x3x3xi64>)
  return %0, %1, %2 : tensor<1x8x7x7xf32>, tensor<1x8x3x3xf32>, tensor<1x8x3x3xi64>
}

// Rows that become single pixels.
// CHECK-LABEL: func @pixels
// CHECK: kernel_shape = array<i64: 1, 2>
// CHECK: kernel_shape = array<i64: 2, 1>
func.func @pixels(%x: tensor<1x96x6x2xf32>) -> tensor<1x96x3x1xf32> {
  %0 = "onnx.MaxPool"(%x) <{kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>}> : (tensor<1x96x6x2xf32>) -> tensor<1x96x3x1xf32>
  return %0 : tensor<1x96x3x1xf32>
}

// Windows of 3 reach 12 of 14 rows and columns: the convolution makes no others.
// CHECK-LABEL: func @unread
// CHECK: "onnx.Conv"
// CHECK-SAME: pads = array<i64: 2, 2, 0, 0>
// CHECK-SAME: tensor<1x16x12x12xf32>
// CHECK: "onnx.Add"
// CHECK-SAME: tensor<1x16x12x12xf32>
// CHECK: "onnx.Relu"
// CHECK-SAME: tensor<1x16x12x12xf32>
// CHECK: "onnx.MaxPool"
// CHECK-SAME: (tensor<1x16x12x12xf32>) -> tensor<1x16x4x4xf32>
func.func @unread(%x: tensor<1x8x14x14xf32>, %w: tensor<16x8x5x5xf32>, %b: tensor<16x1x1xf32>) -> tensor<1x16x4x4xf32> {
  %0 = "onnx.Conv"(%x, %w) <{auto_pad = "NOTSET", kernel_shape = array<i64: 5, 5>, pads = array<i64: 2, 2, 2, 2>}> : (tensor<1x8x14x14xf32>, tensor<16x8x5x5xf32>) -> tensor<1x16x14x14xf32>
  %1 = "onnx.Add"(%0, %b) : (tensor<1x16x14x14xf32>, tensor<16x1x1xf32>) -> tensor<1x16x14x14xf32>
  %2 = "onnx.Relu"(%1) : (tensor<1x16x14x14xf32>) -> tensor<1x16x14x14xf32>
  %3 = "onnx.MaxPool"(%2) <{kernel_shape = array<i64: 3, 3>, strides = array<i64: 3, 3>}> : (tensor<1x16x14x14xf32>) -> tensor<1x16x4x4xf32>
  return %3 : tensor<1x16x4x4xf32>
}

// Somebody else reads them, or windows reach all.
// CHECK-LABEL: func @read
// CHECK: "onnx.Conv"
// CHECK-SAME: pads = array<i64: 2, 2, 2, 2>
// CHECK: "onnx.Conv"
// CHECK-SAME: pads = array<i64: 1, 1, 1, 1>
func.func @read(%x: tensor<1x8x14x14xf32>, %w: tensor<16x8x5x5xf32>, %v: tensor<16x8x3x3xf32>) -> (tensor<1x16x14x14xf32>, tensor<1x16x4x4xf32>, tensor<1x16x7x7xf32>) {
  %0 = "onnx.Conv"(%x, %w) <{auto_pad = "NOTSET", kernel_shape = array<i64: 5, 5>, pads = array<i64: 2, 2, 2, 2>}> : (tensor<1x8x14x14xf32>, tensor<16x8x5x5xf32>) -> tensor<1x16x14x14xf32>
  %1 = "onnx.MaxPool"(%0) <{kernel_shape = array<i64: 3, 3>, strides = array<i64: 3, 3>}> : (tensor<1x16x14x14xf32>) -> tensor<1x16x4x4xf32>
  %2 = "onnx.Conv"(%x, %v) <{auto_pad = "NOTSET", kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x8x14x14xf32>, tensor<16x8x3x3xf32>) -> tensor<1x16x14x14xf32>
  %3 = "onnx.MaxPool"(%2) <{kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>}> : (tensor<1x16x14x14xf32>) -> tensor<1x16x7x7xf32>
  return %0, %1, %3 : tensor<1x16x14x14xf32>, tensor<1x16x4x4xf32>, tensor<1x16x7x7xf32>
}

// The average of a plane; the second one has several windows.
// CHECK-LABEL: func @averages
// CHECK: "onnx.GlobalAveragePool"
// CHECK: "onnx.AveragePool"
// CHECK-NOT: "onnx.GlobalAveragePool"
func.func @averages(%x: tensor<1x8x7x7xf32>) -> (tensor<1x8x1x1xf32>, tensor<1x8x1x2xf32>) {
  %0 = "onnx.AveragePool"(%x) <{kernel_shape = array<i64: 7, 7>}> : (tensor<1x8x7x7xf32>) -> tensor<1x8x1x1xf32>
  %1 = "onnx.AveragePool"(%x) <{kernel_shape = array<i64: 7, 6>}> : (tensor<1x8x7x7xf32>) -> tensor<1x8x1x2xf32>
  return %0, %1 : tensor<1x8x1x1xf32>, tensor<1x8x1x2xf32>
}
