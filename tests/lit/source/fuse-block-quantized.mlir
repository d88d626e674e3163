// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-fuse-block-quantized %s | FileCheck %s

// Codes -8 to 7 of two columns become 0 to 15, two a byte, a column after the other.
// CHECK-LABEL: func @product
// CHECK: %[[CODES:.*]] = "onnx.Constant"() <{value = dense_resource<codes> : tensor<2x1x8xui8>}>
// CHECK: heddle.block_matmul %{{.*}}, %[[CODES]], %{{.*}} {bits = 4 : i64, block = 16 : i64, zero_point = 8 : i64}
// CHECK-NOT: onnx.MatMul
func.func @product(%x: tensor<3x16xf32>, %scale: tensor<1x2xf32>) -> tensor<3x2xf32> {
  %codes = "onnx.Constant"() {value = dense<[[0, 1], [-8, 2], [3, 4], [5, 6], [7, 7], [0, 0], [0, 0], [0, 0], [0, 0],
      [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [-1, -2]]> : tensor<16x2xi4>} : () -> tensor<16x2xi4>
  %w = "onnx.DequantizeLinear"(%codes, %scale) {axis = 0 : i64, block_size = 16 : i64}
      : (tensor<16x2xi4>, tensor<1x2xf32>) -> tensor<16x2xf32>
  %y = "onnx.MatMul"(%x, %w) : (tensor<3x16xf32>, tensor<16x2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// Blocks along the columns have scales that no sum of a block shares.
// CHECK-LABEL: func @across
// CHECK: onnx.MatMul
func.func @across(%x: tensor<3x2xf32>, %scale: tensor<2x1xf32>) -> tensor<3x16xf32> {
  %codes = "onnx.Constant"() {value = dense<[[0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7],
      [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]]> : tensor<2x16xi4>} : () -> tensor<2x16xi4>
  %w = "onnx.DequantizeLinear"(%codes, %scale) {axis = 1 : i64, block_size = 16 : i64}
      : (tensor<2x16xi4>, tensor<2x1xf32>) -> tensor<2x16xf32>
  %y = "onnx.MatMul"(%x, %w) : (tensor<3x2xf32>, tensor<2x16xf32>) -> tensor<3x16xf32>
  return %y : tensor<3x16xf32>
}

// The same is one that is transposed, for Gemm.
// CHECK-LABEL: func @turned
// CHECK: heddle.block_matmul
// CHECK: onnx.Add
func.func @turned(%x: tensor<3x16xf32>, %scale: tensor<2x1xf32>, %c: tensor<2xf32>) -> tensor<3x2xf32> {
  %codes = "onnx.Constant"() {value = dense<[[0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7],
      [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7]]> : tensor<2x16xi4>} : () -> tensor<2x16xi4>
  %w = "onnx.DequantizeLinear"(%codes, %scale) {axis = 1 : i64, block_size = 16 : i64}
      : (tensor<2x16xi4>, tensor<2x1xf32>) -> tensor<2x16xf32>
  %y = "onnx.Gemm"(%x, %w, %c) {transB = 1 : i64} : (tensor<3x16xf32>, tensor<2x16xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// CHECK: codes: "0x1000000008DB8F8888888878A9EC8F8888888868"
