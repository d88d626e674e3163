// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-choose-winograd %s | FileCheck %s

// CHECK-LABEL: func @many_channels
// CHECK: "onnx.Conv"({{.*}}) <{{.*}}> {heddle.winograd = true}
func.func @many_channels(%x: tensor<1x64x56x56xf32>) -> tensor<1x64x56x56xf32> {
  %w = "onnx.Constant"() {value = dense<1.0> : tensor<64x64x3x3xf32>} : () -> tensor<64x64x3x3xf32>
  %y = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x56x56xf32>
  return %y : tensor<1x64x56x56xf32>
}

// Planes of any size, where channels decide.
// CHECK-LABEL: func @any_plane
// CHECK: {heddle.winograd = true}
func.func @any_plane(%x: tensor<1x64x?x?xf32, #heddle.dims<["1", "64", "h", "w"]>>) -> tensor<1x64x?x?xf32, #heddle.dims<["1", "64", "h", "w"]>> {
  %w = "onnx.Constant"() {value = dense<1.0> : tensor<64x64x3x3xf32>} : () -> tensor<64x64x3x3xf32>
  %y = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x64x?x?xf32, #heddle.dims<["1", "64", "h", "w"]>>, tensor<64x64x3x3xf32>) -> tensor<1x64x?x?xf32, #heddle.dims<["1", "64", "h", "w"]>>
  return %y : tensor<1x64x?x?xf32, #heddle.dims<["1", "64", "h", "w"]>>
}

// The transforms of three channels take longer than the products they save.
// CHECK-LABEL: func @image
// CHECK: {heddle.winograd = false}
func.func @image(%x: tensor<1x3x56x56xf32>) -> tensor<1x64x56x56xf32> {
  %w = "onnx.Constant"() {value = dense<1.0> : tensor<64x3x3x3xf32>} : () -> tensor<64x3x3x3xf32>
  %y = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> : (tensor<1x3x56x56xf32>, tensor<64x3x3x3xf32>) -> tensor<1x64x56x56xf32>
  return %y : tensor<1x64x56x56xf32>
}

// A tile of one result does the work of four.
// CHECK-LABEL: func @one_pixel
// CHECK: {heddle.winograd = false}
func.func @one_pixel(%x: tensor<1x64x3x3xf32>) -> tensor<1x64x1x1xf32> {
  %w = "onnx.Constant"() {value = dense<1.0> : tensor<64x64x3x3xf32>} : () -> tensor<64x64x3x3xf32>
  %y = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 3>}> : (tensor<1x64x3x3xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x1x1xf32>
  return %y : tensor<1x64x1x1xf32>
}

