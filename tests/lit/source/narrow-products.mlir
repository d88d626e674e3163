// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-narrow-products %s | FileCheck %s --check-prefixes=CHECK,EXACT
// RUN: heddle-opt -heddle-narrow-products=bf16=true %s | FileCheck %s --check-prefixes=CHECK,ROUNDS
// RUN: heddle-opt -heddle-narrow-products="bf16=true convolutions=false" %s | FileCheck %s --check-prefixes=PRODUCTS

// Weights that were f16 can be stored so; they may be moved about first.
// CHECK-LABEL: func @half_weights
// EXACT: "onnx.MatMul"({{.*}}) {heddle.weights_fit = f16}
// ROUNDS: "onnx.MatMul"({{.*}}) {heddle.rounds_operands, heddle.weights_fit = f16}
// PRODUCTS: "onnx.MatMul"({{.*}}) {heddle.rounds_operands, heddle.weights_fit = f16}
func.func @half_weights(%x: tensor<1x64xf32>) -> tensor<1x32xf32> {
  %half = "onnx.Constant"() {value = dense<1.0> : tensor<32x64xf16>} : () -> tensor<32x64xf16>
  %wide = "onnx.Cast"(%half) <{to = 1 : i64}> : (tensor<32x64xf16>) -> tensor<32x64xf32>
  %turned = "onnx.Transpose"(%wide) <{perm = array<i64: 1, 0>}> : (tensor<32x64xf32>) -> tensor<64x32xf32>
  %y = "onnx.MatMul"(%x, %turned) : (tensor<1x64xf32>, tensor<64x32xf32>) -> tensor<1x32xf32>
  return %y : tensor<1x32xf32>
}

// What is computed from them is not exact in f16 any more.
// CHECK-LABEL: func @computed_weights
// CHECK-NOT: weights_fit
// EXACT-NOT: rounds_operands
// ROUNDS: "onnx.Conv"({{.*}}) <{{.*}}> {heddle.rounds_operands}
// PRODUCTS: "onnx.Conv"
// PRODUCTS-NOT: rounds_operands
// PRODUCTS: return
func.func @computed_weights(%x: tensor<1x8x9x9xf32>) -> tensor<1x8x7x7xf32> {
  %half = "onnx.Constant"() {value = dense<1.0> : tensor<8x8x3x3xf16>} : () -> tensor<8x8x3x3xf16>
  %wide = "onnx.Cast"(%half) <{to = 1 : i64}> : (tensor<8x8x3x3xf16>) -> tensor<8x8x3x3xf32>
  %w = "onnx.Exp"(%wide) : (tensor<8x8x3x3xf32>) -> tensor<8x8x3x3xf32>
  %y = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 3>}> : (tensor<1x8x9x9xf32>, tensor<8x8x3x3xf32>) -> tensor<1x8x7x7xf32>
  return %y : tensor<1x8x7x7xf32>
}

// An operand that is no weight is packed at every run, which few rows do not repay.
// CHECK-LABEL: func @activations
// EXACT-NOT: rounds_operands
// ROUNDS: "onnx.MatMul"(%arg0, %arg1) {heddle.rounds_operands}
// ROUNDS: "onnx.MatMul"(%arg2, %arg1) :
// ROUNDS: "onnx.MatMul"(%arg3, %arg1) :
func.func @activations(%x: tensor<64x16xf32>, %b: tensor<16x16xf32>, %few: tensor<8x16xf32>,
                       %some: tensor<?x16xf32, #heddle.dims<["n", "16"]>>)
    -> (tensor<64x16xf32>, tensor<8x16xf32>, tensor<?x16xf32, #heddle.dims<["n", "16"]>>) {
  %0 = "onnx.MatMul"(%x, %b) : (tensor<64x16xf32>, tensor<16x16xf32>) -> tensor<64x16xf32>
  %1 = "onnx.MatMul"(%few, %b) : (tensor<8x16xf32>, tensor<16x16xf32>) -> tensor<8x16xf32>
  %2 = "onnx.MatMul"(%some, %b) : (tensor<?x16xf32, #heddle.dims<["n", "16"]>>, tensor<16x16xf32>) -> tensor<?x16xf32, #heddle.dims<["n", "16"]>>
  return %0, %1, %2 : tensor<64x16xf32>, tensor<8x16xf32>, tensor<?x16xf32, #heddle.dims<["n", "16"]>>
}

// Other precisions are as they were.
// CHECK-LABEL: func @double
// CHECK-NOT: rounds_operands
func.func @double(%x: tensor<64x16xf64>) -> tensor<64x8xf64> {
  %w = "onnx.Constant"() {value = dense<1.0> : tensor<16x8xf64>} : () -> tensor<16x8xf64>
  %y = "onnx.MatMul"(%x, %w) : (tensor<64x16xf64>, tensor<16x8xf64>) -> tensor<64x8xf64>
  return %y : tensor<64x8xf64>
}
