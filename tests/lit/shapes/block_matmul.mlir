// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -onnx-infer-shapes -split-input-file -verify-diagnostics | FileCheck %s

// CHECK: func.func @rows
// CHECK: heddle.block_matmul
// CHECK-SAME: -> tensor<2x?x24xf32, #heddle.dims<["2", "n", "24"]>>
func.func @rows(%a: tensor<2x?x64xf32, #heddle.dims<["2", "n", "64"]>>, %codes: tensor<24x2x16xui8>, %s: tensor<24x2xf32>) -> tensor<*xf32> {
  %0 = heddle.block_matmul %a, %codes, %s {bits = 4, block = 32}
      : (tensor<2x?x64xf32, #heddle.dims<["2", "n", "64"]>>, tensor<24x2x16xui8>, tensor<24x2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @depth(%a: tensor<2x32xf32>, %codes: tensor<24x2x16xui8>, %s: tensor<24x2xf32>) -> tensor<*xf32> {
  // expected-error@+1 {{depths}}
  %0 = heddle.block_matmul %a, %codes, %s {bits = 4, block = 32}
      : (tensor<2x32xf32>, tensor<24x2x16xui8>, tensor<24x2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @codes(%a: tensor<2x64xf32>, %codes: tensor<24x2x8xui8>, %s: tensor<24x2xf32>) -> tensor<*xf32> {
  // expected-error@+1 {{has codes of (24, 2, 8) 'ui8', expected 16 bytes a block}}
  %0 = heddle.block_matmul %a, %codes, %s {bits = 4, block = 32}
      : (tensor<2x64xf32>, tensor<24x2x8xui8>, tensor<24x2xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @scales(%a: tensor<2x64xf32>, %codes: tensor<24x2x16xui8>, %s: tensor<24xf32>) -> tensor<*xf32> {
  // expected-error@+1 {{has scales of (24) 'f32', expected (24, 2) 'f32'}}
  %0 = heddle.block_matmul %a, %codes, %s {bits = 4, block = 32}
      : (tensor<2x64xf32>, tensor<24x2x16xui8>, tensor<24xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// -----

func.func @zero_points(%a: tensor<2x64xf32>, %codes: tensor<24x2x16xui8>, %s: tensor<24x2xf32>, %z: tensor<24x2xui8>) -> tensor<*xf32> {
  // expected-error@+1 {{has zero points of (24, 2) 'ui8', expected (24, 2) f32}}
  %0 = heddle.block_matmul %a, %codes, %s, %z {bits = 4, block = 32}
      : (tensor<2x64xf32>, tensor<24x2x16xui8>, tensor<24x2xf32>, tensor<24x2xui8>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
