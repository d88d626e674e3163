// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -split-input-file -onnx-infer-shapes -heddle-raise-scans | FileCheck %s

// A sum of what is computed for all steps at once.
// CHECK-LABEL: func @sum
// CHECK: %[[E:.*]] = "onnx.Exp"(%{{.*}}) : (tensor<8x4xf32>) -> tensor<8x4xf32>
// CHECK: %[[LAST:.*]], %[[STATES:.*]] = heddle.scan (%{{.*}} : tensor<4xf32>) over(%[[E]] : tensor<8x4xf32>)
// CHECK-SAME: heddle.found = {equivalence = "reassoc", proof = "the new state is the old one plus a value without it", summary = "running sum of 8 steps"}
// CHECK-NOT: onnx.Scan
// CHECK: return %[[LAST]], %[[STATES]]
func.func @sum(%s: tensor<4xf32>, %x: tensor<8x4xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0:2 = "onnx.Scan"(%s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Exp"(%b) : (tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Add"(%1, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %2, %2 : tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 1 : i64} : (tensor<4xf32>, tensor<8x4xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// s + x (y - s): a factor of 1 - x, of any length.
// CHECK-LABEL: func @affine
// CHECK: heddle.scan (%{{.*}} : tensor<4xf32>) over(%{{.*}}, %{{.*}} : tensor<?x4xf32, #heddle.dims<["n", "4"]>>, tensor<?x4xf32, #heddle.dims<["n", "4"]>>)
// CHECK: apply
// CHECK: "onnx.Mul"
// CHECK: "onnx.Add"
// CHECK: combine
func.func @affine(%s: tensor<4xf32>, %x: tensor<?x4xf32, #heddle.dims<["n", "4"]>>, %y: tensor<?x4xf32, #heddle.dims<["n", "4"]>>) -> tensor<*xf32> {
  %0:2 = "onnx.Scan"(%s, %x, %y) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>, %c: tensor<*xf32>):
    %1 = "onnx.Sub"(%c, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Mul"(%b, %1) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Add"(%2, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %3, %a : tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 2 : i64} : (tensor<4xf32>, tensor<?x4xf32, #heddle.dims<["n", "4"]>>, tensor<?x4xf32, #heddle.dims<["n", "4"]>>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#1 : tensor<*xf32>
}

// -----

// The online softmax: a maximum, then sums that are scaled by how it changed.
// CHECK-LABEL: func @softmax
// CHECK: heddle.scan
// CHECK-SAME: running maximum of 8 steps
// CHECK: heddle.scan
// CHECK-SAME: affine recurrence of 8 steps
// CHECK: heddle.scan
// CHECK-SAME: affine recurrence of 8 steps
// CHECK: "onnx.Div"(%{{.*}}, %{{.*}}) : (tensor<8x4xf32>, tensor<8x1xf32>) -> tensor<8x4xf32>
// CHECK-NOT: onnx.Scan
func.func @softmax(%m: tensor<1xf32>, %u: tensor<1xf32>, %w: tensor<4xf32>, %x: tensor<8x1xf32>, %v: tensor<8x4xf32>) -> tensor<*xf32> {
  %0:4 = "onnx.Scan"(%m, %u, %w, %x, %v) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>, %c: tensor<*xf32>, %d: tensor<*xf32>, %e: tensor<*xf32>):
    %1 = "onnx.Max"(%a, %d) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Sub"(%a, %1) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Exp"(%2) : (tensor<*xf32>) -> tensor<*xf32>
    %4 = "onnx.Sub"(%d, %1) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %5 = "onnx.Exp"(%4) : (tensor<*xf32>) -> tensor<*xf32>
    %6 = "onnx.Mul"(%b, %3) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %7 = "onnx.Add"(%6, %5) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %8 = "onnx.Mul"(%c, %3) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %9 = "onnx.Mul"(%5, %e) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %10 = "onnx.Add"(%8, %9) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %11 = "onnx.Div"(%10, %7) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %1, %7, %10, %11 : tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 2 : i64} : (tensor<1xf32>, tensor<1xf32>, tensor<4xf32>, tensor<8x1xf32>, tensor<8x4xf32>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>, tensor<*xf32>)
  return %0#3 : tensor<*xf32>
}

// -----

// What was before a start is forgotten by a choice, not by a factor of 0.
// CHECK-LABEL: func @segments
// CHECK: heddle.scan
// CHECK-SAME: running sum that starts over of 8 steps
// CHECK: combine
// CHECK: "onnx.Or"
// CHECK: "onnx.Where"
func.func @segments(%s: tensor<4xf32>, %x: tensor<8x4xf32>, %r: tensor<8x1xi1>) -> tensor<*xf32> {
  %0:2 = "onnx.Scan"(%s, %x, %r) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>, %c: tensor<*xi1>):
    %1 = "onnx.Add"(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Where"(%c, %b, %1) : (tensor<*xi1>, tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %2, %2 : tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 2 : i64} : (tensor<4xf32>, tensor<8x4xf32>, tensor<8x1xi1>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#1 : tensor<*xf32>
}

// -----

// Two states that mix; logic; a bounded sum.
// CHECK-LABEL: func @others
// CHECK: heddle.scan
// CHECK-SAME: linear recurrence of 2 states of 8 steps
// CHECK: heddle.scan
// CHECK-SAME: recurrence of bits of 8 steps
// CHECK: heddle.scan
// CHECK-SAME: bounded recurrence with shifts of 8 steps
func.func @others(%s: tensor<4xf32>, %t: tensor<4xf32>, %u: tensor<4xi1>, %v: tensor<4xf32>, %x: tensor<8x4xf32>, %b: tensor<8x4xi1>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xi1>, tensor<*xf32>) {
  %zero = "onnx.Constant"() {value = dense<0.0> : tensor<f32>} : () -> tensor<*xf32>
  %one = "onnx.Constant"() {value = dense<1.0> : tensor<f32>} : () -> tensor<*xf32>
  %0:4 = "onnx.Scan"(%s, %t, %u, %v, %x, %b) ({
  ^bb0(%a: tensor<*xf32>, %c: tensor<*xf32>, %d: tensor<*xi1>, %e: tensor<*xf32>, %f: tensor<*xf32>, %g: tensor<*xi1>):
    %1 = "onnx.Mul"(%a, %f) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Sub"(%1, %c) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Add"(%a, %f) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %4 = "onnx.Not"(%d) : (tensor<*xi1>) -> tensor<*xi1>
    %5 = "onnx.Or"(%4, %g) : (tensor<*xi1>, tensor<*xi1>) -> tensor<*xi1>
    %6 = "onnx.Add"(%e, %f) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %7 = "onnx.Clip"(%6, %zero, %one) {operandSegmentSizes = array<i32: 1, 1, 1>} : (tensor<*xf32>, tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %2, %3, %5, %7 : tensor<*xf32>, tensor<*xf32>, tensor<*xi1>, tensor<*xf32>
  }) {num_scan_inputs = 2 : i64} : (tensor<4xf32>, tensor<4xf32>, tensor<4xi1>, tensor<4xf32>, tensor<8x4xf32>, tensor<8x4xi1>) -> (tensor<*xf32>, tensor<*xf32>, tensor<*xi1>, tensor<*xf32>)
  return %0#0, %0#1, %0#2, %0#3 : tensor<*xf32>, tensor<*xf32>, tensor<*xi1>, tensor<*xf32>
}

// -----

// CHECK-LABEL: func @matrix
// CHECK: heddle.scan (%{{.*}} : tensor<3xf32>) over(%{{.*}}, %{{.*}} : tensor<8x3x3xf32>, tensor<8x3xf32>)
// CHECK-SAME: recurrence with a matrix of 3 rows of 8 steps
func.func @matrix(%s: tensor<3xf32>, %m: tensor<8x3x3xf32>, %x: tensor<8x3xf32>) -> tensor<*xf32> {
  %0 = "onnx.Scan"(%s, %m, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>, %c: tensor<*xf32>):
    %1 = "onnx.MatMul"(%b, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Add"(%1, %c) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Add"(%2, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %3 : tensor<*xf32>
  }) {num_scan_inputs = 2 : i64} : (tensor<3xf32>, tensor<8x3x3xf32>, tensor<8x3xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// A delay needs no scan.
// CHECK-LABEL: func @delay
// CHECK-NOT: onnx.Scan
// CHECK-NOT: heddle.scan
// CHECK: "onnx.Concat"
// CHECK: return
func.func @delay(%s: tensor<4xf32>, %x: tensor<8x4xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0:2 = "onnx.Scan"(%s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Sub"(%b, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %b, %1 : tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 1 : i64} : (tensor<4xf32>, tensor<8x4xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// Not linear: it stays a loop, but what is multiplied by its weights comes from one product.
// CHECK-LABEL: func @cell
// CHECK-SAME: heddle.sequential = [{reason = "node 't' (Tanh)
// CHECK: "onnx.MatMul"(%{{.*}}) : (tensor<8x16xf32>, tensor<16x64xf32>) -> tensor<8x64xf32>
// CHECK: "onnx.Scan"
// CHECK-NOT: tensor<16x64xf32>) -> tensor<64xf32>
// CHECK: onnx.Yield
func.func @cell(%s: tensor<64xf32>, %x: tensor<8x16xf32>, %w: tensor<16x64xf32>, %v: tensor<64x64xf32>) -> tensor<*xf32> {
  %0 = "onnx.Scan"(%s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.MatMul"(%b, %w) : (tensor<*xf32>, tensor<16x64xf32>) -> tensor<*xf32>
    %2 = "onnx.MatMul"(%a, %v) : (tensor<*xf32>, tensor<64x64xf32>) -> tensor<*xf32>
    %3 = "onnx.Add"(%1, %2) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %4 = "onnx.Tanh"(%3) : (tensor<*xf32>) -> tensor<*xf32> loc("t")
    onnx.Yield %4 : tensor<*xf32>
  }) {num_scan_inputs = 1 : i64} : (tensor<64xf32>, tensor<8x16xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Look-alikes. Each is a loop, and stays one.
// CHECK-LABEL: func @square
// CHECK-SAME: reason = "node 'sq' (Mul) multiplies two values that both depend on the state"
// CHECK-NOT: heddle.scan
func.func @square(%s: tensor<4xf32>, %x: tensor<8x4xf32>) -> tensor<*xf32> {
  %0 = "onnx.Scan"(%s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Add"(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Mul"(%1, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32> loc("sq")
    onnx.Yield %2 : tensor<*xf32>
  }) {num_scan_inputs = 1 : i64} : (tensor<4xf32>, tensor<8x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// CHECK-LABEL: func @half
// CHECK-SAME: reason = "node 'c' (Cast) changes the type of the state
// CHECK-NOT: heddle.scan
func.func @half(%s: tensor<4xf32>, %x: tensor<8x4xf32>) -> tensor<*xf32> {
  %0 = "onnx.Scan"(%s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Add"(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Cast"(%1) {to = 10 : i64} : (tensor<*xf32>) -> tensor<*xf16> loc("c")
    %3 = "onnx.Cast"(%2) {to = 1 : i64} : (tensor<*xf16>) -> tensor<*xf32>
    onnx.Yield %3 : tensor<*xf32>
  }) {num_scan_inputs = 1 : i64} : (tensor<4xf32>, tensor<8x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// max(a s, b) turns around where a is negative; a quotient of integers rounds.
// CHECK-LABEL: func @turned
// CHECK-SAME: (Max)
// CHECK-SAME: (Div) divides integers
// CHECK-NOT: heddle.scan
func.func @turned(%s: tensor<4xf32>, %i: tensor<4xi32>, %x: tensor<8x4xf32>, %y: tensor<8x4xi32>) -> (tensor<*xf32>, tensor<*xi32>) {
  %0 = "onnx.Scan"(%s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Mul"(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Max"(%1, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %2 : tensor<*xf32>
  }) {num_scan_inputs = 1 : i64} : (tensor<4xf32>, tensor<8x4xf32>) -> tensor<*xf32>
  %3 = "onnx.Scan"(%i, %y) ({
  ^bb0(%a: tensor<*xi32>, %b: tensor<*xi32>):
    %4 = "onnx.Div"(%a, %b) : (tensor<*xi32>, tensor<*xi32>) -> tensor<*xi32>
    %5 = "onnx.Add"(%4, %b) : (tensor<*xi32>, tensor<*xi32>) -> tensor<*xi32>
    onnx.Yield %5 : tensor<*xi32>
  }) {num_scan_inputs = 1 : i64} : (tensor<4xi32>, tensor<8x4xi32>) -> tensor<*xi32>
  return %0, %3 : tensor<*xf32>, tensor<*xi32>
}

// -----

// The state decides, chooses what is read, or is mixed among its elements.
// CHECK-LABEL: func @decides
// CHECK-SAME: (Greater)
// CHECK-NOT: heddle.scan
func.func @decides(%s: tensor<4xf32>, %i: tensor<i64>, %x: tensor<8x4xf32>, %t: tensor<9xi64>, %z: tensor<f32>) -> (tensor<*xf32>, tensor<*xi64>, tensor<*xf32>) {
  %0:3 = "onnx.Scan"(%s, %i, %s, %x) ({
  ^bb0(%a: tensor<*xf32>, %n: tensor<*xi64>, %d: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Greater"(%a, %z) : (tensor<*xf32>, tensor<f32>) -> tensor<*xi1>
    %2 = "onnx.Where"(%1, %a, %b) : (tensor<*xi1>, tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Gather"(%t, %n) : (tensor<9xi64>, tensor<*xi64>) -> tensor<*xi64>
    %4 = "onnx.ReduceSum"(%d) {keepdims = 1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
    %5 = "onnx.Add"(%4, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %2, %3, %5 : tensor<*xf32>, tensor<*xi64>, tensor<*xf32>
  }) {num_scan_inputs = 1 : i64} : (tensor<4xf32>, tensor<i64>, tensor<4xf32>, tensor<8x4xf32>) -> (tensor<*xf32>, tensor<*xi64>, tensor<*xf32>)
  return %0#0, %0#1, %0#2 : tensor<*xf32>, tensor<*xi64>, tensor<*xf32>
}

// -----

// Retention: the state is a matrix that a query reads; its values in between are not stored.
// CHECK-LABEL: func @retention
// CHECK: heddle.linear_attention "add" %{{.*}}, %{{.*}}, %{{.*}} from %{{.*}} decay
// CHECK-SAME: summary = "retention of 8 steps"
// CHECK-NOT: onnx.Scan
// CHECK: return
func.func @retention(%s: tensor<3x4xf32>, %q: tensor<8x3xf32>, %k: tensor<8x3xf32>, %v: tensor<8x4xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %g = "onnx.Constant"() {value = dense<0.9> : tensor<f32>} : () -> tensor<*xf32>
  %row = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<*xi64>
  %column = "onnx.Constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<*xi64>
  %0:2 = "onnx.Scan"(%s, %q, %k, %v) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>, %c: tensor<*xf32>, %d: tensor<*xf32>):
    %1 = "onnx.Unsqueeze"(%c, %column) : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
    %2 = "onnx.Unsqueeze"(%d, %row) : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
    %3 = "onnx.MatMul"(%1, %2) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %4 = "onnx.Mul"(%a, %g) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %5 = "onnx.Add"(%4, %3) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %6 = "onnx.MatMul"(%b, %5) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %5, %6 : tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 3 : i64} : (tensor<3x4xf32>, tensor<8x3xf32>, tensor<8x3xf32>, tensor<8x4xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// The delta rule, with heads, the key written in one spelling and read in another.
// CHECK-LABEL: func @delta
// CHECK: heddle.linear_attention "delta" %{{.*}}, %{{.*}}, %{{.*}} from %{{.*}} rate
// CHECK-SAME: summary = "delta rule of 8 steps"
// CHECK-NOT: onnx.Scan
// CHECK: return
func.func @delta(%s: tensor<2x3x4xf32>, %q: tensor<8x2x3xf32>, %k: tensor<8x2x3xf32>, %v: tensor<8x2x4xf32>, %r: tensor<8x2x1xf32>) -> tensor<*xf32> {
  %row = "onnx.Constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<*xi64>
  %column = "onnx.Constant"() {value = dense<2> : tensor<1xi64>} : () -> tensor<*xi64>
  %sum = "onnx.Constant"() {value = dense<-2> : tensor<1xi64>} : () -> tensor<*xi64>
  %0:2 = "onnx.Scan"(%s, %q, %k, %v, %r) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>, %c: tensor<*xf32>, %d: tensor<*xf32>, %e: tensor<*xf32>):
    %1 = "onnx.Unsqueeze"(%c, %column) : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
    %2 = "onnx.Mul"(%a, %1) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.ReduceSum"(%2, %sum) {keepdims = 0 : i64} : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
    %4 = "onnx.Sub"(%d, %3) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %5 = "onnx.Mul"(%4, %e) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %6 = "onnx.Unsqueeze"(%5, %row) : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
    %7 = "onnx.Mul"(%1, %6) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %8 = "onnx.Add"(%a, %7) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %9 = "onnx.Unsqueeze"(%b, %row) : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
    %10 = "onnx.MatMul"(%9, %8) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %8, %10 : tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 4 : i64} : (tensor<2x3x4xf32>, tensor<8x2x3xf32>, tensor<8x2x3xf32>, tensor<8x2x4xf32>, tensor<8x2x1xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#1 : tensor<*xf32>
}

// -----

// Written by another key than it is read with: not the delta rule. It corrects by what it adds.
// CHECK-LABEL: func @no_delta
// CHECK-NOT: heddle.linear_attention
// CHECK: return
func.func @no_delta(%s: tensor<3x4xf32>, %q: tensor<8x3xf32>, %k: tensor<8x3xf32>, %v: tensor<8x4xf32>) -> tensor<*xf32> {
  %row = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<*xi64>
  %column = "onnx.Constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<*xi64>
  %0:2 = "onnx.Scan"(%s, %q, %k, %v) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>, %c: tensor<*xf32>, %d: tensor<*xf32>):
    %1 = "onnx.MatMul"(%b, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Sub"(%d, %1) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Unsqueeze"(%c, %column) : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
    %4 = "onnx.Unsqueeze"(%2, %row) : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
    %5 = "onnx.MatMul"(%3, %4) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %6 = "onnx.Add"(%a, %5) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %7 = "onnx.MatMul"(%b, %6) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %6, %7 : tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 3 : i64} : (tensor<3x4xf32>, tensor<8x3xf32>, tensor<8x3xf32>, tensor<8x4xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#1 : tensor<*xf32>
}

// -----

// A cell that multiplies its input and its state at once: the product with the input is one for all
// steps. A product whose weights change, or of states alone, stays.
// CHECK-LABEL: func @joined
// CHECK: "onnx.MatMul"({{.*}} : (tensor<8x4xf32>, tensor<4x6xf32>) -> tensor<8x6xf32>
// CHECK: "onnx.Scan"
// CHECK: "onnx.MatMul"({{.*}} : (tensor<1x6xf32>, tensor<6x6xf32>) -> tensor<1x6xf32>
// CHECK: "onnx.Scan"
// CHECK: "onnx.Concat"
// CHECK: "onnx.MatMul"({{.*}} : (tensor<1x10xf32>, tensor<10x6xf32>) -> tensor<1x6xf32>
func.func @joined(%s: tensor<1x6xf32>, %x: tensor<8x1x4xf32>, %w: tensor<10x6xf32>, %v: tensor<8x10x6xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %0 = "onnx.Scan"(%s, %x) ({
  ^bb0(%h: tensor<*xf32>, %e: tensor<*xf32>):
    %1 = "onnx.Concat"(%e, %h) {axis = -1 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.MatMul"(%1, %w) : (tensor<*xf32>, tensor<10x6xf32>) -> tensor<*xf32>
    %3 = "onnx.Tanh"(%2) : (tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %3 : tensor<*xf32>
  }) {num_scan_inputs = 1 : i64} : (tensor<1x6xf32>, tensor<8x1x4xf32>) -> tensor<*xf32>
  %4 = "onnx.Scan"(%s, %x, %v) ({
  ^bb0(%h: tensor<*xf32>, %e: tensor<*xf32>, %u: tensor<*xf32>):
    %1 = "onnx.Concat"(%e, %h) {axis = -1 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.MatMul"(%1, %u) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %3 = "onnx.Tanh"(%2) : (tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %3 : tensor<*xf32>
  }) {num_scan_inputs = 2 : i64} : (tensor<1x6xf32>, tensor<8x1x4xf32>, tensor<8x10x6xf32>) -> tensor<*xf32>
  return %0, %4 : tensor<*xf32>, tensor<*xf32>
}
