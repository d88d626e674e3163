// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-scatter-rows %s | FileCheck %s

// CHECK-LABEL: func @rows
// CHECK: "onnx.ScatterND"(%arg0, %arg1, %arg2) <{reduction = "add"}>
// CHECK-NOT: "onnx.ScatterElements"
func.func @rows(%x: tensor<9x64xf32>, %rows: tensor<5x1xi64>, %updates: tensor<5x64xf32>, %shape: tensor<2xi64>) -> tensor<9x64xf32> {
  %0 = "onnx.Expand"(%rows, %shape) : (tensor<5x1xi64>, tensor<2xi64>) -> tensor<5x64xi64>
  %1 = "onnx.ScatterElements"(%x, %0, %updates) <{axis = 0 : i64, reduction = "add"}> : (tensor<9x64xf32>, tensor<5x64xi64>, tensor<5x64xf32>) -> tensor<9x64xf32>
  return %1 : tensor<9x64xf32>
}

// CHECK-LABEL: func @planes
// CHECK: %[[ROWS:.*]] = "onnx.Reshape"(%arg1
// CHECK-SAME: -> tensor<5x1xi64>
// CHECK: "onnx.ScatterND"(%arg0, %[[ROWS]], %arg2) <{reduction = "none"}>
func.func @planes(%x: tensor<9x4x8xf32>, %rows: tensor<5x1x1xi64>, %updates: tensor<5x4x8xf32>, %shape: tensor<3xi64>) -> tensor<9x4x8xf32> {
  %0 = "onnx.Expand"(%rows, %shape) : (tensor<5x1x1xi64>, tensor<3xi64>) -> tensor<5x4x8xi64>
  %1 = "onnx.ScatterElements"(%x, %0, %updates) <{axis = 0 : i64, reduction = "none"}> : (tensor<9x4x8xf32>, tensor<5x4x8xi64>, tensor<5x4x8xf32>) -> tensor<9x4x8xf32>
  return %1 : tensor<9x4x8xf32>
}

// Parts of rows, another axis, an index for each element of a row, indices of 32 bits.
// CHECK-LABEL: func @others
// CHECK-COUNT-4: "onnx.ScatterElements"
func.func @others(%x: tensor<9x64xf32>, %rows: tensor<5x1xi64>, %columns: tensor<1x64xi64>, %narrow: tensor<5x1xi32>, %part: tensor<5x8xf32>, %updates: tensor<5x64xf32>, %shape: tensor<2xi64>) -> (tensor<9x64xf32>, tensor<9x64xf32>, tensor<9x64xf32>, tensor<9x64xf32>) {
  %0 = "onnx.Expand"(%rows, %shape) : (tensor<5x1xi64>, tensor<2xi64>) -> tensor<5x8xi64>
  %1 = "onnx.ScatterElements"(%x, %0, %part) <{axis = 0 : i64, reduction = "add"}> : (tensor<9x64xf32>, tensor<5x8xi64>, tensor<5x8xf32>) -> tensor<9x64xf32>
  %2 = "onnx.Expand"(%rows, %shape) : (tensor<5x1xi64>, tensor<2xi64>) -> tensor<5x64xi64>
  %3 = "onnx.ScatterElements"(%x, %2, %updates) <{axis = 1 : i64, reduction = "add"}> : (tensor<9x64xf32>, tensor<5x64xi64>, tensor<5x64xf32>) -> tensor<9x64xf32>
  %4 = "onnx.Expand"(%columns, %shape) : (tensor<1x64xi64>, tensor<2xi64>) -> tensor<5x64xi64>
  %5 = "onnx.ScatterElements"(%x, %4, %updates) <{axis = 0 : i64, reduction = "add"}> : (tensor<9x64xf32>, tensor<5x64xi64>, tensor<5x64xf32>) -> tensor<9x64xf32>
  %6 = "onnx.Expand"(%narrow, %shape) : (tensor<5x1xi32>, tensor<2xi64>) -> tensor<5x64xi32>
  %7 = "onnx.ScatterElements"(%x, %6, %updates) <{axis = 0 : i64, reduction = "add"}> : (tensor<9x64xf32>, tensor<5x64xi32>, tensor<5x64xf32>) -> tensor<9x64xf32>
  return %1, %3, %5, %7 : tensor<9x64xf32>, tensor<9x64xf32>, tensor<9x64xf32>, tensor<9x64xf32>
}
