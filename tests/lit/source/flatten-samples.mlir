// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-flatten-samples %s | FileCheck %s

// CHECK-LABEL: func @flattened
// CHECK: %[[GRID:.*]] = "onnx.Reshape"(%arg1
// CHECK-SAME: tensor<?x1x?x2xf32, #heddle.dims<["n", "1", "4*q", "2"]>>
// CHECK: %[[POINTS:.*]] = "onnx.GridSample"(%arg0, %[[GRID]]) <{align_corners = 1 : i64, mode = "nearest", padding_mode = "border"}>
// CHECK-SAME: tensor<?x32x1x?xf32, #heddle.dims<["n", "32", "1", "4*q"]>>
// CHECK: "onnx.Reshape"(%[[POINTS]]
// CHECK-SAME: tensor<?x32x?x4xf32, #heddle.dims<["n", "32", "q", "4"]>>
func.func @flattened(%x: tensor<?x32x20x20xf32, #heddle.dims<["n", "32", "20", "20"]>>, %g: tensor<?x?x4x2xf32, #heddle.dims<["n", "q", "4", "2"]>>) -> tensor<?x32x?x4xf32, #heddle.dims<["n", "32", "q", "4"]>> {
  %0 = "onnx.GridSample"(%x, %g) <{align_corners = 1 : i64, mode = "nearest", padding_mode = "border"}> : (tensor<?x32x20x20xf32, #heddle.dims<["n", "32", "20", "20"]>>, tensor<?x?x4x2xf32, #heddle.dims<["n", "q", "4", "2"]>>) -> tensor<?x32x?x4xf32, #heddle.dims<["n", "32", "q", "4"]>>
  return %0 : tensor<?x32x?x4xf32, #heddle.dims<["n", "32", "q", "4"]>>
}

// All axes of a volume's points.
// CHECK-LABEL: func @volume
// CHECK: "onnx.GridSample"
// CHECK-SAME: tensor<1x1x1x30x3xf32>
// CHECK-SAME: -> tensor<1x8x1x1x30xf32>
func.func @volume(%x: tensor<1x8x4x4x4xf32>, %g: tensor<1x2x3x5x3xf32>) -> tensor<1x8x2x3x5xf32> {
  %0 = "onnx.GridSample"(%x, %g) : (tensor<1x8x4x4x4xf32>, tensor<1x2x3x5x3xf32>) -> tensor<1x8x2x3x5xf32>
  return %0 : tensor<1x8x2x3x5xf32>
}

// Rows as long as a vector, of a size that only a run tells, and a single one stay.
// CHECK-LABEL: func @kept
// CHECK-NOT: onnx.Reshape
func.func @kept(%x: tensor<1x3x8x8xf32>, %g: tensor<1x9x16x2xf32>, %h: tensor<1x9x?x2xf32, #heddle.dims<["1", "9", "w", "2"]>>, %i: tensor<1x1x4x2xf32>) {
  %0 = "onnx.GridSample"(%x, %g) : (tensor<1x3x8x8xf32>, tensor<1x9x16x2xf32>) -> tensor<1x3x9x16xf32>
  %1 = "onnx.GridSample"(%x, %h) : (tensor<1x3x8x8xf32>, tensor<1x9x?x2xf32, #heddle.dims<["1", "9", "w", "2"]>>) -> tensor<1x3x9x?xf32, #heddle.dims<["1", "3", "9", "w"]>>
  %2 = "onnx.GridSample"(%x, %i) : (tensor<1x3x8x8xf32>, tensor<1x1x4x2xf32>) -> tensor<1x3x1x4xf32>
  return
}
