// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-lower-dag-scans -split-input-file %s | FileCheck %s
// RUN: heddle-opt -heddle-lower-dag-scans=cores=1 -split-input-file %s | FileCheck %s --check-prefix=ONE

// Eight lanes for thirteen anti-diagonals.
// CHECK-LABEL: func @wavefront
// CHECK-NOT: heddle.grid_scan
// CHECK: "onnx.Scan"
// CHECK: ^bb0(%[[HELD:.*]]: tensor<6xf32>, %[[SENT:.*]]: tensor<6xf32>, %[[IN:.*]]: tensor<6xi1>, %[[FIRST:.*]]: tensor<f32>, %[[C:.*]]: tensor<6xf32>):
// CHECK: "onnx.Concat"
// CHECK-SAME: -> tensor<7xf32>
// CHECK: "onnx.Slice"
// CHECK-SAME: -> tensor<6xf32>
// CHECK: onnx.Max
// CHECK: onnx.Where
// CHECK: (tensor<6xf32>, tensor<6xf32>, tensor<13x6xi1>, tensor<13xf32>, tensor<13x6xf32>) -> (tensor<6xf32>, tensor<6xf32>, tensor<13x6xf32>, tensor<13xf32>)
// CHECK-NOT: onnx.Scan
func.func @wavefront(%l: tensor<8xf32>, %u: tensor<6xf32>, %c: tensor<8x6xf32>) -> (tensor<8xf32>, tensor<6xf32>, tensor<8x6xf32>) {
  %a, %d, %m = heddle.grid_scan along (%l : tensor<8xf32>) down (%u : tensor<6xf32>) cells (%c : tensor<8x6xf32>)
      -> along (tensor<8xf32>) down (tensor<6xf32>) marks (tensor<8x6xf32>) {
  ^bb0(%l0: tensor<f32>, %u0: tensor<f32>, %c0: tensor<f32>):
    %0 = "onnx.Max"(%l0, %u0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %1 = "onnx.Add"(%0, %c0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    heddle.yield %1, %1, %0 : tensor<f32>, tensor<f32>, tensor<f32>
  }
  return %a, %d, %m : tensor<8xf32>, tensor<6xf32>, tensor<8x6xf32>
}

// -----

// CHECK-LABEL: func @recurrent
// CHECK: "onnx.Scan"
// CHECK: "onnx.Scan"
// CHECK: onnx.Max
// CHECK-NOT: onnx.Where
func.func @recurrent(%l: tensor<8xf32>, %u: tensor<6xf32>, %c: tensor<8x6xf32>) -> tensor<6xf32> {
  %a, %d = heddle.grid_scan along (%l : tensor<8xf32>) down (%u : tensor<6xf32>) cells (%c : tensor<8x6xf32>)
      -> along (tensor<8xf32>) down (tensor<6xf32>) attributes {form = "recurrent"} {
  ^bb0(%l0: tensor<f32>, %u0: tensor<f32>, %c0: tensor<f32>):
    %0 = "onnx.Max"(%l0, %u0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %1 = "onnx.Add"(%0, %c0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    heddle.yield %1, %1 : tensor<f32>, tensor<f32>
  }
  return %d : tensor<6xf32>
}

// -----

// Two cores: four blocks of rows and four of columns, each a loop in a loop; the second block of a row begins
// with what the first one ends with. One core has no use for them.
// CHECK-LABEL: func @blocks
// CHECK: %[[A:.*]]:2 = "onnx.Scan"
// CHECK: "onnx.Scan"
// CHECK: }) : (tensor<f32>, tensor<1xf32>, tensor<1xf32>) -> (tensor<f32>, tensor<1xf32>)
// CHECK: }) : (tensor<1xf32>, tensor<2xf32>, tensor<2x1xf32>) -> (tensor<1xf32>, tensor<2xf32>)
// CHECK: "onnx.Scan"(%{{.*}}, %[[A]]#1, %{{.*}}) <{
// CHECK-COUNT-29: "onnx.Scan"
// CHECK-NOT: "onnx.Scan"
// ONE-LABEL: func @blocks
// ONE-COUNT-2: "onnx.Scan"
// ONE-NOT: "onnx.Scan"
func.func @blocks(%l: tensor<8xf32>, %u: tensor<6xf32>, %c: tensor<8x6xf32>) -> tensor<6xf32> {
  %a, %d = heddle.grid_scan along (%l : tensor<8xf32>) down (%u : tensor<6xf32>) cells (%c : tensor<8x6xf32>)
      -> along (tensor<8xf32>) down (tensor<6xf32>) attributes {form = "blocks"} {
  ^bb0(%l0: tensor<f32>, %u0: tensor<f32>, %c0: tensor<f32>):
    %0 = "onnx.Max"(%l0, %u0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %1 = "onnx.Add"(%0, %c0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    heddle.yield %1, %1 : tensor<f32>, tensor<f32>
  }
  return %d : tensor<6xf32>
}

// -----

// No loop is left but for products of matrices that leave the range of their type; where the cell is not
// linear, pairing is not possible.
// CHECK-LABEL: func @pairing
// ONE-LABEL: func @pairing
// CHECK-NOT: onnx.Scan
// CHECK: onnx.MatMul
// CHECK-NOT: onnx.Scan
// CHECK: onnx.If
// CHECK-COUNT-2: onnx.Scan
// CHECK: }, {
// CHECK-NOT: onnx.Scan
// CHECK-LABEL: func @not_linear
// CHECK-NOT: onnx.MatMul
// CHECK: onnx.Scan
func.func @pairing(%l: tensor<8xf32>, %u: tensor<6xf32>, %c: tensor<8x6xf32>) -> tensor<6xf32> {
  %a, %d = heddle.grid_scan along (%l : tensor<8xf32>) down (%u : tensor<6xf32>) cells (%c : tensor<8x6xf32>)
      -> along (tensor<8xf32>) down (tensor<6xf32>) attributes {form = "pairing"} {
  ^bb0(%l0: tensor<f32>, %u0: tensor<f32>, %c0: tensor<f32>):
    %0 = "onnx.Mul"(%l0, %c0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %1 = "onnx.Add"(%0, %u0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    heddle.yield %1, %1 : tensor<f32>, tensor<f32>
  }
  return %d : tensor<6xf32>
}
func.func @not_linear(%l: tensor<8xf32>, %u: tensor<6xf32>, %c: tensor<8x6xf32>) -> tensor<6xf32> {
  %a, %d = heddle.grid_scan along (%l : tensor<8xf32>) down (%u : tensor<6xf32>) cells (%c : tensor<8x6xf32>)
      -> along (tensor<8xf32>) down (tensor<6xf32>) attributes {form = "pairing"} {
  ^bb0(%l0: tensor<f32>, %u0: tensor<f32>, %c0: tensor<f32>):
    %0 = "onnx.Mul"(%l0, %u0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    %1 = "onnx.Add"(%0, %c0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    heddle.yield %1, %1 : tensor<f32>, tensor<f32>
  }
  return %d : tensor<6xf32>
}

// -----

// CHECK-LABEL: func @levels
// CHECK: %[[ORDER:.*]], %[[BEGINS:.*]], %[[ENDS:.*]] = heddle.levels
// CHECK-SAME: of [0, 0] writes 1
// CHECK: "onnx.Scan"(%{{.*}}, %[[BEGINS]], %[[ENDS]])
// CHECK: %[[STEPS:.*]] = "onnx.Slice"(%[[ORDER]]
// CHECK: onnx.ReduceSum
// CHECK: onnx.ScatterND
func.func @levels(%t: tensor<9x4xf32>, %i: tensor<7xi64>, %p: tensor<7x2xi64>, %x: tensor<7x4xf32>) -> tensor<9x4xf32> {
  %axis = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<1xi64>
  %h = heddle.dag_scan tables (%t : tensor<9x4xf32>) writes (%i : tensor<7xi64>)
      reads (%p : tensor<7x2xi64>) of [0] over (%x : tensor<7x4xf32>) -> (tensor<9x4xf32>) {
  ^bb0(%before: tensor<2x4xf32>, %x0: tensor<4xf32>):
    %0 = "onnx.ReduceSum"(%before, %axis) {keepdims = 0 : i64} : (tensor<2x4xf32>, tensor<1xi64>) -> tensor<4xf32>
    %1 = "onnx.Add"(%0, %x0) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    heddle.yield %1 : tensor<4xf32>
  }
  return %h : tensor<9x4xf32>
}
