// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-split-resize %s | FileCheck %s

// What grows is taken from the last axis on.
// CHECK-LABEL: func @grows
// CHECK: %[[SCALE:.*]] = "onnx.Constant"() <{value = dense<3.000000e+00> : tensor<1xf32>}>
// CHECK: %[[ROWS:.*]] = "onnx.Resize"(%arg0, %[[SCALE]])
// CHECK-SAME: axes = array<i64: 3>
// CHECK-SAME: coordinate_transformation_mode = "align_corners"
// CHECK-SAME: tensor<1x8x14x42xf32>
// CHECK: %[[SCALE:.*]] = "onnx.Constant"() <{value = dense<2.000000e+00> : tensor<1xf32>}>
// CHECK: "onnx.Resize"(%[[ROWS]], %[[SCALE]])
// CHECK-SAME: axes = array<i64: 2>
// CHECK-SAME: coordinate_transformation_mode = "align_corners"
// CHECK-SAME: tensor<1x8x28x42xf32>
func.func @grows(%x: tensor<1x8x14x14xf32>) -> tensor<1x8x28x42xf32> {
  %s = "onnx.Constant"() <{value = dense<[1.0, 1.0, 2.0, 3.0]> : tensor<4xf32>}> : () -> tensor<4xf32>
  %0 = "onnx.Resize"(%x, %s) <{coordinate_transformation_mode = "align_corners", mode = "linear", operandSegmentSizes = array<i32: 1, 0, 1, 0>}> : (tensor<1x8x14x14xf32>, tensor<4xf32>) -> tensor<1x8x28x42xf32>
  return %0 : tensor<1x8x28x42xf32>
}

// What shrinks comes first; sizes may be expressions of the operand's.
// CHECK-LABEL: func @sizes
// CHECK: axes = array<i64: 3>
// CHECK-SAME: tensor<1x8x?x5xf32, #heddle.dims<["1", "8", "h", "5"]>>
// CHECK: heddle.index_tensor
// CHECK-SAME: 2*h
// CHECK: axes = array<i64: 2>
// CHECK-SAME: tensor<1x8x?x5xf32, #heddle.dims<["1", "8", "2*h", "5"]>>
func.func @sizes(%x: tensor<1x8x?x14xf32, #heddle.dims<["1", "8", "h", "14"]>>, %s: tensor<2xi64>) -> tensor<1x8x?x5xf32, #heddle.dims<["1", "8", "2*h", "5"]>> {
  %0 = "onnx.Resize"(%x, %s) <{axes = array<i64: 2, 3>, mode = "cubic", operandSegmentSizes = array<i32: 1, 0, 0, 1>}> : (tensor<1x8x?x14xf32, #heddle.dims<["1", "8", "h", "14"]>>, tensor<2xi64>) -> tensor<1x8x?x5xf32, #heddle.dims<["1", "8", "2*h", "5"]>>
  return %0 : tensor<1x8x?x5xf32, #heddle.dims<["1", "8", "2*h", "5"]>>
}

// Neighbours are read at once, one axis is one already, f16 would be rounded twice, and sizes that
// only the operation itself knows stay with it.
// CHECK-LABEL: func @kept
// CHECK: mode = "nearest"
// CHECK: tensor<1x8x28x14xf32>
// CHECK: tensor<1x8x28x28xf16>
// CHECK: tensor<1x8x?x?xf32
// CHECK-NOT: "onnx.Resize"
func.func @kept(%x: tensor<1x8x14x14xf32>, %h: tensor<1x8x14x14xf16>, %s: tensor<4xi64>) -> (tensor<1x8x28x28xf32>, tensor<1x8x28x14xf32>, tensor<1x8x28x28xf16>, tensor<1x8x?x?xf32, #heddle.dims<["1", "8", "a", "b"]>>) {
  %0 = "onnx.Resize"(%x, %s) <{mode = "nearest", operandSegmentSizes = array<i32: 1, 0, 0, 1>}> : (tensor<1x8x14x14xf32>, tensor<4xi64>) -> tensor<1x8x28x28xf32>
  %1 = "onnx.Resize"(%x, %s) <{mode = "linear", operandSegmentSizes = array<i32: 1, 0, 0, 1>}> : (tensor<1x8x14x14xf32>, tensor<4xi64>) -> tensor<1x8x28x14xf32>
  %2 = "onnx.Resize"(%h, %s) <{mode = "linear", operandSegmentSizes = array<i32: 1, 0, 0, 1>}> : (tensor<1x8x14x14xf16>, tensor<4xi64>) -> tensor<1x8x28x28xf16>
  %3 = "onnx.Resize"(%x, %s) <{mode = "linear", operandSegmentSizes = array<i32: 1, 0, 0, 1>}> : (tensor<1x8x14x14xf32>, tensor<4xi64>) -> tensor<1x8x?x?xf32, #heddle.dims<["1", "8", "a", "b"]>>
  return %0, %1, %2, %3 : tensor<1x8x28x28xf32>, tensor<1x8x28x14xf32>, tensor<1x8x28x28xf16>, tensor<1x8x?x?xf32, #heddle.dims<["1", "8", "a", "b"]>>
}
