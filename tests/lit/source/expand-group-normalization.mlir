// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-expand-group-normalization %s | FileCheck %s

// CHECK-LABEL: func @symbolic
// CHECK: "onnx.InstanceNormalization"
// CHECK-SAME: epsilon = 1.000000e-03
// CHECK-SAME: tensor<?x2x?xf32, #heddle.dims<["n", "2", "4*h*w"]>>
// CHECK: "onnx.Mul"(%{{.*}}, %{{.*}}) : (tensor<?x8x?x?xf32, #heddle.dims<["n", "8", "h", "w"]>>, tensor<8x1x1xf32>)
// CHECK: "onnx.Add"
// CHECK-NOT: "onnx.GroupNormalization"
func.func @symbolic(%x: tensor<?x8x?x?xf32, #heddle.dims<["n", "8", "h", "w"]>>, %s: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<?x8x?x?xf32, #heddle.dims<["n", "8", "h", "w"]>> {
  %0 = "onnx.GroupNormalization"(%x, %s, %b) <{epsilon = 1.0e-3 : f32, num_groups = 2 : i64}> : (tensor<?x8x?x?xf32, #heddle.dims<["n", "8", "h", "w"]>>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x8x?x?xf32, #heddle.dims<["n", "8", "h", "w"]>>
  return %0 : tensor<?x8x?x?xf32, #heddle.dims<["n", "8", "h", "w"]>>
}

// CHECK-LABEL: func @halves
// CHECK: "onnx.GroupNormalization"
func.func @halves(%x: tensor<1x8x4xf16>, %s: tensor<8xf16>, %b: tensor<8xf16>) -> tensor<1x8x4xf16> {
  %0 = "onnx.GroupNormalization"(%x, %s, %b) <{num_groups = 2 : i64}> : (tensor<1x8x4xf16>, tensor<8xf16>, tensor<8xf16>) -> tensor<1x8x4xf16>
  return %0 : tensor<1x8x4xf16>
}
