// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-form-clusters "-heddle-extract-spawns=least-cost=1000" %s | FileCheck %s

// Two products of one value: one of them is spawned and awaited where the sum needs it.
// The record says what was proved, and the sizes: 2 products of 256^3 pairs, added in 8 levels.
// CHECK-LABEL: func @branches
// CHECK-SAME: heddle.constructs = [{
// CHECK-SAME: kind = "spawn"
// CHECK-SAME: span = "9"
// CHECK-SAME: summary = "tasks: 1 in a row, 1 beside it"
// CHECK-SAME: work = "67108864"
// CHECK: %[[F:.*]] = heddle.spawn : !heddle.future<tensor<256x256xf32>>
// CHECK: "onnx.MatMul"
// CHECK: heddle.yield
// CHECK: heddle.await %[[F]]
func.func @branches(%x: tensor<256x256xf32>, %v: tensor<256x256xf32>, %w: tensor<256x256xf32>) -> tensor<256x512xf32> {
  %0 = "onnx.MatMul"(%x, %v) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %1 = "onnx.MatMul"(%x, %w) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %2 = "onnx.Concat"(%0, %1) <{axis = 1 : i64}> : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x512xf32>
  return %2 : tensor<256x512xf32>
}

// A chain has nothing beside it.
// CHECK-LABEL: func @chain
// CHECK-NOT: heddle.constructs
// CHECK-NOT: heddle.spawn
// CHECK: return
func.func @chain(%x: tensor<256x256xf32>, %w: tensor<256x256xf32>) -> tensor<256x256xf32> {
  %0 = "onnx.MatMul"(%x, %w) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %1 = "onnx.MatMul"(%0, %w) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  return %1 : tensor<256x256xf32>
}

// Too small to pay for a task.
// CHECK-LABEL: func @small
// CHECK-NOT: heddle.spawn
// CHECK: return
func.func @small(%x: tensor<4x4xf32>, %v: tensor<4x4xf32>, %w: tensor<4x4xf32>) -> tensor<4x8xf32> {
  %0 = "onnx.MatMul"(%x, %v) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = "onnx.MatMul"(%x, %w) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %2 = "onnx.Concat"(%0, %1) <{axis = 1 : i64}> : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x8xf32>
  return %2 : tensor<4x8xf32>
}

// Branches inside a branch, and inside a loop's body.
// CHECK-LABEL: func @inside(
// CHECK: "onnx.If"
// CHECK: heddle.spawn
// CHECK: "onnx.Scan"
// CHECK: heddle.spawn
func.func @inside(%c: tensor<i1>, %x: tensor<256x256xf32>, %v: tensor<256x256xf32>, %w: tensor<256x256xf32>, %e: tensor<8x256x256xf32>) -> (tensor<256x512xf32>, tensor<8x256x512xf32>) {
  %0 = "onnx.If"(%c) ({
    %4 = "onnx.Concat"(%x, %x) <{axis = 1 : i64}> : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x512xf32>
    onnx.Yield %4 : tensor<256x512xf32>
  }, {
    %1 = "onnx.MatMul"(%x, %v) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
    %2 = "onnx.MatMul"(%x, %w) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
    %3 = "onnx.Concat"(%1, %2) <{axis = 1 : i64}> : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x512xf32>
    onnx.Yield %3 : tensor<256x512xf32>
  }) : (tensor<i1>) -> tensor<256x512xf32>
  %5 = "onnx.Scan"(%e) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%6: tensor<256x256xf32>):
    %7 = "onnx.MatMul"(%6, %v) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
    %8 = "onnx.MatMul"(%6, %w) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
    %9 = "onnx.Concat"(%7, %8) <{axis = 1 : i64}> : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x512xf32>
    onnx.Yield %9 : tensor<256x512xf32>
  }) : (tensor<8x256x256xf32>) -> tensor<8x256x512xf32>
  return %0, %5 : tensor<256x512xf32>, tensor<8x256x512xf32>
}

// The second branch takes with it what stands before it for it alone: it does not wait for the first
// branch, which stands before both.
// CHECK-LABEL: func @feeder(
// CHECK: heddle.spawn
// CHECK: "onnx.Softmax"
// CHECK: heddle.yield
// CHECK: "onnx.MatMul"
// CHECK: heddle.yield
// CHECK: return
func.func @feeder(%x: tensor<256x256xf32>, %b: tensor<256xf32>, %v: tensor<256x256xf32>, %w: tensor<256x256xf32>) -> (tensor<256x256xf32>, tensor<256x256xf32>) {
  %0 = "onnx.MatMul"(%x, %v) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %1 = "onnx.MatMul"(%0, %v) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %s = "onnx.Softmax"(%b) : (tensor<256xf32>) -> tensor<256xf32>
  %2 = "onnx.MatMul"(%x, %w) : (tensor<256x256xf32>, tensor<256x256xf32>) -> tensor<256x256xf32>
  %3 = "onnx.Mul"(%2, %s) : (tensor<256x256xf32>, tensor<256xf32>) -> tensor<256x256xf32>
  return %1, %3 : tensor<256x256xf32>, tensor<256x256xf32>
}
