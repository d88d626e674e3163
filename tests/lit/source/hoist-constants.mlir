// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-hoist-constants %s | FileCheck %s

// What depends on a weight alone leaves the branch; what depends on the input stays.
// CHECK-LABEL: func @branch
// CHECK: %[[T:.*]] = "onnx.Transpose"
// CHECK: "onnx.If"
// CHECK: "onnx.MatMul"(%arg1, %[[T]])
// CHECK: "onnx.Neg"(%arg1)
func.func @branch(%c: tensor<i1>, %x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w = "onnx.Constant"() <{value = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>}> : () -> tensor<2x2xf32>
  %0 = "onnx.If"(%c) ({
    %1 = "onnx.Transpose"(%w) <{perm = array<i64: 1, 0>}> : (tensor<2x2xf32>) -> tensor<2x2xf32>
    %2 = "onnx.MatMul"(%x, %1) : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
    onnx.Yield %2 : tensor<2x2xf32>
  }, {
    %1 = "onnx.Neg"(%x) : (tensor<2x2xf32>) -> tensor<2x2xf32>
    onnx.Yield %1 : tensor<2x2xf32>
  }) : (tensor<i1>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}
