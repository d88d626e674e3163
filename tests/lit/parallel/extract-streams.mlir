// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-extract-streams %s | FileCheck %s

// Two copies of a model, up to what joins them.
// CHECK-LABEL: func @copies(
// CHECK-SAME: %[[A:[^:]*]]: tensor<1x8xf32>, %[[B:[^:]*]]: tensor<1x8xf32>, %[[V:[^:]*]]: tensor<8x8xf32>, %[[W:[^:]*]]: tensor<8x4xf32>
// CHECK: %[[Y:.*]]:2 = heddle.streams 2(%[[A]], %[[B]]) : {{.*}} {
// CHECK-NEXT: ^bb0(%[[E:[^:]*]]: tensor<1x8xf32>):
// CHECK-NEXT: %[[X:.*]] = "onnx.MatMul"(%[[E]], %[[V]])
// CHECK-NEXT: %[[R:.*]] = "onnx.Relu"(%[[X]])
// CHECK-NEXT: %[[Z:.*]] = "onnx.MatMul"(%[[R]], %[[W]])
// CHECK-NEXT: heddle.yield %[[Z]]
// CHECK: "onnx.Sub"(%[[Y]]#0, %[[Y]]#1)
// CHECK-NOT: onnx.MatMul
func.func @copies(%a: tensor<1x8xf32>, %b: tensor<1x8xf32>, %v: tensor<8x8xf32>, %w: tensor<8x4xf32>) -> tensor<1x4xf32> {
  %0 = "onnx.MatMul"(%a, %v) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  %1 = "onnx.Relu"(%0) : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %2 = "onnx.MatMul"(%1, %w) : (tensor<1x8xf32>, tensor<8x4xf32>) -> tensor<1x4xf32>
  %3 = "onnx.MatMul"(%b, %v) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  %4 = "onnx.Relu"(%3) : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %5 = "onnx.MatMul"(%4, %w) : (tensor<1x8xf32>, tensor<8x4xf32>) -> tensor<1x4xf32>
  %6 = "onnx.Sub"(%2, %5) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return %6 : tensor<1x4xf32>
}

// The first stream starts from what both take beside: an input of the streams, and a shared value.
// CHECK-LABEL: func @shared_by_one(
// CHECK-SAME: %[[A:[^:]*]]: tensor<1x4xf32>, %[[B:[^:]*]]: tensor<1x4xf32>
// CHECK: heddle.streams 2(%[[A]], %[[B]]) : {{.*}} {
// CHECK-NEXT: ^bb0(%[[E:[^:]*]]: tensor<1x4xf32>):
// CHECK-NEXT: %[[Y:.*]] = "onnx.MatMul"(%[[E]], %{{.*}})
// CHECK-NEXT: "onnx.Add"(%[[Y]], %[[A]])
func.func @shared_by_one(%a: tensor<1x4xf32>, %b: tensor<1x4xf32>, %c: tensor<1x4xf32>, %w: tensor<4x4xf32>) -> tensor<1x4xf32> {
  %0 = "onnx.MatMul"(%a, %w) : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
  %1 = "onnx.MatMul"(%b, %w) : (tensor<1x4xf32>, tensor<4x4xf32>) -> tensor<1x4xf32>
  %2 = "onnx.Add"(%0, %a) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %3 = "onnx.Add"(%1, %a) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  %4 = "onnx.Sub"(%2, %3) : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  return %4 : tensor<1x4xf32>
}

// Layers that share weights depend on each other.
// CHECK-LABEL: func @layers(
// CHECK-NOT: heddle.streams
// CHECK: return
func.func @layers(%a: tensor<1x8xf32>, %v: tensor<8x8xf32>) -> tensor<1x8xf32> {
  %0 = "onnx.MatMul"(%a, %v) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  %1 = "onnx.Relu"(%0) : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %2 = "onnx.MatMul"(%1, %v) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  return %2 : tensor<1x8xf32>
}

