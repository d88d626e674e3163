// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -split-input-file -onnx-infer-shapes -heddle-normalize-loops -onnx-infer-shapes | FileCheck %s

// What is read at the step becomes an input, and so does the number of the step.
// CHECK-LABEL: func @reads
// CHECK: %[[T:.*]] = "onnx.Transpose"(%arg1) {{.*}} -> tensor<8x4xf32>
// CHECK: %[[I:.*]] = "onnx.Constant"() <{value = dense<[0, 1, 2, 3, 4, 5, 6, 7]>
// CHECK: "onnx.Scan"(%arg0, %[[T]], %[[I]])
// CHECK-SAME: num_scan_inputs = 2
// CHECK: ^bb0(%{{.*}}: tensor<4xf32>, %{{.*}}: tensor<4xf32>, %{{.*}}: tensor<i64>):
// CHECK-NOT: onnx.Gather
// CHECK: onnx.Yield %{{.*}}, %{{.*}} : tensor<4xf32>, tensor<4xf32>
// CHECK: -> (tensor<4xf32>, tensor<8x4xf32>)
func.func @reads(%s: tensor<4xf32>, %x: tensor<4x8xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %m = "onnx.Constant"() {value = dense<8> : tensor<i64>} : () -> tensor<*xi64>
  %0:2 = "onnx.Loop"(%m, %s) ({
  ^bb0(%i: tensor<*xi64>, %c: tensor<*xi1>, %a: tensor<*xf32>):
    %1 = "onnx.Gather"(%x, %i) {axis = 1 : i64} : (tensor<4x8xf32>, tensor<*xi64>) -> tensor<*xf32>
    %2 = "onnx.Cast"(%i) {to = 1 : i64} : (tensor<*xi64>) -> tensor<*xf32>
    %3 = "onnx.Mul"(%1, %2) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %4 = "onnx.Add"(%a, %3) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %c, %4, %4 : tensor<*xi1>, tensor<*xf32>, tensor<*xf32>
  }) {operandSegmentSizes = array<i32: 1, 0, 1>} : (tensor<*xi64>, tensor<4xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// A slice of the step, of a length that is the input's.
// CHECK-LABEL: func @slices
// CHECK: "onnx.Scan"(%arg0, %arg1)
// CHECK: ^bb0(%{{.*}}: tensor<1x4xf32>, %{{.*}}: tensor<4xf32>):
// CHECK: "onnx.Unsqueeze"
// CHECK-NOT: onnx.Slice
// CHECK: return
func.func @slices(%s: tensor<1x4xf32>, %x: tensor<?x4xf32, #heddle.dims<["n", "4"]>>) -> tensor<*xf32> {
  %one = "onnx.Constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<*xi64>
  %axis = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<*xi64>
  %m = "onnx.Shape"(%x) {start = 0 : i64, end = 1 : i64} : (tensor<?x4xf32, #heddle.dims<["n", "4"]>>) -> tensor<*xi64>
  %0 = "onnx.Loop"(%m, %s) ({
  ^bb0(%i: tensor<*xi64>, %c: tensor<*xi1>, %a: tensor<*xf32>):
    %1 = "onnx.Unsqueeze"(%i, %axis) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %2 = "onnx.Add"(%1, %one) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %3 = "onnx.Slice"(%x, %1, %2, %axis) {operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>} : (tensor<?x4xf32, #heddle.dims<["n", "4"]>>, tensor<*xi64>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xf32>
    %4 = "onnx.Add"(%a, %3) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %c, %4 : tensor<*xi1>, tensor<*xf32>
  }) {operandSegmentSizes = array<i32: 1, 0, 1>} : (tensor<*xi64>, tensor<1x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// A state that only grows is what the loop collects.
// CHECK-LABEL: func @grows
// CHECK: %[[Y:.*]] = "onnx.Scan"
// CHECK-SAME: num_scan_inputs = 1
// CHECK: -> tensor<8x1x4xf32>
// CHECK: "onnx.Reshape"(%[[Y]], {{.*}} -> tensor<8x4xf32>
// CHECK: "onnx.Concat"(%arg0, {{.*}} -> tensor<10x4xf32>
func.func @grows(%s: tensor<2x4xf32>, %x: tensor<8x4xf32>) -> tensor<*xf32> {
  %m = "onnx.Constant"() {value = dense<8> : tensor<i64>} : () -> tensor<*xi64>
  %axis = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<*xi64>
  %0 = "onnx.Loop"(%m, %s) ({
  ^bb0(%i: tensor<*xi64>, %c: tensor<*xi1>, %a: tensor<*xf32>):
    %1 = "onnx.Unsqueeze"(%i, %axis) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %2 = "onnx.Gather"(%x, %1) : (tensor<8x4xf32>, tensor<*xi64>) -> tensor<*xf32>
    %3 = "onnx.Exp"(%2) : (tensor<*xf32>) -> tensor<*xf32>
    %4 = "onnx.Concat"(%a, %3) {axis = 0 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %c, %4 : tensor<*xi1>, tensor<*xf32>
  }) {operandSegmentSizes = array<i32: 1, 0, 1>} : (tensor<*xi64>, tensor<2x4xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// Axes and directions are outside.
// CHECK-LABEL: func @turned
// CHECK: %[[T:.*]] = "onnx.Transpose"(%arg1) {{.*}} -> tensor<8x4xf32>
// CHECK: %[[R:.*]] = "onnx.Slice"(%[[T]]
// CHECK: "onnx.Scan"(%arg0, %[[R]]) <{num_scan_inputs = 1 : i64}>
// CHECK: -> (tensor<4xf32>, tensor<8x4xf32>)
// CHECK: "onnx.Slice"
// CHECK: "onnx.Transpose"{{.*}} -> tensor<4x8xf32>
func.func @turned(%s: tensor<4xf32>, %x: tensor<4x8xf32>) -> tensor<*xf32> {
  %0:2 = "onnx.Scan"(%s, %x) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Add"(%a, %b) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %1, %1 : tensor<*xf32>, tensor<*xf32>
  }) {num_scan_inputs = 1 : i64, scan_input_axes = array<i64: 1>, scan_input_directions = array<i64: 1>, scan_output_axes = array<i64: 1>, scan_output_directions = array<i64: 1>} : (tensor<4xf32>, tensor<4x8xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#1 : tensor<*xf32>
}

// -----

// A condition ends it: it stays, and says why.
// CHECK-LABEL: func @data
// CHECK-SAME: heddle.sequential = [{reason = "it runs until a condition says otherwise, which node 'small' (Less) computes"
// CHECK: "onnx.Loop"
func.func @data(%s: tensor<f32>) -> tensor<*xf32> {
  %m = "onnx.Constant"() {value = dense<8> : tensor<i64>} : () -> tensor<*xi64>
  %ten = "onnx.Constant"() {value = dense<10.0> : tensor<f32>} : () -> tensor<*xf32>
  %0 = "onnx.Loop"(%m, %s) ({
  ^bb0(%i: tensor<*xi64>, %c: tensor<*xi1>, %a: tensor<*xf32>):
    %1 = "onnx.Add"(%a, %a) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %2 = "onnx.Less"(%1, %ten) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xi1> loc("small")
    onnx.Yield %2, %1 : tensor<*xi1>, tensor<*xf32>
  }) {operandSegmentSizes = array<i32: 1, 0, 1>} : (tensor<*xi64>, tensor<f32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

// An index below 0 counts from the end, so the tensor is read by number; a cache that is read stays a
// state.
// CHECK-LABEL: func @kept
// CHECK: "onnx.Scan"
// CHECK: ^bb0(%{{.*}}: tensor<?x4xf32, {{.*}}>, %{{.*}}: tensor<i64>):
// CHECK: "onnx.Gather"
// CHECK: "onnx.Concat"
func.func @kept(%s: tensor<2x4xf32>, %x: tensor<9x1x4xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %m = "onnx.Constant"() {value = dense<8> : tensor<i64>} : () -> tensor<*xi64>
  %0:2 = "onnx.Loop"(%m, %s) ({
  ^bb0(%i: tensor<*xi64>, %c: tensor<*xi1>, %a: tensor<*xf32>):
    %one = "onnx.Constant"() {value = dense<1> : tensor<i64>} : () -> tensor<*xi64>
    %1 = "onnx.Sub"(%i, %one) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %2 = "onnx.Gather"(%x, %1) : (tensor<9x1x4xf32>, tensor<*xi64>) -> tensor<*xf32>
    %3 = "onnx.Concat"(%a, %2) {axis = 0 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %4 = "onnx.ReduceSum"(%a) {keepdims = 0 : i64} : (tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %c, %3, %4 : tensor<*xi1>, tensor<*xf32>, tensor<*xf32>
  }) {operandSegmentSizes = array<i32: 1, 0, 1>} : (tensor<*xi64>, tensor<2x4xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// Neighbours of the step in a longer tensor are slices of it; rows written in order are collected.
// CHECK-LABEL: func @neighbours
// CHECK-DAG: %[[A:.*]] = "onnx.Slice"(%arg1, {{.*}} -> tensor<8xf32>
// CHECK-DAG: %[[B:.*]] = "onnx.Slice"(%arg1, {{.*}} -> tensor<8xf32>
// CHECK: %[[S:.*]]:2 = "onnx.Scan"(%arg2, %[[A]], %[[B]]) <{num_scan_inputs = 2
// CHECK-NOT: onnx.ScatterND
// CHECK: -> (tensor<f32>, tensor<8x1xf32>)
// CHECK: %[[ROWS:.*]] = "onnx.Reshape"(%[[S]]#1
// CHECK: "onnx.Concat"({{.*}}, %[[ROWS]], {{.*}} -> tensor<10xf32>
func.func @neighbours(%t: tensor<10xf32>, %x: tensor<10xf32>, %s: tensor<f32>) -> tensor<*xf32> {
  %m = "onnx.Constant"() {value = dense<8> : tensor<i64>} : () -> tensor<*xi64>
  %one = "onnx.Constant"() {value = dense<1> : tensor<i64>} : () -> tensor<*xi64>
  %two = "onnx.Constant"() {value = dense<2> : tensor<i64>} : () -> tensor<*xi64>
  %place = "onnx.Constant"() {value = dense<[1, 1]> : tensor<2xi64>} : () -> tensor<*xi64>
  %row = "onnx.Constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<*xi64>
  %0:2 = "onnx.Loop"(%m, %t, %s) ({
  ^bb0(%i: tensor<*xi64>, %c: tensor<*xi1>, %a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Add"(%i, %one) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %2 = "onnx.Add"(%i, %two) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %3 = "onnx.Gather"(%x, %1) : (tensor<10xf32>, tensor<*xi64>) -> tensor<*xf32>
    %4 = "onnx.Gather"(%x, %2) : (tensor<10xf32>, tensor<*xi64>) -> tensor<*xf32>
    %5 = "onnx.Mul"(%b, %3) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %6 = "onnx.Add"(%5, %4) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
    %7 = "onnx.Reshape"(%1, %place) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %8 = "onnx.Reshape"(%6, %row) : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
    %9 = "onnx.ScatterND"(%a, %7, %8) : (tensor<*xf32>, tensor<*xi64>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %c, %9, %6 : tensor<*xi1>, tensor<*xf32>, tensor<*xf32>
  }) {operandSegmentSizes = array<i32: 1, 0, 2>} : (tensor<*xi64>, tensor<10xf32>, tensor<f32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0 : tensor<*xf32>
}

// -----

// A table that the loop reads stays one, and so does one that is written beyond its end.
// CHECK-LABEL: func @tables
// CHECK: "onnx.Scan"(%arg0, %arg1,
// CHECK: "onnx.ScatterND"
// CHECK: "onnx.ScatterND"
func.func @tables(%t: tensor<10xf32>, %u: tensor<8xf32>) -> (tensor<*xf32>, tensor<*xf32>) {
  %m = "onnx.Constant"() {value = dense<8> : tensor<i64>} : () -> tensor<*xi64>
  %one = "onnx.Constant"() {value = dense<1> : tensor<i64>} : () -> tensor<*xi64>
  %place = "onnx.Constant"() {value = dense<[1, 1]> : tensor<2xi64>} : () -> tensor<*xi64>
  %row = "onnx.Constant"() {value = dense<1> : tensor<1xi64>} : () -> tensor<*xi64>
  %0:2 = "onnx.Loop"(%m, %t, %u) ({
  ^bb0(%i: tensor<*xi64>, %c: tensor<*xi1>, %a: tensor<*xf32>, %b: tensor<*xf32>):
    %1 = "onnx.Add"(%i, %one) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %2 = "onnx.Gather"(%a, %i) : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
    %3 = "onnx.Reshape"(%1, %place) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
    %4 = "onnx.Reshape"(%2, %row) : (tensor<*xf32>, tensor<*xi64>) -> tensor<*xf32>
    %5 = "onnx.ScatterND"(%a, %3, %4) : (tensor<*xf32>, tensor<*xi64>, tensor<*xf32>) -> tensor<*xf32>
    %6 = "onnx.ScatterND"(%b, %3, %4) : (tensor<*xf32>, tensor<*xi64>, tensor<*xf32>) -> tensor<*xf32>
    onnx.Yield %c, %5, %6 : tensor<*xi1>, tensor<*xf32>, tensor<*xf32>
  }) {operandSegmentSizes = array<i32: 1, 0, 2>} : (tensor<*xi64>, tensor<10xf32>, tensor<8xf32>) -> (tensor<*xf32>, tensor<*xf32>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xf32>
}

// -----

// A branch that says how to update is a choice; one that may end the run stays a branch.
// CHECK-LABEL: func @branches
// CHECK: "onnx.Scan"
// CHECK-DAG: "onnx.Add"
// CHECK-DAG: "onnx.Mul"
// CHECK: "onnx.Where"
// CHECK: "onnx.If"
// CHECK: "onnx.Div"
func.func @branches(%s: tensor<f32>, %t: tensor<i64>, %x: tensor<8xf32>, %p: tensor<8xi1>) -> (tensor<*xf32>, tensor<*xi64>) {
  %0:2 = "onnx.Scan"(%s, %t, %x, %p) ({
  ^bb0(%a: tensor<*xf32>, %b: tensor<*xi64>, %e: tensor<*xf32>, %c: tensor<*xi1>):
    %1 = "onnx.If"(%c) ({
      %2 = "onnx.Add"(%a, %e) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
      onnx.Yield %2 : tensor<*xf32>
    }, {
      %3 = "onnx.Mul"(%a, %e) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
      onnx.Yield %3 : tensor<*xf32>
    }) : (tensor<*xi1>) -> tensor<*xf32>
    %4 = "onnx.If"(%c) ({
      %5 = "onnx.Div"(%b, %b) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
      onnx.Yield %5 : tensor<*xi64>
    }, {
      onnx.Yield %b : tensor<*xi64>
    }) : (tensor<*xi1>) -> tensor<*xi64>
    onnx.Yield %1, %4 : tensor<*xf32>, tensor<*xi64>
  }) {num_scan_inputs = 2 : i64} : (tensor<f32>, tensor<i64>, tensor<8xf32>, tensor<8xi1>) -> (tensor<*xf32>, tensor<*xi64>)
  return %0#0, %0#1 : tensor<*xf32>, tensor<*xi64>
}
