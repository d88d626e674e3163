// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-forward-reads %s | FileCheck %s

// Row 2 is neither of those written.
// CHECK-LABEL: func @rows(
// CHECK-SAME: %[[X:[^:]*]]: tensor<4x8xf32>
// CHECK: "onnx.Gather"(%[[X]],
func.func @rows(%x: tensor<4x8xf32>, %u: tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<4x8xf32>) {
  %0 = "onnx.Constant"() <{value = dense<0> : tensor<1x1xi64>}> : () -> tensor<1x1xi64>
  %1 = "onnx.Constant"() <{value = dense<-1> : tensor<1x1xi64>}> : () -> tensor<1x1xi64>
  %2 = "onnx.Constant"() <{value = dense<2> : tensor<1xi64>}> : () -> tensor<1xi64>
  %a = "onnx.ScatterND"(%x, %0, %u) : (tensor<4x8xf32>, tensor<1x1xi64>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %b = "onnx.ScatterND"(%a, %1, %u) : (tensor<4x8xf32>, tensor<1x1xi64>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %c = "onnx.Gather"(%b, %2) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  return %c, %b : tensor<1x8xf32>, tensor<4x8xf32>
}

// Row 3 is the one that -1 has written; behind that write the read stays.
// CHECK-LABEL: func @overlap(
// CHECK: %[[A:.*]] = "onnx.ScatterND"(%{{[^,]*}}, %[[LAST:[^,]*]],
// CHECK: "onnx.ScatterND"(%[[A]]
// CHECK: "onnx.Gather"(%[[A]],
func.func @overlap(%x: tensor<4x8xf32>, %u: tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<4x8xf32>) {
  %0 = "onnx.Constant"() <{value = dense<-1> : tensor<1x1xi64>}> : () -> tensor<1x1xi64>
  %1 = "onnx.Constant"() <{value = dense<0> : tensor<1x1xi64>}> : () -> tensor<1x1xi64>
  %2 = "onnx.Constant"() <{value = dense<3> : tensor<1xi64>}> : () -> tensor<1xi64>
  %a = "onnx.ScatterND"(%x, %0, %u) : (tensor<4x8xf32>, tensor<1x1xi64>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %b = "onnx.ScatterND"(%a, %1, %u) : (tensor<4x8xf32>, tensor<1x1xi64>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %c = "onnx.Gather"(%b, %2) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  return %c, %b : tensor<1x8xf32>, tensor<4x8xf32>
}

// An index that is only known at run time may be any.
// CHECK-LABEL: func @unknown(
// CHECK-SAME: only known at run time
// CHECK: %[[A:.*]] = "onnx.ScatterND"
// CHECK: "onnx.Gather"(%[[A]],
func.func @unknown(%x: tensor<4x8xf32>, %u: tensor<1x8xf32>, %i: tensor<1x1xi64>) -> tensor<1x8xf32> {
  %2 = "onnx.Constant"() <{value = dense<3> : tensor<1xi64>}> : () -> tensor<1xi64>
  %a = "onnx.ScatterND"(%x, %i, %u) : (tensor<4x8xf32>, tensor<1x1xi64>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %c = "onnx.Gather"(%a, %2) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  return %c : tensor<1x8xf32>
}

// Of a number of rows that is not known, the last one may be row 2.
// CHECK-LABEL: func @last_of_unknown(
// CHECK: %[[A:.*]] = "onnx.ScatterND"
// CHECK: "onnx.Gather"(%[[A]],
func.func @last_of_unknown(%x: tensor<?x8xf32, #heddle.dims<["n", "8"]>>, %u: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %1 = "onnx.Constant"() <{value = dense<-1> : tensor<1x1xi64>}> : () -> tensor<1x1xi64>
  %2 = "onnx.Constant"() <{value = dense<2> : tensor<1xi64>}> : () -> tensor<1xi64>
  %a = "onnx.ScatterND"(%x, %1, %u) : (tensor<?x8xf32, #heddle.dims<["n", "8"]>>, tensor<1x1xi64>, tensor<1x8xf32>) -> tensor<?x8xf32, #heddle.dims<["n", "8"]>>
  %c = "onnx.Gather"(%a, %2) : (tensor<?x8xf32, #heddle.dims<["n", "8"]>>, tensor<1xi64>) -> tensor<1x8xf32>
  return %c : tensor<1x8xf32>
}

// Columns 4 to 7 beside 0 to 3; even columns beside odd ones.
// CHECK-LABEL: func @columns(
// CHECK-SAME: %[[X:[^:]*]]: tensor<4x8xf32>
// CHECK: "onnx.Slice"(%[[X]],
// CHECK: "onnx.Slice"(%[[X]],
func.func @columns(%x: tensor<4x8xf32>, %u: tensor<4x2xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  %one = "onnx.Constant"() <{value = dense<1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %two = "onnx.Constant"() <{value = dense<2> : tensor<1xi64>}> : () -> tensor<1xi64>
  %four = "onnx.Constant"() <{value = dense<4> : tensor<1xi64>}> : () -> tensor<1xi64>
  %eight = "onnx.Constant"() <{value = dense<8> : tensor<1xi64>}> : () -> tensor<1xi64>
  %even = "onnx.Constant"() <{value = dense<[[0, 2], [0, 2], [0, 2], [0, 2]]> : tensor<4x2xi64>}> : () -> tensor<4x2xi64>
  %a = "onnx.ScatterElements"(%x, %even, %u) <{axis = 1 : i64}> : (tensor<4x8xf32>, tensor<4x2xi64>, tensor<4x2xf32>) -> tensor<4x8xf32>
  %b = "onnx.Slice"(%a, %four, %eight, %one) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4x4xf32>
  %c = "onnx.Slice"(%a, %one, %eight, %one, %two) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1>}> : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4x4xf32>
  return %b, %c : tensor<4x4xf32>, tensor<4x4xf32>
}

// A row replaced between what was cut off around it.
// CHECK-LABEL: func @concat(
// CHECK-SAME: %[[X:[^:]*]]: tensor<4x8xf32>
// CHECK: %[[Y:.*]] = "onnx.Concat"
// CHECK: "onnx.Gather"(%[[X]],
// CHECK: "onnx.Gather"(%[[Y]],
func.func @concat(%x: tensor<4x8xf32>, %u: tensor<1x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %zero = "onnx.Constant"() <{value = dense<0> : tensor<1xi64>}> : () -> tensor<1xi64>
  %one = "onnx.Constant"() <{value = dense<1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %two = "onnx.Constant"() <{value = dense<2> : tensor<1xi64>}> : () -> tensor<1xi64>
  %four = "onnx.Constant"() <{value = dense<4> : tensor<1xi64>}> : () -> tensor<1xi64>
  %a = "onnx.Slice"(%x, %zero, %one) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}> : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x8xf32>
  %b = "onnx.Slice"(%x, %two, %four) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}> : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x8xf32>
  %y = "onnx.Concat"(%a, %u, %b) <{axis = 0 : i64}> : (tensor<1x8xf32>, tensor<1x8xf32>, tensor<2x8xf32>) -> tensor<4x8xf32>
  %c = "onnx.Gather"(%y, %two) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  %d = "onnx.Gather"(%y, %one) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  return %c, %d : tensor<1x8xf32>, tensor<1x8xf32>
}

// Rows that were moved up by one are other rows.
// CHECK-LABEL: func @shifted(
// CHECK: %[[Y:.*]] = "onnx.Concat"
// CHECK: "onnx.Gather"(%[[Y]],
func.func @shifted(%x: tensor<4x8xf32>, %u: tensor<1x8xf32>) -> tensor<1x8xf32> {
  %one = "onnx.Constant"() <{value = dense<1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %four = "onnx.Constant"() <{value = dense<4> : tensor<1xi64>}> : () -> tensor<1xi64>
  %a = "onnx.Slice"(%x, %one, %four) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0>}> : (tensor<4x8xf32>, tensor<1xi64>, tensor<1xi64>) -> tensor<3x8xf32>
  %y = "onnx.Concat"(%a, %u) <{axis = 0 : i64}> : (tensor<3x8xf32>, tensor<1x8xf32>) -> tensor<4x8xf32>
  %c = "onnx.Gather"(%y, %one) : (tensor<4x8xf32>, tensor<1xi64>) -> tensor<1x8xf32>
  return %c : tensor<1x8xf32>
}
