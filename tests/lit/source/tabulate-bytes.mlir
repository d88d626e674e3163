// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-tabulate-bytes %s | FileCheck %s

// All bytes stand along the last axis.
// CHECK-LABEL: func @silu
// CHECK: %[[BYTES:.*]] = "onnx.Constant"() <{value = dense<"0x000102
// CHECK: %[[X:.*]] = "onnx.DequantizeLinear"(%[[BYTES]]
// CHECK-SAME: -> tensor<1x1x1x256xf32>
// CHECK: %[[S:.*]] = "onnx.Sigmoid"(%[[X]])
// CHECK: %[[Y:.*]] = "onnx.Mul"(%[[X]], %[[S]])
// CHECK: %[[Q:.*]] = "onnx.QuantizeLinear"(%[[Y]]
// CHECK: %[[TABLE:.*]] = "onnx.Reshape"(%[[Q]]
// CHECK: heddle.look_up %arg0 in %[[TABLE]] : tensor<1x8x4x4xui8>, tensor<256xi8> -> tensor<1x8x4x4xi8>
// CHECK-NOT: tensor<1x8x4x4xf32>
// CHECK: return
func.func @silu(%x: tensor<1x8x4x4xui8>) -> tensor<1x8x4x4xi8> {
  %s = "onnx.Constant"() {value = dense<0.1> : tensor<f32>} : () -> tensor<f32>
  %z = "onnx.Constant"() {value = dense<128> : tensor<ui8>} : () -> tensor<ui8>
  %zy = "onnx.Constant"() {value = dense<-3> : tensor<i8>} : () -> tensor<i8>
  %0 = "onnx.DequantizeLinear"(%x, %s, %z) : (tensor<1x8x4x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<1x8x4x4xf32>
  %1 = "onnx.Sigmoid"(%0) : (tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  %2 = "onnx.Mul"(%0, %1) : (tensor<1x8x4x4xf32>, tensor<1x8x4x4xf32>) -> tensor<1x8x4x4xf32>
  %3 = "onnx.QuantizeLinear"(%2, %s, %zy) : (tensor<1x8x4x4xf32>, tensor<f32>, tensor<i8>) -> tensor<1x8x4x4xi8>
  return %3 : tensor<1x8x4x4xi8>
}

// Two bytes; something else that reads what is between; a scale that is not known; no function.
// CHECK-LABEL: func @kept
// CHECK-NOT: heddle.look_up
// CHECK: return
func.func @kept(%x: tensor<8x4xui8>, %y: tensor<8x4xui8>, %unknown: tensor<f32>)
    -> (tensor<8x4xui8>, tensor<8x4xf32>, tensor<8x4xui8>, tensor<8x4xui8>, tensor<8x4xui8>) {
  %s = "onnx.Constant"() {value = dense<0.1> : tensor<f32>} : () -> tensor<f32>
  %z = "onnx.Constant"() {value = dense<128> : tensor<ui8>} : () -> tensor<ui8>
  %0 = "onnx.DequantizeLinear"(%x, %s, %z) : (tensor<8x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<8x4xf32>
  %1 = "onnx.DequantizeLinear"(%y, %s, %z) : (tensor<8x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<8x4xf32>
  %2 = "onnx.Div"(%0, %1) : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  %3 = "onnx.QuantizeLinear"(%2, %s, %z) : (tensor<8x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<8x4xui8>
  %4 = "onnx.Tanh"(%0) : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %5 = "onnx.QuantizeLinear"(%4, %s, %z) : (tensor<8x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<8x4xui8>
  %6 = "onnx.DequantizeLinear"(%x, %unknown, %z) : (tensor<8x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<8x4xf32>
  %7 = "onnx.Exp"(%6) : (tensor<8x4xf32>) -> tensor<8x4xf32>
  %8 = "onnx.QuantizeLinear"(%7, %s, %z) : (tensor<8x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<8x4xui8>
  %9 = "onnx.DequantizeLinear"(%x, %s, %z) : (tensor<8x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<8x4xf32>
  %10 = "onnx.Add"(%9, %9) : (tensor<8x4xf32>, tensor<8x4xf32>) -> tensor<8x4xf32>
  %11 = "onnx.QuantizeLinear"(%10, %s, %z) : (tensor<8x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<8x4xui8>
  return %3, %4, %5, %8, %11 : tensor<8x4xui8>, tensor<8x4xf32>, tensor<8x4xui8>, tensor<8x4xui8>, tensor<8x4xui8>
}
