// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -split-input-file -heddle-translate-standard -verify-diagnostics | FileCheck %s
// RUN: heddle-opt %s -split-input-file -heddle-translate-standard -onnx-infer-shapes -heddle-normalize-loops -onnx-infer-shapes -heddle-raise-scans -verify-diagnostics | FileCheck %s --check-prefix RAISED

// Rows and elements that are read, a scalar and a tensor that are carried, a result that is written.
// CHECK-LABEL: func @main
// CHECK-SAME: (%[[X:.*]]: tensor<8x4xf32> {heddle.name = "x"}) -> (tensor<4xf32> {heddle.name = "result0"}, tensor<8xf32> {heddle.name = "result1"}, tensor<f32> {heddle.name = "result2"})
// CHECK: "onnx.Loop"
// CHECK: ^bb0(%[[I:.*]]: tensor<i64>, %{{.*}}: tensor<i1>, %{{.*}}: tensor<4xf32>, %{{.*}}: tensor<8xf32>, %{{.*}}: tensor<f32>):
// CHECK: "onnx.Gather"(%[[X]], %[[I]]) {{.*}} -> tensor<4xf32>
// CHECK: "onnx.Gather"(%[[X]], %[[I]]) {{.*}} -> tensor<4xf32>
// CHECK: "onnx.Gather"({{.*}} -> tensor<f32>
// CHECK: "onnx.ScatterND"
// CHECK-NOT: scf.
// CHECK-NOT: arith.
// RAISED-LABEL: func @main
// RAISED: summary = "affine recurrence of 8 steps"
// RAISED: summary = "affine recurrence of 8 steps"
// RAISED-NOT: onnx.Scan
// RAISED-NOT: onnx.ScatterND
func.func @main(%x: tensor<8x4xf32> {heddle.name = "x"}) -> (tensor<4xf32>, tensor<8xf32>, f32) {
  %zero = arith.constant 0.0 : f32
  %init = tensor.splat %zero : tensor<4xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c8 = arith.constant 8 : index
  %out = tensor.empty() : tensor<8xf32>
  %decay = arith.constant 0.9 : f32
  %r:3 = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %init, %o = %out, %t = %zero) -> (tensor<4xf32>, tensor<8xf32>, f32) {
    %row = tensor.extract_slice %x[%i, 0] [1, 4] [1, 1] : tensor<8x4xf32> to tensor<4xf32>
    %d = tensor.splat %decay : tensor<4xf32>
    %m = arith.mulf %s, %d : tensor<4xf32>
    %n = arith.addf %m, %row : tensor<4xf32>
    %e = tensor.extract %x[%i, %c2] : tensor<8x4xf32>
    %t2 = arith.mulf %t, %decay : f32
    %u = arith.addf %t2, %e : f32
    %o2 = tensor.insert %u into %o[%i] : tensor<8xf32>
    scf.yield %n, %o2, %u : tensor<4xf32>, tensor<8xf32>, f32
  }
  return %r#0, %r#1, %r#2 : tensor<4xf32>, tensor<8xf32>, f32
}

// -----

// A length that is asked for; every second step from the second on; a branch; an operator of ONNX.
// CHECK-LABEL: func @main
// CHECK: "onnx.Shape"
// CHECK: %[[D:.*]] = "onnx.Sub"
// CHECK: "onnx.Div"
// CHECK: "onnx.Loop"
// CHECK: "onnx.Mul"
// CHECK: "onnx.Add"
// CHECK: "onnx.If"
// CHECK: "onnx.Softplus"
func.func @main(%x: tensor<?xf32>, %limit: f32) -> f32 {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %r = scf.for %i = %c1 to %n step %c2 iter_args(%s = %zero) -> (f32) {
    %e = tensor.extract %x[%i] : tensor<?xf32>
    %small = arith.cmpf olt, %e, %limit : f32
    %next = scf.if %small -> (f32) {
      %a = arith.addf %s, %e : f32
      scf.yield %a : f32
    } else {
      scf.yield %s : f32
    }
    scf.yield %next : f32
  }
  %t = tensor.from_elements %r : tensor<1xf32>
  %p = "onnx.Softplus"(%t) : (tensor<1xf32>) -> tensor<1xf32>
  %q = tensor.extract %p[%c0] : tensor<1xf32>
  return %q : f32
}

// -----

// What has no counterpart is refused where it stands.
func.func @main(%x: tensor<8xf32>) -> f32 {
  %zero = arith.constant 0.0 : f32
  %r = scf.while (%s = %zero) : (f32) -> f32 { // expected-error {{runs until a condition says otherwise}}
    %go = arith.cmpf olt, %s, %zero : f32
    scf.condition(%go) %s : f32
  } do {
  ^bb0(%s: f32):
    scf.yield %s : f32
  }
  return %r : f32
}

// -----

func.func @main(%x: i32, %y: i32) -> i32 {
  %q = arith.divui %x, %y : i32 // expected-error {{has no counterpart among the operators}}
  return %q : i32
}

// -----

func.func @main(%x: tensor<8xf32>, %y: tensor<8xf32>) -> tensor<8xi1> {
  %q = arith.cmpf ult, %x, %y : tensor<8xf32> // expected-error {{has no counterpart among the operators}}
  return %q : tensor<8xi1>
}

// -----

func.func @main(%x: tensor<8x4xf32>, %y: tensor<2x4xf32>) -> tensor<8x4xf32> {
  // expected-error @+1 {{has no counterpart among the operators}}
  %q = tensor.insert_slice %y into %x[0, 0] [2, 4] [1, 1] : tensor<2x4xf32> into tensor<8x4xf32>
  return %q : tensor<8x4xf32>
}

// -----

func.func @main(%x: vector<8xf32>) -> i32 { // expected-error {{argument 0 is neither a number nor a tensor of numbers}}
  %q = arith.constant 1 : i32
  return %q : i32
}
