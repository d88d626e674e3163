// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -split-input-file -verify-diagnostics | heddle-opt -split-input-file | FileCheck %s

// CHECK-LABEL: @round_trip
// CHECK: heddle.index_tensor ["n", "-1"] : tensor<2xi64>
// CHECK: heddle.index_tensor ["k + 1"] of %arg0 : tensor<?xf32, #heddle.dims<["k"]>> -> tensor<i32>
func.func @round_trip(%x: tensor<?xf32, #heddle.dims<["k"]>>) {
  %0 = heddle.index_tensor ["n", "-1"] : tensor<2xi64>
  %1 = heddle.index_tensor ["k + 1"] of %x : tensor<?xf32, #heddle.dims<["k"]>> -> tensor<i32>
  return
}

// -----

func.func @count() {
  // expected-error@+1 {{has 1 expressions for 2 elements}}
  %0 = heddle.index_tensor ["n"] : tensor<2xi64>
  return
}

// -----

func.func @malformed() {
  // expected-error@+1 {{has an element that is not an expression over dimension symbols: 'n +'}}
  %0 = heddle.index_tensor ["n +"] : tensor<1xi64>
  return
}

// -----

func.func @order() {
  // expected-error@+1 {{has the element '1 + n', whose canonical form is 'n + 1'}}
  %0 = heddle.index_tensor ["1 + n"] : tensor<1xi64>
  return
}

// -----

// expected-error@+1 {{dimension 0 is written "1 + n", its canonical form is "n + 1"}}
func.func private @encoding(tensor<?xf32, #heddle.dims<["1 + n"]>>)

// -----

// expected-error@+1 {{dimension 0 is 4, but its encoding says "n"}}
func.func private @encoding(tensor<4xf32, #heddle.dims<["n"]>>)
