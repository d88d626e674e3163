// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-resolve-padding %s | FileCheck %s

// CHECK-LABEL: func @known
// CHECK: "onnx.Conv"
// CHECK-SAME: auto_pad = "NOTSET"
// CHECK-SAME: kernel_shape = array<i64: 3, 3>
// CHECK-SAME: pads = array<i64: 0, 0, 1, 1>
func.func @known(%x: tensor<1x3x8x8xf32>, %w: tensor<4x3x3x3xf32>) -> tensor<1x4x4x4xf32> {
  %0 = "onnx.Conv"(%x, %w) <{auto_pad = "SAME_UPPER", strides = array<i64: 2, 2>}> : (tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) -> tensor<1x4x4x4xf32>
  return %0 : tensor<1x4x4x4xf32>
}

// With stride 1 the pads follow from the window alone.
// CHECK-LABEL: func @symbolic
// CHECK: pads = array<i64: 1, 1, 1, 1>
func.func @symbolic(%x: tensor<1x3x?x?xf32, #heddle.dims<["1", "3", "h", "w"]>>, %w: tensor<4x3x3x3xf32>) -> tensor<1x4x?x?xf32, #heddle.dims<["1", "4", "h", "w"]>> {
  %0 = "onnx.Conv"(%x, %w) <{auto_pad = "SAME_UPPER"}> : (tensor<1x3x?x?xf32, #heddle.dims<["1", "3", "h", "w"]>>, tensor<4x3x3x3xf32>) -> tensor<1x4x?x?xf32, #heddle.dims<["1", "4", "h", "w"]>>
  return %0 : tensor<1x4x?x?xf32, #heddle.dims<["1", "4", "h", "w"]>>
}

// A stride over a size that is not known: left as it is.
// CHECK-LABEL: func @unknown
// CHECK: auto_pad = "SAME_UPPER"
func.func @unknown(%x: tensor<1x3x?x8xf32, #heddle.dims<["1", "3", "h", "8"]>>, %w: tensor<4x3x3x3xf32>) -> tensor<1x4x?x4xf32, #heddle.dims<["1", "4", "(h + 1) floordiv 2", "4"]>> {
  %0 = "onnx.Conv"(%x, %w) <{auto_pad = "SAME_UPPER", strides = array<i64: 2, 2>}> : (tensor<1x3x?x8xf32, #heddle.dims<["1", "3", "h", "8"]>>, tensor<4x3x3x3xf32>) -> tensor<1x4x?x4xf32, #heddle.dims<["1", "4", "(h + 1) floordiv 2", "4"]>>
  return %0 : tensor<1x4x?x4xf32, #heddle.dims<["1", "4", "(h + 1) floordiv 2", "4"]>>
}

// What a transposed convolution cuts off follows from the size of its result; `output_shape` is then
// said by the pads.
// CHECK-LABEL: func @transposed_shape
// CHECK: "onnx.ConvTranspose"
// CHECK-SAME: auto_pad = "NOTSET"
// CHECK-SAME: kernel_shape = array<i64: 3, 3>
// CHECK-NOT: output_shape
// CHECK-SAME: pads = array<i64: 0, 0, 1, 1>
func.func @transposed_shape(%x: tensor<1x2x3x3xf32>, %w: tensor<2x4x3x3xf32>) -> tensor<1x4x6x6xf32> {
  %0 = "onnx.ConvTranspose"(%x, %w) <{output_shape = array<i64: 6, 6>, strides = array<i64: 2, 2>}> : (tensor<1x2x3x3xf32>, tensor<2x4x3x3xf32>) -> tensor<1x4x6x6xf32>
  return %0 : tensor<1x4x6x6xf32>
}

// CHECK-LABEL: func @transposed_same
// CHECK: pads = array<i64: 1, 1, 0, 0>
func.func @transposed_same(%x: tensor<1x2x?x3xf32, #heddle.dims<["1", "2", "h", "3"]>>, %w: tensor<2x4x3x3xf32>) -> tensor<1x4x?x6xf32, #heddle.dims<["1", "4", "2*h", "6"]>> {
  %0 = "onnx.ConvTranspose"(%x, %w) <{auto_pad = "SAME_LOWER", strides = array<i64: 2, 2>}> : (tensor<1x2x?x3xf32, #heddle.dims<["1", "2", "h", "3"]>>, tensor<2x4x3x3xf32>) -> tensor<1x4x?x6xf32, #heddle.dims<["1", "4", "2*h", "6"]>>
  return %0 : tensor<1x4x?x6xf32, #heddle.dims<["1", "4", "2*h", "6"]>>
}

// A result larger than what the inputs reach is left to the library.
// CHECK-LABEL: func @transposed_larger
// CHECK: output_shape = array<i64: 10, 8>
func.func @transposed_larger(%x: tensor<1x2x3x3xf32>, %w: tensor<2x4x3x3xf32>) -> tensor<1x4x10x8xf32> {
  %0 = "onnx.ConvTranspose"(%x, %w) <{output_shape = array<i64: 10, 8>, strides = array<i64: 3, 3>}> : (tensor<1x2x3x3xf32>, tensor<2x4x3x3xf32>) -> tensor<1x4x10x8xf32>
  return %0 : tensor<1x4x10x8xf32>
}
