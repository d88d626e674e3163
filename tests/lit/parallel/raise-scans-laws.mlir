// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -split-input-file -onnx-infer-shapes -heddle-raise-scans -heddle-verify-associativity | FileCheck %s

// Logarithms of sums of exponentials: plain, over a maximum, over the state.
// CHECK-LABEL: func @logarithms
// CHECK-COUNT-3: summary = "running logarithm of a sum of exponentials of 8 steps"
// CHECK-NOT: onnx.Scan
func.func @logarithms(%s: tensor<4xf32>, %x: tensor<8x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) {
  %0:3 = "onnx.Scan"(%s, %s, %s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>, %c: tensor<*xf32>, %e: tensor<*xf32>):
    %1 = "onnx.Exp"(%a) : (tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Exp"(%e) : (tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Add"(%2, %1) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %4 = "onnx.Log"(%3) : (tensor<*xf32>) -> tensor<*xf32>
    %5 = "onnx.Max"(%b, %e) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %6 = "onnx.Sub"(%b, %5) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %7 = "onnx.Sub"(%e, %5) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %8 = "onnx.Exp"(%6) : (tensor<*xf32>) -> tensor<*xf32>
    %9 = "onnx.Exp"(%7) : (tensor<*xf32>) -> tensor<*xf32>
    %10 = "onnx.Add"(%8, %9) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %11 = "onnx.Log"(%10) : (tensor<*xf32>) -> tensor<*xf32>
    %12 = "onnx.Add"(%5, %11) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %13 = "onnx.Sub"(%e, %c) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %14 = "onnx.Softplus"(%13) : (tensor<*xf32>) -> tensor<*xf32>
    %15 = "onnx.Add"(%c, %14) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %4, %12, %15 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 1 : i64} : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<8x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1, %0#2 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
}

// -----

