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
