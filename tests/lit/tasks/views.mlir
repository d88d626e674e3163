// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle compile %s --emit task -o %t && FileCheck %s < %t
// RUN: heddle compile %s -o %t.heddle && heddle run %t.heddle --random-inputs --dim k:0=3 --dim s:0=4 --threads 2

// Parts of a value that lie together are views of it, whatever the sizes are.
// CHECK-LABEL: task.graph @main
// CHECK: %[[ROWS:.*]] = task.view %arg0 at "64" : tensor<8x8xf32> to tensor<3x8xf32>
// CHECK: task.launch @matmul_{{[0-9]+}}(%[[ROWS]]
// CHECK: %[[LAST:.*]] = task.view %arg1 at "32*n" : tensor<?x8xf32, #heddle.dims<["n + 1", "8"]>> to tensor<1x8xf32>
// CHECK: task.launch @matmul_{{[0-9]+}}(%[[LAST]]
// CHECK: %[[UPPER:.*]] = task.view %arg0 : tensor<8x8xf32> to tensor<4x8xf32>
// CHECK: %[[LOWER:.*]] = task.view %arg0 at "128" : tensor<8x8xf32> to tensor<4x8xf32>
// CHECK: task.launch @matmul_{{[0-9]+}}(%[[UPPER]]
// CHECK: task.launch @matmul_{{[0-9]+}}(%[[LOWER]]
// CHECK: %[[ROW:.*]] = task.view %arg0 at "224" : tensor<8x8xf32> to tensor<8xf32>
// CHECK: task.launch @matmul_{{[0-9]+}}(%[[ROW]]
//
// Columns do not lie together, and what leaves the graph is written where it goes.
// CHECK-NOT: task.view
// CHECK: task.launch @slice
// CHECK: task.launch @matmul
// CHECK: task.launch @slice
func.func @main(%x: tensor<8x8xf32> {heddle.name = "x"}, %s: tensor<?x8xf32, #heddle.dims<["n + 1", "8"]>> {heddle.name = "s"},
                %k: tensor<?xf32, #heddle.dims<["n"]>> {heddle.name = "k"},
                %w: tensor<8x4xf32> {heddle.name = "w"}, %v: tensor<2x4xf32> {heddle.name = "v"})
    -> (tensor<3x4xf32> {heddle.name = "rows"}, tensor<1x4xf32> {heddle.name = "last"},
        tensor<4x4xf32> {heddle.name = "upper"}, tensor<4x4xf32> {heddle.name = "lower"},
        tensor<4xf32> {heddle.name = "row"}, tensor<8x4xf32> {heddle.name = "columns"},
        tensor<3x8xf32> {heddle.name = "leaves"}) {
  %zero = "onnx.Constant"() <{value = dense<0> : tensor<1xi64>}> : () -> tensor<1xi64>
  %one = "onnx.Constant"() <{value = dense<1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %two = "onnx.Constant"() <{value = dense<2> : tensor<1xi64>}> : () -> tensor<1xi64>
  %four = "onnx.Constant"() <{value = dense<4> : tensor<1xi64>}> : () -> tensor<1xi64>
  %five = "onnx.Constant"() <{value = dense<5> : tensor<1xi64>}> : () -> tensor<1xi64>
  %minus = "onnx.Constant"() <{value = dense<-1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %end = "onnx.Constant"() <{value = dense<9223372036854775807> : tensor<1xi64>}> : () -> tensor<1xi64>
  %index = "onnx.Constant"() <{value = dense<-1> : tensor<i64>}> : () -> tensor<i64>
  %sizes = "onnx.Constant"() <{value = dense<4> : tensor<2xi64>}> : () -> tensor<2xi64>
  %a = "onnx.Slice"(%x, %two, %five, %zero) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<8x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3x8xf32>
  %rows = "onnx.MatMul"(%a, %w) : (tensor<3x8xf32>, tensor<8x4xf32>) -> tensor<3x4xf32>
  %b = "onnx.Slice"(%s, %minus, %end, %zero) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<?x8xf32, #heddle.dims<["n + 1", "8"]>>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1x8xf32>
  %last = "onnx.MatMul"(%b, %w) : (tensor<1x8xf32>, tensor<8x4xf32>) -> tensor<1x4xf32>
  %c:2 = "onnx.Split"(%x, %sizes) <{axis = 0 : i64}> : (tensor<8x8xf32>, tensor<2xi64>) -> (tensor<4x8xf32>, tensor<4x8xf32>)
  %upper = "onnx.MatMul"(%c#0, %w) : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  %lower = "onnx.MatMul"(%c#1, %w) : (tensor<4x8xf32>, tensor<8x4xf32>) -> tensor<4x4xf32>
  %d = "onnx.Gather"(%x, %index) <{axis = 0 : i64}> : (tensor<8x8xf32>, tensor<i64>) -> tensor<8xf32>
  %row = "onnx.MatMul"(%d, %w) : (tensor<8xf32>, tensor<8x4xf32>) -> tensor<4xf32>
  %e = "onnx.Slice"(%x, %zero, %two, %one) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<8x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<8x2xf32>
  %columns = "onnx.MatMul"(%e, %v) : (tensor<8x2xf32>, tensor<2x4xf32>) -> tensor<8x4xf32>
  %leaves = "onnx.Slice"(%x, %one, %four, %zero) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<8x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3x8xf32>
  return %rows, %last, %upper, %lower, %row, %columns, %leaves : tensor<3x4xf32>, tensor<1x4xf32>, tensor<4x4xf32>, tensor<4x4xf32>, tensor<4xf32>, tensor<8x4xf32>, tensor<3x8xf32>
}
