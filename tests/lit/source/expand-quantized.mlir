// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-expand-quantized %s | FileCheck %s

// The bias is added to the sums, one scale a filter stands along the channels.
// CHECK-LABEL: func @convolution
// CHECK: %[[SUM:.*]] = "onnx.ConvInteger"(%arg0, %arg3, %arg2, %arg5)
// CHECK: %[[BIASED:.*]] = "onnx.Add"(%[[SUM]], %{{.*}}) : (tensor<1x8x4x4xi32>, tensor<8x1x1xi32>)
// CHECK: %[[REAL:.*]] = "onnx.Cast"(%[[BIASED]])
// CHECK: %[[SCALED:.*]] = "onnx.Mul"(%[[REAL]], %{{.*}}) : (tensor<1x8x4x4xf32>, tensor<8x1x1xf32>)
// CHECK: "onnx.QuantizeLinear"(%[[SCALED]]
// CHECK-NOT: "onnx.QLinearConv"
func.func @convolution(%x: tensor<1x8x4x4xui8>, %sx: tensor<f32>, %zx: tensor<ui8>, %w: tensor<8x8x1x1xi8>, %sw: tensor<8xf32>, %zw: tensor<8xi8>, %sy: tensor<f32>, %zy: tensor<ui8>, %b: tensor<8xi32>) -> tensor<1x8x4x4xui8> {
  %0 = "onnx.QLinearConv"(%x, %sx, %zx, %w, %sw, %zw, %sy, %zy, %b) : (tensor<1x8x4x4xui8>, tensor<f32>, tensor<ui8>, tensor<8x8x1x1xi8>, tensor<8xf32>, tensor<8xi8>, tensor<f32>, tensor<ui8>, tensor<8xi32>) -> tensor<1x8x4x4xui8>
  return %0 : tensor<1x8x4x4xui8>
}

// Scales for each row and each column.
// CHECK-LABEL: func @matmul
// CHECK: "onnx.MatMulInteger"(%arg0, %arg3, %arg2, %arg5)
// CHECK: "onnx.Unsqueeze"(%arg1, %{{.*}}) : (tensor<4xf32>, tensor<1xi64>) -> tensor<4x1xf32>
// CHECK: "onnx.Mul"(%{{.*}}, %arg4) : (tensor<4x1xf32>, tensor<3xf32>) -> tensor<4x3xf32>
// CHECK: "onnx.QuantizeLinear"
func.func @matmul(%a: tensor<4x8xi8>, %sa: tensor<4xf32>, %za: tensor<4xi8>, %b: tensor<8x3xi8>, %sb: tensor<3xf32>, %zb: tensor<3xi8>, %sy: tensor<1xf32>, %zy: tensor<1xi8>) -> tensor<4x3xi8> {
  %0 = "onnx.QLinearMatMul"(%a, %sa, %za, %b, %sb, %zb, %sy, %zy) : (tensor<4x8xi8>, tensor<4xf32>, tensor<4xi8>, tensor<8x3xi8>, tensor<3xf32>, tensor<3xi8>, tensor<1xf32>, tensor<1xi8>) -> tensor<4x3xi8>
  return %0 : tensor<4x3xi8>
}

// A scale for each row of the result: the library has it.
// CHECK-LABEL: func @scaled_rows
// CHECK: "onnx.QLinearMatMul"
func.func @scaled_rows(%a: tensor<4x8xi8>, %s: tensor<f32>, %z: tensor<i8>, %b: tensor<8x3xi8>, %sy: tensor<4x1xf32>, %zy: tensor<4x1xi8>) -> tensor<4x3xi8> {
  %0 = "onnx.QLinearMatMul"(%a, %s, %z, %b, %s, %z, %sy, %zy) : (tensor<4x8xi8>, tensor<f32>, tensor<i8>, tensor<8x3xi8>, tensor<f32>, tensor<i8>, tensor<4x1xf32>, tensor<4x1xi8>) -> tensor<4x3xi8>
  return %0 : tensor<4x3xi8>
}

// CHECK-LABEL: func @dynamic
// CHECK: %[[MOST:.*]] = "onnx.ReduceMax"(%arg0, %{{.*}}) <{keepdims = 1
// CHECK-SAME: tensor<4x1xf32>
// CHECK: %[[LEAST:.*]] = "onnx.ReduceMin"(%arg0, %{{.*}}) <{keepdims = 1
// CHECK: %[[DEPTH:.*]] = "onnx.Neg"(%[[LEAST]])
// CHECK: %[[ROWS:.*]] = "onnx.Where"(%{{.*}}, %[[MOST]], %[[DEPTH]]) : {{.*}} -> tensor<4x2xf32>
// CHECK: "onnx.ReduceMax"(%[[ROWS]], %{{.*}}) <{keepdims = 0
// CHECK-SAME: tensor<2xf32>
// CHECK: %[[SCALE:.*]] = "onnx.Where"
// CHECK: %[[ZERO:.*]] = "onnx.QuantizeLinear"
// CHECK: %[[Y:.*]] = "onnx.QuantizeLinear"(%arg0, %[[SCALE]], %[[ZERO]])
// CHECK: return %[[Y]], %[[SCALE]], %[[ZERO]]
func.func @dynamic(%x: tensor<4x8xf32>) -> (tensor<4x8xui8>, tensor<f32>, tensor<ui8>) {
  %0:3 = "onnx.DynamicQuantizeLinear"(%x) : (tensor<4x8xf32>) -> (tensor<4x8xui8>, tensor<f32>, tensor<ui8>)
  return %0#0, %0#1, %0#2 : tensor<4x8xui8>, tensor<f32>, tensor<ui8>
}

// Scales that are known and have a reciprocal in two parts; not so 1 + 2^-23, and not one that the run tells.
// CHECK-LABEL: func @scales
// CHECK: "onnx.QuantizeLinear"({{.*}}) <{{.*}}> {heddle.rounded_quotient}
// CHECK: "onnx.QuantizeLinear"
// CHECK-NOT: rounded_quotient
// CHECK: "onnx.QuantizeLinear"
// CHECK-NOT: rounded_quotient
// CHECK: return
func.func @scales(%x: tensor<8xf32>, %unknown: tensor<f32>) -> (tensor<8xi8>, tensor<8xi8>, tensor<8xi8>) {
  %s = "onnx.Constant"() {value = dense<0.1> : tensor<f32>} : () -> tensor<f32>
  %next = "onnx.Constant"() {value = dense<0x3F800001> : tensor<f32>} : () -> tensor<f32>
  %z = "onnx.Constant"() {value = dense<0> : tensor<i8>} : () -> tensor<i8>
  %0 = "onnx.QuantizeLinear"(%x, %s, %z) : (tensor<8xf32>, tensor<f32>, tensor<i8>) -> tensor<8xi8>
  %1 = "onnx.QuantizeLinear"(%x, %next, %z) : (tensor<8xf32>, tensor<f32>, tensor<i8>) -> tensor<8xi8>
  %2 = "onnx.QuantizeLinear"(%x, %unknown, %z) : (tensor<8xf32>, tensor<f32>, tensor<i8>) -> tensor<8xi8>
  return %0, %1, %2 : tensor<8xi8>, tensor<8xi8>, tensor<8xi8>
}
