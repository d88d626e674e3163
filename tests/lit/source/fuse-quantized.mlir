// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-fuse-quantized %s | FileCheck %s

// CHECK-LABEL: func @convolution
// CHECK-NOT: "onnx.Conv"
// CHECK: "onnx.ConvInteger"(%arg0, %arg1
// CHECK: "onnx.Cast"
// CHECK: "onnx.Mul"
// CHECK: "onnx.Add"
// CHECK-NOT: "onnx.DequantizeLinear"
func.func @convolution(%x: tensor<1x8x4x4xui8>, %w: tensor<8x8x1x1xi8>, %sx: tensor<f32>, %zx: tensor<ui8>, %sw: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<1x8x4x4xf32> {
  %0 = "onnx.DequantizeLinear"(%x, %sx, %zx) : (tensor<1x8x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x8x4x4xf32>
  %1 = "onnx.DequantizeLinear"(%w, %sw) <{axis = 0 : i64}> : (tensor<8x8x1x1xi8>, tensor<8xf32>) -> tensor<8x8x1x1xf32>
  %2 = "onnx.Conv"(%0, %1, %b) : (tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>, tensor<8xf32>) -> tensor<1x8x4x4xf32>
  return %2 : tensor<1x8x4x4xf32>
}

// A scale for each input channel does not factor out of the sum.
// CHECK-LABEL: func @per_input_channel
// CHECK: "onnx.Conv"
func.func @per_input_channel(%x: tensor<1x8x4x4xui8>, %w: tensor<8x8x1x1xi8>, %sx: tensor<8xf32>, %sw: tensor<f32>) -> tensor<1x8x4x4xf32> {
  %0 = "onnx.DequantizeLinear"(%x, %sx) <{axis = 1 : i64}> : (tensor<1x8x4x4xui8>, tensor<8xf32>) -> tensor<1x8x4x4xf32>
  %1 = "onnx.DequantizeLinear"(%w, %sw) : (tensor<8x8x1x1xi8>, tensor<f32>) -> tensor<8x8x1x1xf32>
  %2 = "onnx.Conv"(%0, %1) : (tensor<1x8x4x4xf32>, tensor<8x8x1x1xf32>) -> tensor<1x8x4x4xf32>
  return %2 : tensor<1x8x4x4xf32>
}

// One channel a group, a scale for each filter.
// CHECK-LABEL: func @depthwise
// CHECK: "onnx.ConvInteger"(%arg0, %arg1, %arg3)
// CHECK-SAME: group = 8
func.func @depthwise(%x: tensor<1x8x4x4xui8>, %w: tensor<8x1x3x3xi8>, %sx: tensor<f32>, %zx: tensor<ui8>, %sw: tensor<8xf32>) -> tensor<1x8x2x2xf32> {
  %0 = "onnx.DequantizeLinear"(%x, %sx, %zx) : (tensor<1x8x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x8x4x4xf32>
  %1 = "onnx.DequantizeLinear"(%w, %sw) <{axis = 0 : i64}> : (tensor<8x1x3x3xi8>, tensor<8xf32>) -> tensor<8x1x3x3xf32>
  %2 = "onnx.Conv"(%0, %1) <{group = 8 : i64}> : (tensor<1x8x4x4xf32>, tensor<8x1x3x3xf32>) -> tensor<1x8x2x2xf32>
  return %2 : tensor<1x8x2x2xf32>
}

// CHECK-LABEL: func @zeros
// CHECK: "onnx.MatMulInteger"(%arg0, %arg1, %arg2)
func.func @zeros(%a: tensor<4x8xui8>, %b: tensor<8x3xi8>, %za: tensor<ui8>) -> tensor<4x3xi32> {
  %zb = "onnx.Constant"() <{value = dense<0> : tensor<3xi8>}> : () -> tensor<3xi8>
  %0 = "onnx.MatMulInteger"(%a, %b, %za, %zb) <{operandSegmentSizes = array<i32: 1, 1, 1, 1>}> : (tensor<4x8xui8>, tensor<8x3xi8>, tensor<ui8>, tensor<3xi8>) -> tensor<4x3xi32>
  return %0 : tensor<4x3xi32>
}

// A scale for each column of the weights, whose axis may be counted from the last.
// CHECK-LABEL: func @columns
// CHECK: "onnx.MatMulInteger"(%arg0, %arg1, %arg4)
// CHECK: "onnx.Mul"({{.*}}) : (tensor<?x4x3xf32{{.*}}, tensor<3xf32>)
func.func @columns(%a: tensor<?x4x8xui8, #heddle.dims<["b", "4", "8"]>>, %w: tensor<8x3xi8>, %sa: tensor<f32>, %sw: tensor<3xf32>, %za: tensor<ui8>) -> tensor<?x4x3xf32, #heddle.dims<["b", "4", "3"]>> {
  %0 = "onnx.DequantizeLinear"(%a, %sa, %za) : (tensor<?x4x8xui8, #heddle.dims<["b", "4", "8"]>>, tensor<f32>, tensor<ui8>) -> tensor<?x4x8xf32, #heddle.dims<["b", "4", "8"]>>
  %1 = "onnx.DequantizeLinear"(%w, %sw) <{axis = -1 : i64}> : (tensor<8x3xi8>, tensor<3xf32>) -> tensor<8x3xf32>
  %2 = "onnx.MatMul"(%0, %1) : (tensor<?x4x8xf32, #heddle.dims<["b", "4", "8"]>>, tensor<8x3xf32>) -> tensor<?x4x3xf32, #heddle.dims<["b", "4", "3"]>>
  return %2 : tensor<?x4x3xf32, #heddle.dims<["b", "4", "3"]>>
}

// A scale for each row does not factor out of the sum.
// CHECK-LABEL: func @rows
// CHECK: "onnx.MatMul"
// CHECK-NOT: "onnx.MatMulInteger"
func.func @rows(%a: tensor<4x8xui8>, %w: tensor<8x3xi8>, %sa: tensor<f32>, %sw: tensor<8xf32>) -> tensor<4x3xf32> {
  %0 = "onnx.DequantizeLinear"(%a, %sa) : (tensor<4x8xui8>, tensor<f32>) -> tensor<4x8xf32>
  %1 = "onnx.DequantizeLinear"(%w, %sw) <{axis = 0 : i64}> : (tensor<8x3xi8>, tensor<8xf32>) -> tensor<8x3xf32>
  %2 = "onnx.MatMul"(%0, %1) : (tensor<4x8xf32>, tensor<8x3xf32>) -> tensor<4x3xf32>
  return %2 : tensor<4x3xf32>
}

// CHECK-LABEL: func @gemm
// CHECK: %[[RIGHT:.*]] = "onnx.Transpose"(%arg1)
// CHECK: "onnx.MatMulInteger"(%arg0, %[[RIGHT]], %arg4)
// CHECK: "onnx.Add"
// CHECK-NOT: "onnx.Gemm"
func.func @gemm(%a: tensor<4x8xui8>, %w: tensor<3x8xi8>, %sa: tensor<f32>, %sw: tensor<3xf32>, %za: tensor<ui8>, %c: tensor<3xf32>) -> tensor<4x3xf32> {
  %0 = "onnx.DequantizeLinear"(%a, %sa, %za) : (tensor<4x8xui8>, tensor<f32>, tensor<ui8>) -> tensor<4x8xf32>
  %1 = "onnx.DequantizeLinear"(%w, %sw) <{axis = 0 : i64}> : (tensor<3x8xi8>, tensor<3xf32>) -> tensor<3x8xf32>
  %2 = "onnx.Gemm"(%0, %1, %c) <{transB = 1 : i64}> : (tensor<4x8xf32>, tensor<3x8xf32>, tensor<3xf32>) -> tensor<4x3xf32>
  return %2 : tensor<4x3xf32>
}

// CHECK-LABEL: func @scaled_gemm
// CHECK: "onnx.Gemm"
func.func @scaled_gemm(%a: tensor<4x8xui8>, %w: tensor<8x3xi8>, %sa: tensor<f32>, %sw: tensor<f32>) -> tensor<4x3xf32> {
  %0 = "onnx.DequantizeLinear"(%a, %sa) : (tensor<4x8xui8>, tensor<f32>) -> tensor<4x8xf32>
  %1 = "onnx.DequantizeLinear"(%w, %sw) : (tensor<8x3xi8>, tensor<f32>) -> tensor<8x3xf32>
  %2 = "onnx.Gemm"(%0, %1) <{alpha = 2.0 : f32}> : (tensor<4x8xf32>, tensor<8x3xf32>) -> tensor<4x3xf32>
  return %2 : tensor<4x3xf32>
}
