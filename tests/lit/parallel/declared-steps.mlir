// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -split-input-file -onnx-infer-shapes -heddle-raise-scans | FileCheck %s
// RUN: heddle-opt %s -split-input-file -onnx-infer-shapes -heddle-raise-scans -heddle-verify-associativity -verify-diagnostics -o /dev/null

// s + x + s x composes, but no law says so.
// CHECK-LABEL: func @declared
// CHECK: heddle.scan
// CHECK-SAME: heddle.associative
// CHECK-SAME: proof = "the user declares the step to be associative"
// CHECK-SAME: summary = "recurrence with its step as the combiner of 8 steps"
// CHECK: apply
// CHECK: combine
// CHECK: "onnx.Add"
// CHECK: "onnx.Mul"
// CHECK-NOT: onnx.Scan
func.func @declared(%s: tensor<4xf32>, %x: tensor<8x4xf32>) -> tensor<*xf32> {
  %0 = "onnx.Scan"(%s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Add"(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Mul"(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Abs"(%2) : (tensor<*xf32>) -> tensor<*xf32>
    %4 = "onnx.Sign"(%2) : (tensor<*xf32>) -> tensor<*xf32>
    %5 = "onnx.Mul"(%3, %4) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %6 = "onnx.Add"(%1, %5) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %6 : tensor<*xf32>
  }) {num_scan_inputs = 1 : i64, heddle.associative} : (tensor<4xf32>, tensor<8x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// All states together: what is carried beside another one is part of the combiner.
// CHECK-LABEL: func @tuple
// CHECK: heddle.scan (%{{.*}}, %{{.*}} : tensor<f32>, tensor<f32>) over(%{{.*}}, %{{.*}} : tensor<8xf32>, tensor<8xf32>)
// CHECK-NOT: onnx.Scan
func.func @tuple(%s: tensor<f32>, %t: tensor<f32>, %x: tensor<8xf32>, %y: tensor<8xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0:2 = "onnx.Scan"(%s, %t, %x, %y) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>, %c: tensor<*xf32>, %d: tensor<*xf32>):
    %1 = "onnx.GreaterOrEqual"(%a, %c) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xi1>
    %2 = "onnx.Where"(%1, %a, %c) : (tensor<*xi1>, tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Where"(%1, %b, %d) : (tensor<*xi1>, tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %2, %3 : tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 2 : i64, heddle.associative = true} : (tensor<f32>, tensor<f32>, tensor<8xf32>, tensor<8xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// A false declaration is found by trying.
func.func @false(%s: tensor<4xf32>, %x: tensor<8x4xf32>) -> tensor<*xf32> {
  // expected-error @+1 {{is declared associative and is not: apply(apply(s, x), y) = apply(s, combine(x, y)) gives}}
  %0 = "onnx.Scan"(%s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Mul"(%a, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Add"(%1, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %2 : tensor<*xf32>
  }) {num_scan_inputs = 1 : i64, heddle.associative} : (tensor<4xf32>, tensor<8x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// A step that does not take two of the same has no combiner; a flag that is off says nothing; what a
// law says needs no word.
// CHECK-LABEL: func @others
// CHECK-SAME: is declared associative, but its step does not take two of the same
// CHECK-SAME: (Mul) multiplies two values that both depend on the state
// CHECK: heddle.scan
// CHECK-SAME: running sum
// CHECK-NOT: heddle.scan
func.func @others(%s: tensor<4xf32>, %x: tensor<8x4xf32>, %y: tensor<8x1xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %0 = "onnx.Scan"(%s, %y) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Mul"(%a, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Mul"(%1, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %2 : tensor<*xf32>
  }) {num_scan_inputs = 1 : i64, heddle.associative} : (tensor<4xf32>, tensor<8x1xf32>) -> tensor<*xf32>
  %3 = "onnx.Scan"(%s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Mul"(%a, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Add"(%1, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %2 : tensor<*xf32>
  }) {num_scan_inputs = 1 : i64, heddle.associative = false} : (tensor<4xf32>, tensor<8x4xf32>) -> tensor<*xf32>
  %4 = "onnx.Scan"(%s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Add"(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %1 : tensor<*xf32>
  }) {num_scan_inputs = 1 : i64, heddle.associative} : (tensor<4xf32>, tensor<8x4xf32>) -> tensor<*xf32>
  return %0, %3, %4 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}
