// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-expand-einsum %s | FileCheck %s

// CHECK-LABEL: func @merged_heads
// CHECK: "onnx.Reshape"(%arg0
// CHECK: "onnx.MatMul"(%{{.*}}, %{{.*}}) : (tensor<?x32xf32, #heddle.dims<["5*b", "32"]>>, tensor<32x16xf32>)
// CHECK: "onnx.Reshape"
// CHECK-NOT: "onnx.Einsum"
func.func @merged_heads(%x: tensor<?x5x4x8xf32, #heddle.dims<["b", "5", "4", "8"]>>, %w: tensor<4x8x16xf32>) -> tensor<?x5x16xf32, #heddle.dims<["b", "5", "16"]>> {
  %0 = "onnx.Einsum"(%x, %w) <{equation = "bfnd,ndh->bfh"}> : (tensor<?x5x4x8xf32, #heddle.dims<["b", "5", "4", "8"]>>, tensor<4x8x16xf32>) -> tensor<?x5x16xf32, #heddle.dims<["b", "5", "16"]>>
  return %0 : tensor<?x5x16xf32, #heddle.dims<["b", "5", "16"]>>
}

// CHECK-LABEL: func @nothing_summed
// CHECK: "onnx.Mul"(%{{.*}}, %{{.*}}) : (tensor<3x1xf32>, tensor<1x5xf32>) -> tensor<3x5xf32>
// CHECK-NOT: "onnx.Einsum"
func.func @nothing_summed(%x: tensor<3xf32>, %y: tensor<5xf32>) -> tensor<3x5xf32> {
  %0 = "onnx.Einsum"(%x, %y) <{equation = "i,j->ij"}> : (tensor<3xf32>, tensor<5xf32>) -> tensor<3x5xf32>
  return %0 : tensor<3x5xf32>
}

// What one operand alone sums.
// CHECK-LABEL: func @summed_alone
// CHECK: "onnx.Einsum"
func.func @summed_alone(%x: tensor<2x3xf32>, %y: tensor<2x5xf32>) -> tensor<2x5xf32> {
  %0 = "onnx.Einsum"(%x, %y) <{equation = "ij,ik->ik"}> : (tensor<2x3xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  return %0 : tensor<2x5xf32>
}

// A size of one that stands for any.
// CHECK-LABEL: func @broadcast
// CHECK: "onnx.Einsum"
func.func @broadcast(%x: tensor<1x3xf32>, %y: tensor<2x3xf32>) -> tensor<2xf32> {
  %0 = "onnx.Einsum"(%x, %y) <{equation = "bi,bi->b"}> : (tensor<1x3xf32>, tensor<2x3xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
