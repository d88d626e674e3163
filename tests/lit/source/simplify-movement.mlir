// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-simplify-movement %s | FileCheck %s

// CHECK-LABEL: func @ones
// CHECK: %[[SHAPE:.*]] = "onnx.Constant"{{.*}}[1, 1, 512]
// CHECK: %[[VIEW:.*]] = "onnx.Reshape"(%arg0, %[[SHAPE]])
// CHECK: return %[[VIEW]]
func.func @ones(%x: tensor<1x512x1xf32>) -> tensor<1x1x512xf32> {
  %0 = "onnx.Transpose"(%x) <{perm = array<i64: 0, 2, 1>}> : (tensor<1x512x1xf32>) -> tensor<1x1x512xf32>
  return %0 : tensor<1x1x512xf32>
}

// CHECK-LABEL: func @nothing
// CHECK-NEXT: return %arg0, %arg0, %arg0
func.func @nothing(%x: tensor<1x1x8xf32>) -> (tensor<1x1x8xf32>, tensor<1x1x8xf32>, tensor<1x1x8xf32>) {
  %0 = "onnx.Transpose"(%x) <{perm = array<i64: 1, 0, 2>}> : (tensor<1x1x8xf32>) -> tensor<1x1x8xf32>
  %1 = "onnx.Split"(%x) <{axis = 0 : i64, num_outputs = 1 : i64}> : (tensor<1x1x8xf32>) -> tensor<1x1x8xf32>
  %2 = "onnx.Concat"(%x) <{axis = 1 : i64}> : (tensor<1x1x8xf32>) -> tensor<1x1x8xf32>
  return %0, %1, %2 : tensor<1x1x8xf32>, tensor<1x1x8xf32>, tensor<1x1x8xf32>
}

// Elements move though the type stays: axes of equal size change places, pads take off what they add.
// CHECK-LABEL: func @moved
// CHECK: "onnx.Transpose"(%arg0)
// CHECK: "onnx.Pad"(%arg0
func.func @moved(%x: tensor<8x8xf32>) -> (tensor<8x8xf32>, tensor<8x8xf32>) {
  %0 = "onnx.Transpose"(%x) <{perm = array<i64: 1, 0>}> : (tensor<8x8xf32>) -> tensor<8x8xf32>
  %pads = "onnx.Constant"() {value = dense<[1, 0, -1, 0]> : tensor<4xi64>} : () -> tensor<4xi64>
  %1 = "onnx.Pad"(%x, %pads) <{mode = "constant", operandSegmentSizes = array<i32: 1, 1, 0, 0>}> : (tensor<8x8xf32>, tensor<4xi64>) -> tensor<8x8xf32>
  return %0, %1 : tensor<8x8xf32>, tensor<8x8xf32>
}
