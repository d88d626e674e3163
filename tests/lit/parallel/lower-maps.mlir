// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-lower-maps %s | FileCheck %s
// RUN: heddle-opt -heddle-lower-maps=cores=1 %s | FileCheck %s --check-prefix=ONE

// Rows of one product, which reads the matrix once. What no element has a part in is computed once.
// CHECK-LABEL: func @shared_matrix(
// CHECK-SAME: %[[X:.*]]: tensor<?x3x4xf32, {{.*}}>, %[[W:.*]]: tensor<4x5xf32>
// CHECK: %[[E:.*]] = "onnx.Exp"(%[[W]]) : (tensor<4x5xf32>) -> tensor<4x5xf32>
// CHECK: %[[ROWS:.*]] = "onnx.Reshape"(%[[X]], %{{.*}}) {{.*}} -> tensor<?x4xf32, #heddle.dims<["3*n", "4"]>>
// CHECK: %[[Y:.*]] = "onnx.MatMul"(%[[ROWS]], %[[E]]) {{.*}} -> tensor<?x5xf32, #heddle.dims<["3*n", "5"]>>
// CHECK: %[[R:.*]] = "onnx.Reshape"(%[[Y]], {{.*}} -> tensor<?x3x5xf32, #heddle.dims<["n", "3", "5"]>>
// CHECK: return %[[R]]
func.func @shared_matrix(%x: tensor<?x3x4xf32, #heddle.dims<["n", "3", "4"]>>, %w: tensor<4x5xf32>) -> tensor<?x3x5xf32, #heddle.dims<["n", "3", "5"]>> {
  %y = heddle.map (%x) : (tensor<?x3x4xf32, #heddle.dims<["n", "3", "4"]>>) -> tensor<?x3x5xf32, #heddle.dims<["n", "3", "5"]>> {
  ^bb0(%e: tensor<3x4xf32>):
    %0 = "onnx.Exp"(%w) : (tensor<4x5xf32>) -> tensor<4x5xf32>
    %1 = "onnx.MatMul"(%e, %0) : (tensor<3x4xf32>, tensor<4x5xf32>) -> tensor<3x5xf32>
    heddle.yield %1 : tensor<3x5xf32>
  }
  return %y : tensor<?x3x5xf32, #heddle.dims<["n", "3", "5"]>>
}

// A matrix times the vector of each element: rows again, times the transpose.
// CHECK-LABEL: func @vectors(
// CHECK-SAME: %[[X:.*]]: tensor<8x4xf32>, %[[W:.*]]: tensor<3x4xf32>
// CHECK: %[[T:.*]] = "onnx.Transpose"(%[[W]]) <{perm = array<i64: 1, 0>}>
// CHECK: "onnx.MatMul"(%[[X]], %[[T]]) : (tensor<8x4xf32>, tensor<4x3xf32>) -> tensor<8x3xf32>
func.func @vectors(%x: tensor<8x4xf32>, %w: tensor<3x4xf32>) -> tensor<8x3xf32> {
  %y = heddle.map (%x) : (tensor<8x4xf32>) -> tensor<8x3xf32> {
  ^bb0(%e: tensor<4xf32>):
    %1 = "onnx.MatMul"(%w, %e) : (tensor<3x4xf32>, tensor<4xf32>) -> tensor<3xf32>
    heddle.yield %1 : tensor<3xf32>
  }
  return %y : tensor<8x3xf32>
}

