// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -onnx-infer-shapes | FileCheck %s

// A key cache grows by what is new; slices of it know their sizes.
// CHECK-LABEL: @append
// CHECK: "onnx.Concat"{{.*}} -> tensor<?x4x?x8xf32, #heddle.dims<["batch", "4", "past + seq", "8"]>>
// CHECK: "onnx.Slice"{{.*}} -> tensor<?x4x?x8xf32, #heddle.dims<["batch", "4", "seq", "8"]>>
// CHECK: "onnx.Slice"{{.*}} -> tensor<?x4x?x8xf32, #heddle.dims<["batch", "4", "min(past + seq, 1)", "8"]>>
func.func @append(%past: tensor<?x4x?x8xf32, #heddle.dims<["batch", "4", "past", "8"]>>,
                  %new: tensor<?x4x?x8xf32, #heddle.dims<["batch", "4", "seq", "8"]>>) -> (tensor<*xf32>, tensor<*xf32>) {
  %cache = "onnx.Concat"(%past, %new) {axis = 2 : i64} : (tensor<?x4x?x8xf32, #heddle.dims<["batch", "4", "past", "8"]>>, tensor<?x4x?x8xf32, #heddle.dims<["batch", "4", "seq", "8"]>>) -> tensor<*xf32>
  %shape = "onnx.Shape"(%past) {start = 2 : i64, end = 3 : i64} : (tensor<?x4x?x8xf32, #heddle.dims<["batch", "4", "past", "8"]>>) -> tensor<*xi64>
  %far = "onnx.Constant"() {value = dense<9223372036854775807> : tensor<1xi64>} : () -> tensor<*xi64>
  %axis = "onnx.Constant"() {value = dense<2> : tensor<1xi64>} : () -> tensor<*xi64>
  %tail = "onnx.Slice"(%cache, %shape, %far, %axis) {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<*xf32>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
  %minus = "onnx.Constant"() {value = dense<-1> : tensor<1xi64>} : () -> tensor<*xi64>
  %last = "onnx.Slice"(%cache, %minus, %far, %axis) {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<*xf32>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
  return %tail, %last : tensor<*xf32>, tensor<*xf32>
}

// Rows of a table for the positions at hand: a start whose sign is not known counts from the end where
// it is negative, and there are never more rows than positions.
// CHECK-LABEL: @table
// CHECK: "onnx.Slice"{{.*}} -> tensor<?x64xi1, #heddle.dims<["max(min(all - max(all - seq + 64*min(max(-all + seq, 0), 1), 0), 
// CHECK: "onnx.Where"{{.*}} -> tensor<?x64xf32, #heddle.dims<["seq", "64"]>>
func.func @table(%scores: tensor<?x64xf32, #heddle.dims<["seq", "64"]>>, %keys: tensor<?xf32, #heddle.dims<["all"]>>, %table: tensor<64x64xi1>) -> tensor<*xf32> {
  %rows = "onnx.Shape"(%scores) {start = 0 : i64, end = 1 : i64} : (tensor<?x64xf32, #heddle.dims<["seq", "64"]>>) -> tensor<*xi64>
  %all = "onnx.Shape"(%keys) : (tensor<?xf32, #heddle.dims<["all"]>>) -> tensor<*xi64>
  %first = "onnx.Sub"(%all, %rows) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %axis = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<*xi64>
  %keep = "onnx.Slice"(%table, %first, %all, %axis) {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<64x64xi1>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
  %none = "onnx.Constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<*xf32>
  %0 = "onnx.Where"(%keep, %scores, %none) : (tensor<*xi1>, tensor<?x64xf32, #heddle.dims<["seq", "64"]>>, tensor<*xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// Positions that follow a cache: Range over named sizes.
// CHECK-LABEL: @positions
// CHECK: "onnx.Range"{{.*}} -> tensor<?xi64, #heddle.dims<["seq"]>>
func.func @positions(%past: tensor<?xf32, #heddle.dims<["past"]>>, %new: tensor<?xf32, #heddle.dims<["seq"]>>) -> tensor<*xi64> {
  %0 = "onnx.Size"(%past) : (tensor<?xf32, #heddle.dims<["past"]>>) -> tensor<*xi64>
  %1 = "onnx.Size"(%new) : (tensor<?xf32, #heddle.dims<["seq"]>>) -> tensor<*xi64>
  %2 = "onnx.Add"(%0, %1) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %one = "onnx.Constant"() {value = dense<1> : tensor<i64>} : () -> tensor<*xi64>
  %3 = "onnx.Range"(%0, %2, %one) : (tensor<*xi64>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  return %3 : tensor<*xi64>
}
