// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-expand-batch-normalization %s | FileCheck %s

// CHECK-LABEL: func @constants
// CHECK-NOT: onnx.BatchNormalization
// CHECK: %[[ROOT:.*]] = "onnx.Sqrt"
// CHECK: %[[FACTOR:.*]] = "onnx.Div"(%{{.*}}, %[[ROOT]]) : (tensor<2xf32>, tensor<2xf32>)
// CHECK: "onnx.Reshape"(%[[FACTOR]], {{.*}} -> tensor<2x1x1xf32>
// CHECK: %[[SCALED:.*]] = "onnx.Mul"(%arg0, %{{.*}}) : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>)
// CHECK: %[[SUM:.*]] = "onnx.Add"(%[[SCALED]], %{{.*}}) : (tensor<1x2x4x4xf32>, tensor<2x1x1xf32>)
// CHECK: return %[[SUM]]
func.func @constants(%x: tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32> {
  %0 = "onnx.Constant"() <{value = dense<[1.0, 2.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %1 = "onnx.Abs"(%0) : (tensor<2xf32>) -> tensor<2xf32>
  %Y = "onnx.BatchNormalization"(%x, %0, %0, %1, %0) <{epsilon = 1.0e-5 : f32, momentum = 0.9 : f32, resultSegmentSizes = array<i32: 1, 0, 0>, training_mode = 0 : i64}> : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %Y : tensor<1x2x4x4xf32>
}

// A parameter that only a run tells: the kernel computes factor and shift.
// CHECK-LABEL: func @computed
// CHECK: onnx.BatchNormalization
func.func @computed(%x: tensor<1x2x4x4xf32>, %scale: tensor<2xf32>) -> tensor<1x2x4x4xf32> {
  %0 = "onnx.Constant"() <{value = dense<[1.0, 2.0]> : tensor<2xf32>}> : () -> tensor<2xf32>
  %Y = "onnx.BatchNormalization"(%x, %scale, %0, %0, %0) <{epsilon = 1.0e-5 : f32, momentum = 0.9 : f32, resultSegmentSizes = array<i32: 1, 0, 0>, training_mode = 0 : i64}> : (tensor<1x2x4x4xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x4x4xf32>
  return %Y : tensor<1x2x4x4xf32>
}
