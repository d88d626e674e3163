// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-lay-columns %s | FileCheck %s

// Strides, pads and dilations turn with the window.
// CHECK-LABEL: func @signal
// CHECK-DAG: %[[X:.*]] = "onnx.Reshape"(%arg0{{.*}}) {{.*}} -> tensor<2x8x1x69xf32>
// CHECK-DAG: %[[W:.*]] = "onnx.Reshape"(%arg1{{.*}}) {{.*}} -> tensor<6x8x1x5xf32>
// CHECK: %[[Y:.*]] = "onnx.Conv"(%[[X]], %[[W]])
// CHECK-SAME: dilations = array<i64: 1, 3>
// CHECK-SAME: kernel_shape = array<i64: 1, 5>
// CHECK-SAME: pads = array<i64: 0, 4, 0, 2>
// CHECK-SAME: strides = array<i64: 1, 2>
// CHECK-SAME: -> tensor<2x6x1x32xf32>
// CHECK: "onnx.Reshape"(%[[Y]]{{.*}}) {{.*}} -> tensor<2x6x32x1xf32>
func.func @signal(%x: tensor<2x8x69x1xf32>, %w: tensor<6x8x5x1xf32>) -> tensor<2x6x32x1xf32> {
  %1 = "onnx.Conv"(%x, %w) <{dilations = array<i64: 3, 1>, kernel_shape = array<i64: 5, 1>, pads = array<i64: 4, 0, 2, 0>, strides = array<i64: 2, 1>}> : (tensor<2x8x69x1xf32>, tensor<6x8x5x1xf32>) -> tensor<2x6x32x1xf32>
  return %1 : tensor<2x6x32x1xf32>
}

// CHECK-LABEL: func @history
// CHECK: "onnx.Concat"{{.*}} <{axis = 2 : i64}> : (tensor<1x8x19xf32>, tensor<1x8x50xf32>) -> tensor<1x8x69xf32>
func.func @history(%x: tensor<1x8x19x1xf32>, %y: tensor<1x8x50x1xf32>) -> tensor<1x8x69x1xf32> {
  %0 = "onnx.Concat"(%x, %y) <{axis = 2 : i64}> : (tensor<1x8x19x1xf32>, tensor<1x8x50x1xf32>) -> tensor<1x8x69x1xf32>
  return %0 : tensor<1x8x69x1xf32>
}

// An image, and a column with pads beside it.
// CHECK-LABEL: func @kept
// CHECK-NOT: onnx.Reshape
func.func @kept(%x: tensor<1x8x9x9xf32>, %c: tensor<1x8x9x1xf32>, %w: tensor<6x8x3x1xf32>) -> (tensor<1x6x7x9xf32>, tensor<1x6x7x3xf32>) {
  %1 = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 1>}> : (tensor<1x8x9x9xf32>, tensor<6x8x3x1xf32>) -> tensor<1x6x7x9xf32>
  %2 = "onnx.Conv"(%c, %w) <{kernel_shape = array<i64: 3, 1>, pads = array<i64: 0, 1, 0, 1>}> : (tensor<1x8x9x1xf32>, tensor<6x8x3x1xf32>) -> tensor<1x6x7x3xf32>
  return %1, %2 : tensor<1x6x7x9xf32>, tensor<1x6x7x3xf32>
}

// The rest of a history, by any of its two names of the axis.
// CHECK-LABEL: func @rest
// CHECK: %[[X:.*]] = "onnx.Reshape"(%arg0{{.*}}) {{.*}} -> tensor<1x8x69xf32>
// CHECK: %[[AXIS:.*]] = "onnx.Constant"() <{value = dense<2> : tensor<1xi64>}>
// CHECK: %[[Y:.*]] = "onnx.Slice"(%[[X]], %{{.*}}, %{{.*}}, %[[AXIS]]) {{.*}} -> tensor<1x8x19xf32>
// CHECK: "onnx.Reshape"(%[[Y]]{{.*}}) {{.*}} -> tensor<1x8x19x1xf32>
func.func @rest(%x: tensor<1x8x69x1xf32>) -> tensor<1x8x19x1xf32> {
  %start = "onnx.Constant"() <{value = dense<-19> : tensor<1xi64>}> : () -> tensor<1xi64>
  %end = "onnx.Constant"() <{value = dense<69> : tensor<1xi64>}> : () -> tensor<1xi64>
  %axis = "onnx.Constant"() <{value = dense<-2> : tensor<1xi64>}> : () -> tensor<1xi64>
  %0 = "onnx.Slice"(%x, %start, %end, %axis) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<1x8x69x1xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x8x19x1xf32>
  return %0 : tensor<1x8x19x1xf32>
}

// Of the last axis itself, and of sizes.
// CHECK-LABEL: func @whole
// CHECK-NOT: onnx.Reshape
func.func @whole(%x: tensor<1x8x69x2xf32>, %s: tensor<8x1xi64>) -> (tensor<1x8x69x1xf32>, tensor<3x1xi64>) {
  %zero = "onnx.Constant"() <{value = dense<0> : tensor<1xi64>}> : () -> tensor<1xi64>
  %one = "onnx.Constant"() <{value = dense<1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %three = "onnx.Constant"() <{value = dense<3> : tensor<1xi64>}> : () -> tensor<1xi64>
  %0 = "onnx.Slice"(%x, %zero, %one, %three) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<1x8x69x2xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x8x69x1xf32>
  %1 = "onnx.Slice"(%s, %zero, %three, %zero) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<8x1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3x1xi64>
  return %0, %1 : tensor<1x8x69x1xf32>, tensor<3x1xi64>
}
