// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-lower-streams %s | FileCheck %s

// A row each: the weights are read once.
// CHECK-LABEL: func @rows(
// CHECK-SAME: form = "stacked"
// CHECK: %[[X:.*]] = "onnx.Concat"({{.*}}) <{axis = 0 : i64}> : (tensor<1x1x512xf32>, tensor<1x1x512xf32>) -> tensor<2x1x512xf32>
// CHECK: "onnx.MatMul"({{.*}}) : (tensor<2x512xf32>, tensor<512x512xf32>) -> tensor<2x512xf32>
// CHECK-NOT: "onnx.MatMul"
func.func @rows(%a: tensor<1x512xf32>, %b: tensor<1x512xf32>, %w: tensor<512x512xf32>) -> (tensor<1x512xf32>, tensor<1x512xf32>) {
  %y:2 = heddle.streams 2 (%a, %b) : (tensor<1x512xf32>, tensor<1x512xf32>) -> (tensor<1x512xf32>, tensor<1x512xf32>) {
  ^bb0(%0: tensor<1x512xf32>):
    %1 = "onnx.MatMul"(%0, %w) : (tensor<1x512xf32>, tensor<512x512xf32>) -> tensor<1x512xf32>
    heddle.yield %1 : tensor<1x512xf32>
  }
  return %y#0, %y#1 : tensor<1x512xf32>, tensor<1x512xf32>
}

// Many rows each: a core for each stream, nothing copied.
// CHECK-LABEL: func @large(
// CHECK-SAME: form = "side by side"
// CHECK-NOT: "onnx.Concat"
// CHECK-COUNT-2: "onnx.MatMul"({{.*}}) : (tensor<2048x512xf32>, tensor<512x512xf32>) -> tensor<2048x512xf32>
func.func @large(%a: tensor<2048x512xf32>, %b: tensor<2048x512xf32>, %w: tensor<512x512xf32>) -> (tensor<2048x512xf32>, tensor<2048x512xf32>) {
  %y:2 = heddle.streams 2 (%a, %b) : (tensor<2048x512xf32>, tensor<2048x512xf32>) -> (tensor<2048x512xf32>, tensor<2048x512xf32>) {
  ^bb0(%0: tensor<2048x512xf32>):
    %1 = "onnx.MatMul"(%0, %w) : (tensor<2048x512xf32>, tensor<512x512xf32>) -> tensor<2048x512xf32>
    heddle.yield %1 : tensor<2048x512xf32>
  }
  return %y#0, %y#1 : tensor<2048x512xf32>, tensor<2048x512xf32>
}

// All rows of one tensor, in order: stacked already.
// CHECK-LABEL: func @parts(
// CHECK-SAME: %[[X:[^:]*]]: tensor<2x512xf32>
// CHECK-NOT: "onnx.Concat"
// CHECK: "onnx.MatMul"(%[[X]], %{{.*}}) : (tensor<2x512xf32>, tensor<512x512xf32>) -> tensor<2x512xf32>
func.func @parts(%x: tensor<2x512xf32>, %w: tensor<512x512xf32>) -> (tensor<1x512xf32>, tensor<1x512xf32>) {
  %first = "onnx.Constant"() <{value = dense<0> : tensor<1xi64>}> : () -> tensor<1xi64>
  %second = "onnx.Constant"() <{value = dense<1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %a = "onnx.Gather"(%x, %first) : (tensor<2x512xf32>, tensor<1xi64>) -> tensor<1x512xf32>
  %b = "onnx.Gather"(%x, %second) : (tensor<2x512xf32>, tensor<1xi64>) -> tensor<1x512xf32>
  %y:2 = heddle.streams 2 (%a, %b) : (tensor<1x512xf32>, tensor<1x512xf32>) -> (tensor<1x512xf32>, tensor<1x512xf32>) {
  ^bb0(%0: tensor<1x512xf32>):
    %1 = "onnx.MatMul"(%0, %w) : (tensor<1x512xf32>, tensor<512x512xf32>) -> tensor<1x512xf32>
    heddle.yield %1 : tensor<1x512xf32>
  }
  return %y#0, %y#1 : tensor<1x512xf32>, tensor<1x512xf32>
}

// The rows in another order are no view of the tensor.
// CHECK-LABEL: func @exchanged(
// CHECK: "onnx.Concat"
func.func @exchanged(%x: tensor<2x512xf32>, %w: tensor<512x512xf32>) -> (tensor<1x512xf32>, tensor<1x512xf32>) {
  %first = "onnx.Constant"() <{value = dense<0> : tensor<1xi64>}> : () -> tensor<1xi64>
  %second = "onnx.Constant"() <{value = dense<1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %a = "onnx.Gather"(%x, %first) : (tensor<2x512xf32>, tensor<1xi64>) -> tensor<1x512xf32>
  %b = "onnx.Gather"(%x, %second) : (tensor<2x512xf32>, tensor<1xi64>) -> tensor<1x512xf32>
  %y:2 = heddle.streams 2 (%b, %a) : (tensor<1x512xf32>, tensor<1x512xf32>) -> (tensor<1x512xf32>, tensor<1x512xf32>) {
  ^bb0(%0: tensor<1x512xf32>):
    %1 = "onnx.MatMul"(%0, %w) : (tensor<1x512xf32>, tensor<512x512xf32>) -> tensor<1x512xf32>
    heddle.yield %1 : tensor<1x512xf32>
  }
  return %y#0, %y#1 : tensor<1x512xf32>, tensor<1x512xf32>
}