// Unrolled time steps: the products of the inputs are streams, what follows waits for the step before.
// CHECK-LABEL: func @steps(
// CHECK: %[[Y:.*]]:2 = heddle.streams 2
// CHECK-NEXT: ^bb0
// CHECK-NEXT: "onnx.MatMul"
// CHECK-NEXT: heddle.yield
// CHECK: "onnx.Add"(%[[Y]]#0
// CHECK: "onnx.Tanh"
// CHECK: "onnx.MatMul"
// CHECK: "onnx.Add"(%[[Y]]#1
func.func @steps(%h: tensor<1x8xf32>, %a: tensor<1x8xf32>, %b: tensor<1x8xf32>, %v: tensor<8x8xf32>, %u: tensor<8x8xf32>) -> tensor<1x8xf32> {
  %0 = "onnx.MatMul"(%a, %v) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  %1 = "onnx.MatMul"(%h, %u) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  %2 = "onnx.Add"(%0, %1) : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %3 = "onnx.Tanh"(%2) : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %4 = "onnx.MatMul"(%b, %v) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  %5 = "onnx.MatMul"(%3, %u) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  %6 = "onnx.Add"(%4, %5) : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  return %6 : tensor<1x8xf32>
}

// Streams that meet between layers: one set before the meeting, one behind it.
// CHECK-LABEL: func @meeting(
// CHECK: %[[Y:.*]]:2 = heddle.streams 2
// CHECK: %[[M:.*]] = "onnx.Add"(%[[Y]]#0, %[[Y]]#1)
// CHECK: %[[Z:.*]]:2 = heddle.streams 2
// CHECK: return %[[Z]]#0, %[[Z]]#1
func.func @meeting(%a: tensor<1x8xf32>, %b: tensor<1x8xf32>, %v: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %0 = "onnx.MatMul"(%a, %v) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  %1 = "onnx.MatMul"(%b, %v) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  %2 = "onnx.Add"(%0, %1) : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %3 = "onnx.Mul"(%0, %2) : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %4 = "onnx.Mul"(%1, %2) : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  %5 = "onnx.MatMul"(%3, %w) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  %6 = "onnx.MatMul"(%4, %w) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  return %5, %6 : tensor<1x8xf32>, tensor<1x8xf32>
}

// Other sizes, other attributes, other weights: no two of them are equal.
// CHECK-LABEL: func @unequal(
// CHECK-NOT: heddle.streams
// CHECK: return
func.func @unequal(%a: tensor<1x8xf32>, %b: tensor<2x8xf32>, %c: tensor<1x8xf32>, %v: tensor<8x8xf32>) -> (tensor<1x8xf32>, tensor<2x8xf32>, tensor<1x8xf32>) {
  %w = "onnx.Constant"() <{value = dense<1.0> : tensor<8x8xf32>}> : () -> tensor<8x8xf32>
  %0 = "onnx.MatMul"(%a, %v) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  %1 = "onnx.MatMul"(%b, %v) : (tensor<2x8xf32>, tensor<8x8xf32>) -> tensor<2x8xf32>
  %2 = "onnx.MatMul"(%c, %w) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  return %0, %1, %2 : tensor<1x8xf32>, tensor<2x8xf32>, tensor<1x8xf32>
}

// What reads a stream and stands between them goes behind all of them.
// CHECK-LABEL: func @between(
// CHECK: %[[Y:.*]]:2 = heddle.streams 2
// CHECK: "onnx.Exp"(%[[Y]]#0)
func.func @between(%a: tensor<1x8xf32>, %b: tensor<1x8xf32>, %v: tensor<8x8xf32>) -> (tensor<1x8xf32>, tensor<1x8xf32>) {
  %0 = "onnx.MatMul"(%a, %v) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  %1 = "onnx.Exp"(%0) : (tensor<1x8xf32>) -> tensor<1x8xf32>
  %2 = "onnx.MatMul"(%b, %v) : (tensor<1x8xf32>, tensor<8x8xf32>) -> tensor<1x8xf32>
  return %1, %2 : tensor<1x8xf32>, tensor<1x8xf32>
}
