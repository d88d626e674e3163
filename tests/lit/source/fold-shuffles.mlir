// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-fold-shuffles %s | FileCheck %s

// Numbers for each channel go with their channels, those for all of them stay.
// CHECK-LABEL: func @grouped
// CHECK: %[[CONV:.*]] = "onnx.Conv"(%arg0, %arg1)
// CHECK-SAME: heddle.shuffled_runs = array<i64: 2, 3>
// CHECK: %[[APART:.*]] = "onnx.Reshape"(%arg2, {{.*}} -> tensor<2x3x1x1xf32>
// CHECK: %[[MOVED:.*]] = "onnx.Transpose"(%[[APART]]) {{.*}}array<i64: 1, 0, 2, 3>
// CHECK: %[[TOGETHER:.*]] = "onnx.Reshape"(%[[MOVED]], {{.*}} -> tensor<6x1x1xf32>
// CHECK: %[[SCALED:.*]] = "onnx.Mul"(%[[CONV]], %[[TOGETHER]])
// CHECK: %[[SUM:.*]] = "onnx.Add"(%[[SCALED]], %arg3)
// CHECK: return %[[SUM]]
func.func @grouped(%x: tensor<1x4x9x9xf32>, %w: tensor<6x2x1x1xf32>, %scale: tensor<6x1x1xf32>, %one: tensor<1x1xf32>, %apart: tensor<5xi64>, %together: tensor<4xi64>) -> tensor<1x6x9x9xf32> {
  %0 = "onnx.Conv"(%x, %w) <{group = 2 : i64, kernel_shape = array<i64: 1, 1>}> : (tensor<1x4x9x9xf32>, tensor<6x2x1x1xf32>) -> tensor<1x6x9x9xf32>
  %1 = "onnx.Mul"(%0, %scale) : (tensor<1x6x9x9xf32>, tensor<6x1x1xf32>) -> tensor<1x6x9x9xf32>
  %2 = "onnx.Add"(%1, %one) : (tensor<1x6x9x9xf32>, tensor<1x1xf32>) -> tensor<1x6x9x9xf32>
  %3 = "onnx.Reshape"(%2, %apart) : (tensor<1x6x9x9xf32>, tensor<5xi64>) -> tensor<1x2x3x9x9xf32>
  %4 = "onnx.Transpose"(%3) <{perm = array<i64: 0, 2, 1, 3, 4>}> : (tensor<1x2x3x9x9xf32>) -> tensor<1x3x2x9x9xf32>
  %5 = "onnx.Reshape"(%4, %together) : (tensor<1x3x2x9x9xf32>, tensor<4xi64>) -> tensor<1x6x9x9xf32>
  return %5 : tensor<1x6x9x9xf32>
}

// Pixels that change places with channels, and results that something else reads in their order.
// CHECK-LABEL: func @kept
// CHECK-NOT: heddle.shuffled_runs
// CHECK-COUNT-2: "onnx.Transpose"
func.func @kept(%x: tensor<1x4x3x3xf32>, %w: tensor<6x4x1x1xf32>, %apart: tensor<5xi64>, %together: tensor<4xi64>) -> (tensor<1x6x3x3xf32>, tensor<1x6x3x3xf32>, tensor<1x6x3x3xf32>) {
  %0 = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 1, 1>}> : (tensor<1x4x3x3xf32>, tensor<6x4x1x1xf32>) -> tensor<1x6x3x3xf32>
  %1 = "onnx.Reshape"(%0, %apart) : (tensor<1x6x3x3xf32>, tensor<5xi64>) -> tensor<1x2x3x3x3xf32>
  %2 = "onnx.Transpose"(%1) <{perm = array<i64: 0, 1, 3, 2, 4>}> : (tensor<1x2x3x3x3xf32>) -> tensor<1x2x3x3x3xf32>
  %3 = "onnx.Reshape"(%2, %together) : (tensor<1x2x3x3x3xf32>, tensor<4xi64>) -> tensor<1x6x3x3xf32>
  %4 = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 1, 1>}> : (tensor<1x4x3x3xf32>, tensor<6x4x1x1xf32>) -> tensor<1x6x3x3xf32>
  %5 = "onnx.Reshape"(%4, %apart) : (tensor<1x6x3x3xf32>, tensor<5xi64>) -> tensor<1x2x3x3x3xf32>
  %6 = "onnx.Transpose"(%5) <{perm = array<i64: 0, 2, 1, 3, 4>}> : (tensor<1x2x3x3x3xf32>) -> tensor<1x3x2x3x3xf32>
  %7 = "onnx.Reshape"(%6, %together) : (tensor<1x3x2x3x3xf32>, tensor<4xi64>) -> tensor<1x6x3x3xf32>
  return %3, %4, %7 : tensor<1x6x3x3xf32>, tensor<1x6x3x3xf32>, tensor<1x6x3x3xf32>
}

// Channels that something else reads in two axes.
// CHECK-LABEL: func @read_apart
// CHECK-NOT: heddle.shuffled_runs
// CHECK: "onnx.Transpose"
func.func @read_apart(%x: tensor<1x4x3x3xf32>, %w: tensor<6x4x1x1xf32>, %apart: tensor<5xi64>, %together: tensor<4xi64>) -> (tensor<1x6x3x3xf32>, tensor<1x2x3x3x3xf32>) {
  %0 = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 1, 1>}> : (tensor<1x4x3x3xf32>, tensor<6x4x1x1xf32>) -> tensor<1x6x3x3xf32>
  %1 = "onnx.Reshape"(%0, %apart) : (tensor<1x6x3x3xf32>, tensor<5xi64>) -> tensor<1x2x3x3x3xf32>
  %2 = "onnx.Transpose"(%1) <{perm = array<i64: 0, 2, 1, 3, 4>}> : (tensor<1x2x3x3x3xf32>) -> tensor<1x3x2x3x3xf32>
  %3 = "onnx.Reshape"(%2, %together) : (tensor<1x3x2x3x3xf32>, tensor<4xi64>) -> tensor<1x6x3x3xf32>
  return %3, %1 : tensor<1x6x3x3xf32>, tensor<1x2x3x3x3xf32>
}
