// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -split-input-file -verify-diagnostics %s | FileCheck %s

// CHECK-LABEL: func @all
// CHECK: heddle.map
// CHECK: heddle.streams 2
// CHECK: heddle.scan
// CHECK-SAME: over
// CHECK: apply
// CHECK: combine
// CHECK: heddle.linear_attention "delta"
func.func @all(%x: tensor<8x4xf32>, %u: tensor<4xf32>, %v: tensor<4xf32>, %q: tensor<8x2x4xf32>,
               %s: tensor<2x4x4xf32>, %b: tensor<8x2x1xf32>) -> tensor<8x4xf32> {
  %0 = heddle.map (%x) : (tensor<8x4xf32>) -> tensor<8x4xf32> {
  ^bb0(%e: tensor<4xf32>):
    %1 = "onnx.Relu"(%e) : (tensor<4xf32>) -> tensor<4xf32>
    heddle.yield %1 : tensor<4xf32>
  }
  %2:2 = heddle.streams 2 (%u, %v) : (tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%e: tensor<4xf32>):
    %1 = "onnx.Relu"(%e) : (tensor<4xf32>) -> tensor<4xf32>
    heddle.yield %1 : tensor<4xf32>
  }
  %3:2 = heddle.scan (%u : tensor<4xf32>) over (%x : tensor<8x4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>) apply {
  ^bb0(%a: tensor<4xf32>, %e: tensor<4xf32>):
    %1 = "onnx.Add"(%a, %e) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    heddle.yield %1 : tensor<4xf32>
  } combine {
  ^bb0(%a: tensor<4xf32>, %e: tensor<4xf32>):
    %1 = "onnx.Add"(%a, %e) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    heddle.yield %1 : tensor<4xf32>
  }
  %o, %last = heddle.linear_attention "delta" %q, %q, %q from %s rate %b
    : (tensor<8x2x4xf32>, tensor<8x2x4xf32>, tensor<8x2x4xf32>, tensor<2x4x4xf32>, tensor<8x2x1xf32>)
    -> (tensor<8x2x4xf32>, tensor<2x4x4xf32>)
  return %3#1 : tensor<8x4xf32>
}

// -----

func.func @map_length(%x: tensor<8x4xf32>, %y: tensor<7x4xf32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{has lengths 8 and 7}}
  %0 = heddle.map (%x, %y) : (tensor<8x4xf32>, tensor<7x4xf32>) -> tensor<8x4xf32> {
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>):
    heddle.yield %a : tensor<4xf32>
  }
  return %0 : tensor<8x4xf32>
}

// -----

func.func @one_stream(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{has 1 streams; two are the least}}
  %0 = heddle.streams 1 (%x) : (tensor<4xf32>) -> tensor<4xf32> {
  ^bb0(%a: tensor<4xf32>):
    heddle.yield %a : tensor<4xf32>
  }
  return %0 : tensor<4xf32>
}

// -----

func.func @scan_apply(%x: tensor<8x4xf32>, %s: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @+1 {{has an apply region that does not take a state and an element to a state}}
  %0:2 = heddle.scan (%s : tensor<4xf32>) over (%x : tensor<8x4xf32>) -> (tensor<4xf32>, tensor<8x4xf32>) apply {
  ^bb0(%a: tensor<4xf32>):
    heddle.yield %a : tensor<4xf32>
  } combine {
  ^bb0(%a: tensor<4xf32>, %e: tensor<4xf32>):
    heddle.yield %a : tensor<4xf32>
  }
  return %0#0 : tensor<4xf32>
}

// -----

func.func @decay(%q: tensor<8x4xf32>, %s: tensor<4x4xf32>, %g: tensor<8x3xf32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{has a decay that does not broadcast to L x B... x dk}}
  %o, %last = heddle.linear_attention "add" %q, %q, %q from %s decay %g
    : (tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<4x4xf32>, tensor<8x3xf32>)
    -> (tensor<8x4xf32>, tensor<4x4xf32>)
  return %o : tensor<8x4xf32>
}