// Axes of 1 behind axis 0 keep broadcasts what they were; axes of attributes and operands move on.
// CHECK-LABEL: func @axes(
// CHECK: "onnx.Reshape"({{.*}} -> tensor<8x1x4xf32>
// CHECK: %[[S:.*]] = "onnx.Add"({{.*}}) : (tensor<8x1x4xf32>, tensor<8x3x4xf32>) -> tensor<8x3x4xf32>
// CHECK: %[[P:.*]] = "onnx.Softmax"(%[[S]]) <{axis = 1 : i64}>
// CHECK: %[[A:.*]] = "onnx.Constant"() <{value = dense<2> : tensor<1xi64>}>
// CHECK: "onnx.ReduceSum"(%[[P]], %[[A]]) {{.*}} -> tensor<8x3x1xf32>
func.func @axes(%x: tensor<8x4xf32>, %z: tensor<8x3x4xf32>) -> tensor<8x3x1xf32> {
  %axis = "onnx.Constant"() <{value = dense<1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %y = heddle.map (%x, %z) : (tensor<8x4xf32>, tensor<8x3x4xf32>) -> tensor<8x3x1xf32> {
  ^bb0(%e: tensor<4xf32>, %f: tensor<3x4xf32>):
    %1 = "onnx.Add"(%e, %f) : (tensor<4xf32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    %2 = "onnx.Softmax"(%1) <{axis = 0 : i64}> : (tensor<3x4xf32>) -> tensor<3x4xf32>
    %3 = "onnx.ReduceSum"(%2, %axis) : (tensor<3x4xf32>, tensor<1xi64>) -> tensor<3x1xf32>
    heddle.yield %3 : tensor<3x1xf32>
  }
  return %y : tensor<8x3x1xf32>
}

// Rows of a shared table; what is yielded for every element alike is repeated.
// CHECK-LABEL: func @table(
// CHECK-SAME: %[[I:.*]]: tensor<8x2xi64>, %[[T:.*]]: tensor<16x4xf32>, %[[C:.*]]: tensor<4xf32>
// CHECK: %[[G:.*]] = "onnx.Gather"(%[[T]], %[[I]]) <{axis = 0 : i64}> {{.*}} -> tensor<8x2x4xf32>
// CHECK: %[[R:.*]] = "onnx.Expand"(%[[C]], %{{.*}}) {{.*}} -> tensor<8x4xf32>
// CHECK: return %[[G]], %[[R]]
func.func @table(%i: tensor<8x2xi64>, %t: tensor<16x4xf32>, %c: tensor<4xf32>) -> (tensor<8x2x4xf32>, tensor<8x4xf32>) {
  %y:2 = heddle.map (%i) : (tensor<8x2xi64>) -> (tensor<8x2x4xf32>, tensor<8x4xf32>) {
  ^bb0(%e: tensor<2xi64>):
    %1 = "onnx.Gather"(%t, %e) : (tensor<16x4xf32>, tensor<2xi64>) -> tensor<2x4xf32>
    heddle.yield %1, %c : tensor<2x4xf32>, tensor<4xf32>
  }
  return %y#0, %y#1 : tensor<8x2x4xf32>, tensor<8x4xf32>
}

// No form for many elements, and little to do: a loop, and the reason.
// CHECK-LABEL: func @no_form(
// CHECK-SAME: reason = "independent iterations run one after the other: a node (Det) has no form for many elements at once, and they are too short to run side by side"
// CHECK: "onnx.Scan"(%{{.*}}) <{num_scan_inputs = 1 : i64}>
// CHECK-NOT: heddle.grain
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<4x4xf32>):
// CHECK-NEXT: "onnx.Relu"{{.*}} : (tensor<4x4xf32>)
func.func @no_form(%x: tensor<8x4x4xf32>) -> tensor<8xf32> {
  %y = heddle.map (%x) : (tensor<8x4x4xf32>) -> tensor<8xf32> {
  ^bb0(%e: tensor<4x4xf32>):
    %0 = "onnx.Relu"(%e) : (tensor<4x4xf32>) -> tensor<4x4xf32>
    %1 = "onnx.Det"(%0) : (tensor<4x4xf32>) -> tensor<f32>
    heddle.yield %1 : tensor<f32>
  }
  return %y : tensor<8xf32>
}

// The axes are only known when it runs: which ones are moved on is not.
// CHECK-LABEL: func @unknown_axes(
// CHECK-SAME: a node (ReduceSum) has axes that are only known at run time
// CHECK: "onnx.Scan"
func.func @unknown_axes(%x: tensor<8x4x4xf32>, %axes: tensor<1xi64>) -> tensor<8x1x4xf32> {
  %y = heddle.map (%x) : (tensor<8x4x4xf32>) -> tensor<8x1x4xf32> {
  ^bb0(%e: tensor<4x4xf32>):
    %1 = "onnx.ReduceSum"(%e, %axes) : (tensor<4x4xf32>, tensor<1xi64>) -> tensor<1x4xf32>
    heddle.yield %1 : tensor<1x4xf32>
  }
  return %y : tensor<8x1x4xf32>
}

// No form for many elements, and enough to do: some iterations at a time, side by side.
// CHECK-LABEL: func @side_by_side(
// CHECK-NOT: reason
// CHECK: "onnx.Scan"(%{{.*}}) <{num_scan_inputs = 1 : i64}>
// CHECK: "onnx.Det"
// CHECK: heddle.grain = 5 : i64
// ONE-LABEL: func @side_by_side(
// ONE-SAME: and the program is made for one core"
// ONE-NOT: heddle.grain
func.func @side_by_side(%x: tensor<100x4x4xf32>) -> tensor<100xf32> {
  %y = heddle.map (%x) : (tensor<100x4x4xf32>) -> tensor<100xf32> {
  ^bb0(%e: tensor<4x4xf32>):
    %1 = "onnx.Det"(%e) : (tensor<4x4xf32>) -> tensor<f32>
    heddle.yield %1 : tensor<f32>
  }
  return %y : tensor<100xf32>
}

// Each element's tuples of indices begin with its number.
// CHECK-LABEL: func @scatter(
// CHECK-SAME: %[[X:.*]]: tensor<?x9x4xf32, {{.*}}>, %[[I:.*]]: tensor<?x5x1xi64, {{.*}}>, %[[U:.*]]: tensor<5x4xf32>
// CHECK: %[[UPDATES:.*]] = "onnx.Expand"(%[[U]], {{.*}} -> tensor<?x5x4xf32, #heddle.dims<["n", "5", "4"]>>
// CHECK: %[[NUMBERS:.*]] = "onnx.Range"({{.*}} -> tensor<?xi64, #heddle.dims<["n"]>>
// CHECK: %[[COLUMN:.*]] = "onnx.Reshape"(%[[NUMBERS]], {{.*}} -> tensor<?x1x1xi64, #heddle.dims<["n", "1", "1"]>>
// CHECK: %[[ELEMENT:.*]] = "onnx.Expand"(%[[COLUMN]], {{.*}} -> tensor<?x5x1xi64, #heddle.dims<["n", "5", "1"]>>
// CHECK: %[[PLACES:.*]] = "onnx.Concat"(%[[ELEMENT]], %[[I]]) <{axis = 2 : i64}>
// CHECK: "onnx.ScatterND"(%[[X]], %[[PLACES]], %[[UPDATES]]) <{reduction = "add"}>
func.func @scatter(%x: tensor<?x9x4xf32, #heddle.dims<["n", "9", "4"]>>, %rows: tensor<?x5x1xi64, #heddle.dims<["n", "5", "1"]>>, %updates: tensor<5x4xf32>) -> tensor<?x9x4xf32, #heddle.dims<["n", "9", "4"]>> {
  %y = heddle.map (%x, %rows) : (tensor<?x9x4xf32, #heddle.dims<["n", "9", "4"]>>, tensor<?x5x1xi64, #heddle.dims<["n", "5", "1"]>>) -> tensor<?x9x4xf32, #heddle.dims<["n", "9", "4"]>> {
  ^bb0(%e: tensor<9x4xf32>, %f: tensor<5x1xi64>):
    %0 = "onnx.ScatterND"(%e, %f, %updates) <{reduction = "add"}> : (tensor<9x4xf32>, tensor<5x1xi64>, tensor<5x4xf32>) -> tensor<9x4xf32>
    heddle.yield %0 : tensor<9x4xf32>
  }
  return %y : tensor<?x9x4xf32, #heddle.dims<["n", "9", "4"]>>
}
