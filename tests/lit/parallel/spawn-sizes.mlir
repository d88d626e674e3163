// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt "-heddle-extract-spawns=least-cost=1000" %s | FileCheck %s

// Sizes that only running tells order operations as values do, whatever reads the values.

#rows = #heddle.dims<["rows"]>
#table = #heddle.dims<["rows", "256"]>

// The second branch does not take the count in with it: it is spawned where the size is not told yet.
// CHECK-LABEL: func @counted(
// CHECK: heddle.spawn
// CHECK-NEXT: "onnx.MatMul"
// CHECK-NEXT: heddle.yield
// CHECK: "onnx.Slice"
// CHECK: heddle.index_tensor ["rows"]
// CHECK: return
func.func @counted(%x: tensor<256x256xf32>, %v: tensor<256x256xf32>, %w: tensor<256x256xf32>, %n: tensor<1xi64>) -> (tensor<?x256xf32, #table>, tensor<?x256xf32, #table>) {
  %zeros = "onnx.Constant"() <{value = dense<0> : tensor<1xi64>}> : () -> tensor<1xi64>
  %0 = "onnx.MatMul"(%x, %v) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %1 = "onnx.MatMul"(%x, %w) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %2 = "onnx.MatMul"(%0, %v) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %3 = "onnx.Slice"(%2, %zeros, %n, %zeros) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<256x256xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x256xf32, #table>
  %4 = heddle.cluster () : () -> tensor<?xi64, #rows> {
    %6 = "onnx.Constant"() <{value = dense<0> : tensor<i64>}> : () -> tensor<i64>
    %7 = heddle.index_tensor ["rows"] : tensor<i64>
    %8 = "onnx.Constant"() <{value = dense<1> : tensor<i64>}> : () -> tensor<i64>
    %9 = "onnx.Range"(%6, %7, %8) <{stash_type = 1 : i64}> : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64, #rows>
    heddle.yield %9 : tensor<?xi64, #rows>
  }
  %5 = "onnx.Gather"(%1, %4) <{axis = 0 : i64}> : (tensor<256x256xf32>, tensor<?xi64, #rows>) -> tensor<?x256xf32, #table>
  return %3, %5 : tensor<?x256xf32, #table>, tensor<?x256xf32, #table>
}

// What tells a size is awaited where the size is used.
// CHECK-LABEL: func @told_by_spawn(
// CHECK: %[[F:.*]]:2 = heddle.spawn
// CHECK: "onnx.Slice"
// CHECK: heddle.yield
// CHECK: heddle.await %[[F]]#0
// CHECK: heddle.index_tensor ["rows"]
// CHECK: return
func.func @told_by_spawn(%x: tensor<256x256xf32>, %v: tensor<256x256xf32>, %w: tensor<256x256xf32>, %n: tensor<1xi64>) -> (tensor<f32>, tensor<?x256xf32, #table>) {
  %zeros = "onnx.Constant"() <{value = dense<0> : tensor<1xi64>}> : () -> tensor<1xi64>
  %0 = "onnx.MatMul"(%x, %w) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %1 = "onnx.Slice"(%0, %zeros, %n, %zeros) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<256x256xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x256xf32, #table>
  %2 = "onnx.ReduceMax"(%1) <{keepdims = 0 : i64}> : (tensor<?x256xf32, #table>) -> tensor<f32>
  %3 = "onnx.MatMul"(%x, %v) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %4 = "onnx.MatMul"(%3, %v) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %5 = heddle.cluster (%4) : (tensor<256x256xf32>) -> tensor<?x256xf32, #table> {
  ^bb0(%6: tensor<256x256xf32>):
    %7 = "onnx.Constant"() <{value = dense<0> : tensor<i64>}> : () -> tensor<i64>
    %8 = heddle.index_tensor ["rows"] : tensor<i64>
    %9 = "onnx.Constant"() <{value = dense<1> : tensor<i64>}> : () -> tensor<i64>
    %10 = "onnx.Range"(%7, %8, %9) <{stash_type = 1 : i64}> : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64, #rows>
    %11 = "onnx.Gather"(%6, %10) <{axis = 0 : i64}> : (tensor<256x256xf32>, tensor<?xi64, #rows>) -> tensor<?x256xf32, #table>
    heddle.yield %11 : tensor<?x256xf32, #table>
  }
  return %2, %5 : tensor<f32>, tensor<?x256xf32, #table>
}

// A chain that uses the size in a spawn of its own is spawned once the size is told.
// CHECK-LABEL: func @told_to_spawn(
// CHECK: %[[F:.*]]:2 = heddle.spawn
// CHECK: "onnx.Slice"
// CHECK: heddle.yield
// CHECK: heddle.await %[[F]]#0
// CHECK: heddle.spawn
// CHECK: heddle.index_tensor ["rows"]
// CHECK: return
func.func @told_to_spawn(%x: tensor<256x256xf32>, %v: tensor<256x256xf32>, %w: tensor<256x256xf32>, %n: tensor<1xi64>) -> (tensor<f32>, tensor<256x256xf32>, tensor<?x256xf32, #table>) {
  %zeros = "onnx.Constant"() <{value = dense<0> : tensor<1xi64>}> : () -> tensor<1xi64>
  %0 = "onnx.Slice"(%w, %zeros, %n, %zeros) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<256x256xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x256xf32, #table>
  %1 = "onnx.ReduceMax"(%0) <{keepdims = 0 : i64}> : (tensor<?x256xf32, #table>) -> tensor<f32>
  %2 = "onnx.Add"(%v, %1) : (tensor<256x256xf32>, tensor<f32>) -> tensor<256x256xf32>
  %3 = "onnx.MatMul"(%2, %v) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %4 = "onnx.ReduceMax"(%3) <{keepdims = 0 : i64}> : (tensor<256x256xf32>) -> tensor<f32>
  %5 = "onnx.MatMul"(%x, %v) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %6 = "onnx.MatMul"(%5, %v) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %7 = "onnx.MatMul"(%6, %v) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %8 = "onnx.MatMul"(%x, %w) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %9 = heddle.cluster (%8) : (tensor<256x256xf32>) -> tensor<?x256xf32, #table> {
  ^bb0(%10: tensor<256x256xf32>):
    %11 = "onnx.Constant"() <{value = dense<0> : tensor<i64>}> : () -> tensor<i64>
    %12 = heddle.index_tensor ["rows"] : tensor<i64>
    %13 = "onnx.Constant"() <{value = dense<1> : tensor<i64>}> : () -> tensor<i64>
    %14 = "onnx.Range"(%11, %12, %13) <{stash_type = 1 : i64}> : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64, #rows>
    %15 = "onnx.Gather"(%10, %14) <{axis = 0 : i64}> : (tensor<256x256xf32>, tensor<?xi64, #rows>) -> tensor<?x256xf32, #table>
    heddle.yield %15 : tensor<?x256xf32, #table>
  }
  return %4, %7, %9 : tensor<f32>, tensor<256x256xf32>, tensor<?x256xf32, #table>
}