// Weights that are stored in fewer bits are transformed at each run, which this many pixels repay and
// those few do not.
// CHECK-LABEL: func @narrow_weights
// CHECK: heddle.winograd = true
// CHECK: heddle.winograd = false
func.func @narrow_weights(%x: tensor<1x64x28x28xf32>, %few: tensor<1x64x8x8xf32>) -> (tensor<1x64x28x28xf32>, tensor<1x64x8x8xf32>) {
  %h = "onnx.Constant"() {value = dense<1.0> : tensor<64x64x3x3xf16>} : () -> tensor<64x64x3x3xf16>
  %w = "onnx.Cast"(%h) <{to = 1 : i64}> : (tensor<64x64x3x3xf16>) -> tensor<64x64x3x3xf32>
  %y = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> {heddle.weights_fit = f16} : (tensor<1x64x28x28xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x28x28xf32>
  %z = "onnx.Conv"(%few, %w) <{kernel_shape = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>}> {heddle.weights_fit = f16} : (tensor<1x64x8x8xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x8x8xf32>
  return %y, %z : tensor<1x64x28x28xf32>, tensor<1x64x8x8xf32>
}

// Along one dimension, of columns and of rows with pads.
// CHECK-LABEL: func @lines
// CHECK: {heddle.winograd = true}
// CHECK: {heddle.winograd = true}
func.func @lines(%x: tensor<1x72x34x16xf32>) -> tensor<1x72x32x16xf32> {
  %wide = "onnx.Constant"() {value = dense<1.0> : tensor<72x72x1x3xf32>} : () -> tensor<72x72x1x3xf32>
  %tall = "onnx.Constant"() {value = dense<1.0> : tensor<72x72x3x1xf32>} : () -> tensor<72x72x3x1xf32>
  %0 = "onnx.Conv"(%x, %wide) <{kernel_shape = array<i64: 1, 3>, pads = array<i64: 0, 1, 0, 1>}> : (tensor<1x72x34x16xf32>, tensor<72x72x1x3xf32>) -> tensor<1x72x34x16xf32>
  %1 = "onnx.Conv"(%0, %tall) <{kernel_shape = array<i64: 3, 1>}> : (tensor<1x72x34x16xf32>, tensor<72x72x3x1xf32>) -> tensor<1x72x32x16xf32>
  return %1 : tensor<1x72x32x16xf32>
}

// CHECK-LABEL: func @few_channels
// CHECK: {heddle.winograd = false}
// CHECK-NOT: heddle.winograd
func.func @few_channels(%x: tensor<1x8x34x16xf32>) -> tensor<1x8x34x14xf32> {
  %tall = "onnx.Constant"() {value = dense<1.0> : tensor<8x8x3x1xf32>} : () -> tensor<8x8x3x1xf32>
  %wide = "onnx.Constant"() {value = dense<1.0> : tensor<8x8x1x3xf32>} : () -> tensor<8x8x1x3xf32>
  %0 = "onnx.Conv"(%x, %tall) <{kernel_shape = array<i64: 3, 1>, pads = array<i64: 1, 0, 1, 0>}> : (tensor<1x8x34x16xf32>, tensor<8x8x3x1xf32>) -> tensor<1x8x34x16xf32>
  %1 = "onnx.Conv"(%0, %wide) <{kernel_shape = array<i64: 1, 3>}> : (tensor<1x8x34x16xf32>, tensor<8x8x1x3xf32>) -> tensor<1x8x34x14xf32>
  return %1 : tensor<1x8x34x14xf32>
}

// Strides, dilations, groups, other windows, and filters that only a run gives.
// CHECK-LABEL: func @others
// CHECK-NOT: heddle.winograd
func.func @others(%x: tensor<1x64x56x56xf32>, %f: tensor<64x64x3x3xf32>) -> (tensor<1x64x27x27xf32>, tensor<1x64x52x52xf32>, tensor<1x64x54x54xf32>, tensor<1x64x52x56xf32>, tensor<1x64x54x54xf32>) {
  %w = "onnx.Constant"() {value = dense<1.0> : tensor<64x64x3x3xf32>} : () -> tensor<64x64x3x3xf32>
  %grouped = "onnx.Constant"() {value = dense<1.0> : tensor<64x32x3x3xf32>} : () -> tensor<64x32x3x3xf32>
  %tall = "onnx.Constant"() {value = dense<1.0> : tensor<64x64x5x1xf32>} : () -> tensor<64x64x5x1xf32>
  %0 = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 3>, strides = array<i64: 2, 2>}> : (tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x27x27xf32>
  %1 = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 3>, dilations = array<i64: 2, 2>}> : (tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x52x52xf32>
  %2 = "onnx.Conv"(%x, %grouped) <{kernel_shape = array<i64: 3, 3>, group = 2 : i64}> : (tensor<1x64x56x56xf32>, tensor<64x32x3x3xf32>) -> tensor<1x64x54x54xf32>
  %3 = "onnx.Conv"(%x, %tall) <{kernel_shape = array<i64: 5, 1>}> : (tensor<1x64x56x56xf32>, tensor<64x64x5x1xf32>) -> tensor<1x64x52x56xf32>
  %4 = "onnx.Conv"(%x, %f) <{kernel_shape = array<i64: 3, 3>}> : (tensor<1x64x56x56xf32>, tensor<64x64x3x3xf32>) -> tensor<1x64x54x54xf32>
  return %0, %1, %2, %3, %4 : tensor<1x64x27x27xf32>, tensor<1x64x52x52xf32>, tensor<1x64x54x54xf32>, tensor<1x64x52x56xf32>, tensor<1x64x54x54xf32>
}

// Along one dimension, weights that were f16 meet inputs as they are.
// CHECK-LABEL: func @half_lines
// CHECK-NOT: heddle.winograd
func.func @half_lines(%x: tensor<1x72x34x16xf32>) -> tensor<1x72x32x16xf32> {
  %half = "onnx.Constant"() {value = dense<1.0> : tensor<72x72x3x1xf16>} : () -> tensor<72x72x3x1xf16>
  %w = "onnx.Cast"(%half) <{to = 1 : i64}> : (tensor<72x72x3x1xf16>) -> tensor<72x72x3x1xf32>
  %y = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 1>}> {heddle.weights_fit = f16} : (tensor<1x72x34x16xf32>, tensor<72x72x3x1xf32>) -> tensor<1x72x32x16xf32>
  return %y : tensor<1x72x32x16xf32>
}
