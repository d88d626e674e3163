// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -split-input-file -verify-diagnostics %s | heddle-opt -split-input-file | FileCheck %s

// CHECK-LABEL: func @all
// CHECK: heddle.grid_scan along(%{{.*}} : tensor<8xf32>) down(%{{.*}} : tensor<6xf32>) cells(%{{.*}} : tensor<8x6xf32>) rows(
// CHECK-SAME: columns(
// CHECK-SAME: -> along(tensor<8xf32>) down(tensor<6xf32>) marks(tensor<8x6xf32>)
// CHECK: heddle.dag_scan tables(
// CHECK-SAME: writes(
// CHECK-SAME: reads(
// CHECK-SAME: of [0] over(
func.func @all(%l: tensor<8xf32>, %u: tensor<6xf32>, %c: tensor<8x6xf32>,
               %t: tensor<9x4xf32>, %i: tensor<7xi64>, %p: tensor<7x2xi64>, %e: tensor<7x4xf32>)
    -> (tensor<8x6xf32>, tensor<9x4xf32>) {
  %a, %d, %m = heddle.grid_scan along (%l : tensor<8xf32>) down (%u : tensor<6xf32>)
      cells (%c : tensor<8x6xf32>) rows (%l : tensor<8xf32>) columns (%u : tensor<6xf32>)
      -> along (tensor<8xf32>) down (tensor<6xf32>) marks (tensor<8x6xf32>) {
  ^bb0(%l0: tensor<f32>, %u0: tensor<f32>, %c0: tensor<f32>, %r0: tensor<f32>, %k0: tensor<f32>):
    %0 = "onnx.Add"(%l0, %u0) : (tensor<f32>, tensor<f32>) -> tensor<f32>
    heddle.yield %0, %c0, %0 : tensor<f32>, tensor<f32>, tensor<f32>
  }
  %h, %s = heddle.dag_scan tables (%t : tensor<9x4xf32>) writes (%i : tensor<7xi64>)
      reads (%p : tensor<7x2xi64>) of [0] over (%e : tensor<7x4xf32>)
      -> (tensor<9x4xf32>) marks (tensor<7x2x4xf32>) {
  ^bb0(%before: tensor<2x4xf32>, %x: tensor<4xf32>):
    heddle.yield %x, %before : tensor<4xf32>, tensor<2x4xf32>
  }
  return %m, %h : tensor<8x6xf32>, tensor<9x4xf32>
}

// -----

func.func @height(%l: tensor<8xf32>, %u: tensor<6xf32>, %c: tensor<7x6xf32>) {
  // expected-error @+1 {{among its inputs of cells, whose leading sizes are 8, 6}}
  %a, %d = heddle.grid_scan along (%l : tensor<8xf32>) down (%u : tensor<6xf32>)
      cells (%c : tensor<7x6xf32>) -> along (tensor<8xf32>) down (tensor<6xf32>) {
  ^bb0(%l0: tensor<f32>, %u0: tensor<f32>, %c0: tensor<f32>):
    heddle.yield %l0, %u0 : tensor<f32>, tensor<f32>
  }
  return
}

// -----

func.func @yields(%l: tensor<8xf32>, %u: tensor<6xf32>) {
  // expected-error @+1 {{has a body that does not yield what a cell sends along, down and marks}}
  %a, %d = heddle.grid_scan along (%l : tensor<8xf32>) down (%u : tensor<6xf32>)
      -> along (tensor<8xf32>) down (tensor<6xf32>) {
  ^bb0(%l0: tensor<f32>, %u0: tensor<f32>):
    heddle.yield %l0 : tensor<f32>
  }
  return
}

// -----

func.func @form(%l: tensor<8xf32>, %u: tensor<6xf32>) {
  // expected-error @+1 {{has the form 'tree'; there are recurrent, blocks, wavefront and pairing}}
  %a, %d = heddle.grid_scan along (%l : tensor<8xf32>) down (%u : tensor<6xf32>)
      -> along (tensor<8xf32>) down (tensor<6xf32>) attributes {form = "tree"} {
  ^bb0(%l0: tensor<f32>, %u0: tensor<f32>):
    heddle.yield %l0, %u0 : tensor<f32>, tensor<f32>
  }
  return
}

// -----

func.func @index_type(%t: tensor<9x4xf32>, %i: tensor<7xi32>, %e: tensor<7x4xf32>) {
  // expected-error @+1 {{where each step has one i64 to write to}}
  %h = heddle.dag_scan tables (%t : tensor<9x4xf32>) writes (%i : tensor<7xi32>)
      reads (%i : tensor<7xi32>) of [0] over (%e : tensor<7x4xf32>) -> (tensor<9x4xf32>) {
  ^bb0(%before: tensor<4xf32>, %x: tensor<4xf32>):
    heddle.yield %x : tensor<4xf32>
  }
  return
}

// -----

func.func @table_number(%t: tensor<9x4xf32>, %i: tensor<7xi64>, %e: tensor<7x4xf32>) {
  // expected-error @+1 {{has a read of table 1}}
  %h = heddle.dag_scan tables (%t : tensor<9x4xf32>) writes (%i : tensor<7xi64>)
      reads (%i : tensor<7xi64>) of [1] over (%e : tensor<7x4xf32>) -> (tensor<9x4xf32>) {
  ^bb0(%before: tensor<4xf32>, %x: tensor<4xf32>):
    heddle.yield %x : tensor<4xf32>
  }
  return
}

// -----

func.func @row(%t: tensor<9x4xf32>, %i: tensor<7xi64>, %e: tensor<7x3xf32>) {
  // expected-error @+1 {{has a body that does not yield a row for each table and the marks}}
  %h = heddle.dag_scan tables (%t : tensor<9x4xf32>) writes (%i : tensor<7xi64>)
      reads (%i : tensor<7xi64>) of [0] over (%e : tensor<7x3xf32>) -> (tensor<9x4xf32>) {
  ^bb0(%before: tensor<4xf32>, %x: tensor<3xf32>):
    heddle.yield %x : tensor<3xf32>
  }
  return
}