// A sum over another pivot than the one that is added again, and one of what is no exponential.
// CHECK-LABEL: func @other_pivots
// CHECK-SAME: is no part of the logarithm
// CHECK-NOT: heddle.scan
func.func @other_pivots(%s: tensor<4xf32>, %x: tensor<8x4xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0:2 = "onnx.Scan"(%s, %s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>, %e: tensor<*xf32>):
    %1 = "onnx.Max"(%b, %e) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Sub"(%b, %1) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Sub"(%e, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %4 = "onnx.Exp"(%2) : (tensor<*xf32>) -> tensor<*xf32>
    %5 = "onnx.Exp"(%3) : (tensor<*xf32>) -> tensor<*xf32>
    %6 = "onnx.Add"(%4, %5) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %7 = "onnx.Log"(%6) : (tensor<*xf32>) -> tensor<*xf32>
    %8 = "onnx.Add"(%1, %7) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %9 = "onnx.Exp"(%a) : (tensor<*xf32>) -> tensor<*xf32>
    %10 = "onnx.Add"(%9, %e) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %11 = "onnx.Log"(%10) : (tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %11, %8 : tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 1 : i64} : (tensor<4xf32>, tensor<4xf32>, tensor<8x4xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// Counters of so many bits; a choice by a bit.
// CHECK-LABEL: func @bits
// CHECK: summary = "running sum of integers modulo 16 of 8 steps"
// CHECK: "onnx.BitwiseAnd"
// CHECK: summary = "affine recurrence of integers modulo 256 of 8 steps"
// CHECK: summary = "recurrence of bits of 8 steps"
// CHECK-NOT: onnx.Scan
func.func @bits(%s: tensor<i64>, %t: tensor<i1>, %x: tensor<8xi64>, %p: tensor<8xi1>, %q: tensor<8xi1>) -> (tensor<*xi64>, tensor<*xi64>, tensor<*xi1>) {
  %m = "onnx.Constant"() {value = dense<16> : tensor<i64>} : () -> tensor<*xi64>
  %mask = "onnx.Constant"() {value = dense<255> : tensor<i64>} : () -> tensor<*xi64>
  %0:3 = "onnx.Scan"(%s, %s, %t, %x, %p, %q) ({
  ^bb0(%a: tensor<*xi64>, %b: tensor<*xi64>, %c: tensor<*xi1>, %e: tensor<*xi64>, %f: tensor<*xi1>, %g: tensor<*xi1>):
    %1 = "onnx.Add"(%a, %e) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %2 = "onnx.Mod"(%1, %m) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %3 = "onnx.Mul"(%b, %e) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %4 = "onnx.Add"(%3, %e) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %5 = "onnx.BitwiseAnd"(%mask, %4) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %6 = "onnx.Where"(%c, %f, %g) : (tensor<*xi1>, tensor<*xi1>, tensor<*xi1>) -> tensor<*xi1>
    onnx.Yield %2, %5, %6 : tensor<*xi64>, tensor<*xi64>, tensor<*xi1>
  }) {num_scan_inputs = 3 : i64} : (tensor<i64>, tensor<i64>, tensor<i1>, tensor<8xi64>, tensor<8xi1>, tensor<8xi1>) -> (tensor<*xi64>, tensor<*xi64>, tensor<*xi1>)
  return %0#0, %0#1, %0#2 : tensor<*xi64>, tensor<*xi64>, tensor<*xi1>
}

// -----

// Remainders by other numbers, those with the sign of what is divided, and such inside of a step.
// CHECK-LABEL: func @remainders
// CHECK-SAME: takes a remainder of the state
// CHECK-NOT: heddle.scan
func.func @remainders(%s: tensor<i64>, %x: tensor<8xi64>) -> (tensor<*xi64>, tensor<*xi64>, tensor<*xi64>) {
  %m = "onnx.Constant"() {value = dense<16> : tensor<i64>} : () -> tensor<*xi64>
  %n = "onnx.Constant"() {value = dense<7> : tensor<i64>} : () -> tensor<*xi64>
  %0:3 = "onnx.Scan"(%s, %s, %s, %x) ({
  ^bb0(%a: tensor<*xi64>, %b: tensor<*xi64>, %c: tensor<*xi64>, %e: tensor<*xi64>):
    %1 = "onnx.Add"(%a, %e) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %2 = "onnx.Mod"(%1, %n) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %3 = "onnx.Add"(%b, %e) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %4 = "onnx.Mod"(%3, %m) {fmod = 1 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %5 = "onnx.Mod"(%c, %m) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %6 = "onnx.Add"(%5, %e) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    onnx.Yield %2, %4, %6 : tensor<*xi64>, tensor<*xi64>, tensor<*xi64>
  }) {num_scan_inputs = 1 : i64} : (tensor<i64>, tensor<i64>, tensor<i64>, tensor<8xi64>) -> (tensor<*xi64>, tensor<*xi64>, tensor<*xi64>)
  return %0#0, %0#1, %0#2 : tensor<*xi64>, tensor<*xi64>, tensor<*xi64>
}

// -----

// The greatest so far and where it was. What is not a number replaces nothing, as no comparison holds.
// CHECK-LABEL: func @greatest
// CHECK: "onnx.IsNaN"
// CHECK: summary = "running maximum of 8 steps"
// CHECK: summary = "running sum that starts over of 8 steps"
// CHECK-NOT: onnx.Scan
func.func @greatest(%s: tensor<f32>, %k: tensor<i64>, %x: tensor<8xf32>, %i: tensor<8xi64>) -> (tensor<*xf32>, tensor<*xi64>) {
  %0:2 = "onnx.Scan"(%s, %k, %x, %i) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xi64>, %e: tensor<*xf32>, %n: tensor<*xi64>):
    %1 = "onnx.Greater"(%e, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xi1>
    %2 = "onnx.Where"(%1, %e, %a) : (tensor<*xi1>, tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Where"(%1, %n, %b) : (tensor<*xi1>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    onnx.Yield %2, %3 : tensor<*xf32>, tensor<*xi64>
  }) {num_scan_inputs = 2 : i64} : (tensor<f32>, tensor<i64>, tensor<8xf32>, tensor<8xi64>) -> (tensor<*xf32>, tensor<*xi64>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xi64>
}

// -----

// s >= x ? s : x takes what is not a number, and then the next one: a maximum does not.
// CHECK-LABEL: func @forgets
// CHECK-SAME: (Where) forgets the state where a value is not a number
// CHECK-NOT: heddle.scan
func.func @forgets(%s: tensor<f32>, %x: tensor<8xf32>) -> tensor<*xf32> {
  %0 = "onnx.Scan"(%s, %x) ({
  ^bb0(%a: tensor<*xf32>, %e: tensor<*xf32>):
    %1 = "onnx.GreaterOrEqual"(%a, %e) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xi1>
    %2 = "onnx.Where"(%1, %a, %e) : (tensor<*xi1>, tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %2 : tensor<*xf32>
  }) {num_scan_inputs = 1 : i64} : (tensor<f32>, tensor<8xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// A matrix and a factor for each entry (a hidden Markov model); matrices of several heads.
// CHECK-LABEL: func @matrices
// CHECK: summary = "recurrence with a matrix of 3 rows of 8 steps"
// CHECK: summary = "recurrence with a matrix of 3 rows of 8 steps"
// CHECK-NOT: onnx.Scan
func.func @matrices(%s: tensor<3xf32>, %t: tensor<2x3x3xf32>, %m: tensor<8x3x3xf32>, %e: tensor<8x3xf32>, %n: tensor<8x2x3x3xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0:2 = "onnx.Scan"(%s, %t, %m, %e, %n) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>, %c: tensor<*xf32>, %d: tensor<*xf32>, %f: tensor<*xf32>):
    %1 = "onnx.MatMul"(%a, %c) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Mul"(%1, %d) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.MatMul"(%b, %f) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %2, %3 : tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 3 : i64} : (tensor<3xf32>, tensor<2x3x3xf32>, tensor<8x3x3xf32>, tensor<8x3xf32>, tensor<8x2x3x3xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}
