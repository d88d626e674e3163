// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -onnx-infer-shapes -split-input-file | FileCheck %s

// Equal expressions stay, a constant wins over a name, two names give the greater one.
// CHECK-LABEL: @named
// CHECK: "onnx.Add"({{.*}}) -> tensor<?x4xf32, #heddle.dims<["a", "4"]>>
// CHECK: "onnx.Mul"({{.*}}) -> tensor<?x4xf32, #heddle.dims<["max(a, b)", "4"]>>
func.func @named(%x: tensor<?x?xf32, #heddle.dims<["a", "c"]>>, %y: tensor<?x4xf32, #heddle.dims<["a", "4"]>>,
                 %z: tensor<?x1xf32, #heddle.dims<["b", "1"]>>) -> tensor<*xf32> {
  %0 = "onnx.Add"(%x, %y) : (tensor<?x?xf32, #heddle.dims<["a", "c"]>>, tensor<?x4xf32, #heddle.dims<["a", "4"]>>) -> tensor<*xf32>
  %1 = "onnx.Mul"(%0, %z) : (tensor<*xf32>, tensor<?x1xf32, #heddle.dims<["b", "1"]>>) -> tensor<*xf32>
  return %1 : tensor<*xf32>
}

// -----

// Dimensions without a name get one; ranks are filled up at the front; comparisons are bool.
// CHECK-LABEL: @unnamed
// CHECK-SAME: (%{{.*}}: tensor<2x?xf32, #heddle.dims<["2", "in:1"]>>
// CHECK: "onnx.Less"({{.*}}) -> tensor<2x?xi1, #heddle.dims<["2", "in:1"]>>
func.func @unnamed(%x: tensor<2x?xf32> {heddle.name = "in"}, %y: tensor<f32>) -> tensor<*xi1> {
  %0 = "onnx.Less"(%x, %y) : (tensor<2x?xf32>, tensor<f32>) -> tensor<*xi1>
  return %0 : tensor<*xi1>
}

// -----

// CHECK-LABEL: @matmul
// CHECK: "onnx.MatMul"({{.*}}) -> tensor<?x8x?x64xf32, #heddle.dims<["b", "8", "seq", "64"]>>
func.func @matmul(%x: tensor<?x8x?x32xf32, #heddle.dims<["b", "8", "seq", "32"]>>, %y: tensor<1x8x32x64xf32>) -> tensor<*xf32> {
  %0 = "onnx.MatMul"(%x, %y) : (tensor<?x8x?x32xf32, #heddle.dims<["b", "8", "seq", "32"]>>, tensor<1x8x32x64xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
