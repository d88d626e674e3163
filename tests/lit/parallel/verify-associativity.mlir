// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -split-input-file -heddle-verify-associativity -verify-diagnostics

func.func @affine(%s: tensor<4xf32>, %a: tensor<8x4xf32>, %b: tensor<8x4xf32>) -> tensor<4xf32> {
  %0:2 = heddle.scan (%s : tensor<4xf32>) over (%a, %b : tensor<8x4xf32>, tensor<8x4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>) apply {
  ^bb0(%t: tensor<4xf32>, %x: tensor<4xf32>, %y: tensor<4xf32>):
    %1 = "onnx.Mul"(%x, %t) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %2 = "onnx.Add"(%1, %y) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    heddle.yield %2 : tensor<4xf32>
  } combine {
  ^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>, %u: tensor<4xf32>, %v: tensor<4xf32>):
    %1 = "onnx.Mul"(%u, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %2 = "onnx.Mul"(%u, %y) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %3 = "onnx.Add"(%2, %v) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    heddle.yield %1, %3 : tensor<4xf32>, tensor<4xf32>
  }
  return %0#0 : tensor<4xf32>
}

// -----

// The elements composed in the wrong order.
func.func @wrong(%s: tensor<4xf32>, %a: tensor<8x4xf32>, %b: tensor<8x4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{does not compose: apply(apply(s, x), y) = apply(s, combine(x, y)) gives}}
  %0:2 = heddle.scan (%s : tensor<4xf32>) over (%a, %b : tensor<8x4xf32>, tensor<8x4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>) apply {
  ^bb0(%t: tensor<4xf32>, %x: tensor<4xf32>, %y: tensor<4xf32>):
    %1 = "onnx.Mul"(%x, %t) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %2 = "onnx.Add"(%1, %y) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    heddle.yield %2 : tensor<4xf32>
  } combine {
  ^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>, %u: tensor<4xf32>, %v: tensor<4xf32>):
    %1 = "onnx.Mul"(%u, %x) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %2 = "onnx.Mul"(%x, %v) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %3 = "onnx.Add"(%2, %y) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    heddle.yield %1, %3 : tensor<4xf32>, tensor<4xf32>
  }
  return %0#0 : tensor<4xf32>
}

// -----

func.func @unknown(%s: tensor<4xf32>, %a: tensor<8x4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{cannot be tried: there is no interpretation of a node (CumSum)}}
  %0:2 = heddle.scan (%s : tensor<4xf32>) over (%a : tensor<8x4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>) apply {
  ^bb0(%t: tensor<4xf32>, %x: tensor<4xf32>):
    %i = "onnx.Constant"() {value = dense<0> : tensor<i64>} : () -> tensor<i64>
    %1 = "onnx.CumSum"(%x, %i) : (tensor<4xf32>, tensor<i64>) -> tensor<4xf32>
    heddle.yield %1 : tensor<4xf32>
  } combine {
  ^bb0(%x: tensor<4xf32>, %y: tensor<4xf32>):
    heddle.yield %y : tensor<4xf32>
  }
  return %0#0 : tensor<4xf32>
}
