// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -split-input-file -verify-diagnostics | heddle-opt -split-input-file | FileCheck %s

// CHECK-LABEL: @round_trip
// CHECK: heddle.block_matmul %arg0, %arg1, %arg2 {bits = 4 : i64, block = 32 : i64, zero_point = 8 : i64}
// CHECK: heddle.block_matmul %arg0, %arg1, %arg2, %arg3 {bits = 4 : i64, block = 32 : i64}
func.func @round_trip(%a: tensor<1x64xf32>, %codes: tensor<24x2x16xui8>, %s: tensor<24x2xf32>, %z: tensor<24x2xf32>) {
  %0 = heddle.block_matmul %a, %codes, %s {bits = 4, block = 32, zero_point = 8}
      : (tensor<1x64xf32>, tensor<24x2x16xui8>, tensor<24x2xf32>) -> tensor<1x24xf32>
  %1 = heddle.block_matmul %a, %codes, %s, %z {bits = 4, block = 32}
      : (tensor<1x64xf32>, tensor<24x2x16xui8>, tensor<24x2xf32>, tensor<24x2xf32>) -> tensor<1x24xf32>
  return
}

// -----

func.func @bits(%a: tensor<1x64xf32>, %codes: tensor<24x2x12xui8>, %s: tensor<24x2xf32>) {
  // expected-error@+1 {{has codes of 3 bits; 2, 4 and 8 are known}}
  %0 = heddle.block_matmul %a, %codes, %s {bits = 3, block = 32}
      : (tensor<1x64xf32>, tensor<24x2x12xui8>, tensor<24x2xf32>) -> tensor<1x24xf32>
  return
}

// -----

func.func @block(%a: tensor<1x48xf32>, %codes: tensor<24x2x12xui8>, %s: tensor<24x2xf32>) {
  // expected-error@+1 {{has blocks of 24 codes; they are 16, 32, 64, 128 or 256}}
  %0 = heddle.block_matmul %a, %codes, %s {bits = 4, block = 24}
      : (tensor<1x48xf32>, tensor<24x2x12xui8>, tensor<24x2xf32>) -> tensor<1x24xf32>
  return
}

// -----

func.func @zero_point(%a: tensor<1x64xf32>, %codes: tensor<24x2x16xui8>, %s: tensor<24x2xf32>) {
  // expected-error@+1 {{has a zero point of 16, which is no code}}
  %0 = heddle.block_matmul %a, %codes, %s {bits = 4, block = 32, zero_point = 16}
      : (tensor<1x64xf32>, tensor<24x2x16xui8>, tensor<24x2xf32>) -> tensor<1x24xf32>
  return
}
