// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle compile %s --target-cpu x86-64-v4 --emit task -o %t && FileCheck %s < %t

// Panels of pixels that are read in place begin at the lesser of two places, which loops are not to
// compute: the optimiser does not know it. Where packed ones begin it may know.

// CHECK: func.func @conv_0
// CHECK: llvm.inline_asm "", "=r,0" %{{.*}} : (i64) -> i64
// CHECK: func.func @matmul_0
// CHECK-NOT: llvm.inline_asm
func.func @main(%x: tensor<1x34x28x28xf32> {heddle.name = "x"}, %v: tensor<32x64xf32> {heddle.name = "v"})
    -> (tensor<1x136x28x28xf32> {heddle.name = "y"}, tensor<32x48xf32> {heddle.name = "z"}) {
  %w = "onnx.Constant"() <{value = dense<0.5> : tensor<136x34x1x1xf32>}> : () -> tensor<136x34x1x1xf32>
  %u = "onnx.Constant"() <{value = dense<0.5> : tensor<64x48xf32>}> : () -> tensor<64x48xf32>
  %y = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 1, 1>}> : (tensor<1x34x28x28xf32>, tensor<136x34x1x1xf32>) -> tensor<1x136x28x28xf32>
  %z = "onnx.MatMul"(%v, %u) : (tensor<32x64xf32>, tensor<64x48xf32>) -> tensor<32x48xf32>
  return %y, %z : tensor<1x136x28x28xf32>, tensor<32x48xf32>
}
