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
