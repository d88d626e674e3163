// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-expand-recurrent %s | FileCheck %s

// The inputs' part of all steps is one product; the loop has the state's.
// CHECK-LABEL: func.func @lstm
// CHECK: "onnx.Gemm"(%{{.*}}) {{.*}}transB = 1{{.*}} -> tensor<18x32xf32>
// CHECK: "onnx.Scan"
// CHECK: "onnx.Gemm"(%{{.*}}) {{.*}} -> tensor<2x32xf32>
// CHECK-COUNT-3: "onnx.Sigmoid"
// CHECK-NOT: onnx.LSTM
func.func @lstm(%x: tensor<9x2x4xf32>, %w: tensor<1x32x4xf32>, %r: tensor<1x32x8xf32>, %b: tensor<1x64xf32>) -> (tensor<9x1x2x8xf32>, tensor<1x2x8xf32>) {
  %y, %h = "onnx.LSTM"(%x, %w, %r, %b) <{hidden_size = 8 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 1, 0>}> : (tensor<9x2x4xf32>, tensor<1x32x4xf32>, tensor<1x32x8xf32>, tensor<1x64xf32>) -> (tensor<9x1x2x8xf32>, tensor<1x2x8xf32>)
  return %y, %h : tensor<9x1x2x8xf32>, tensor<1x2x8xf32>
}

// One step is no loop.
// CHECK-LABEL: func.func @gru
// CHECK-NOT: onnx.Scan
// CHECK-NOT: onnx.GRU
// CHECK: onnx.Tanh
func.func @gru(%x: tensor<1x2x4xf32>, %w: tensor<1x24x4xf32>, %r: tensor<1x24x8xf32>) -> tensor<1x2x8xf32> {
  %h = "onnx.GRU"(%x, %w, %r) <{hidden_size = 8 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>, resultSegmentSizes = array<i32: 0, 1>}> : (tensor<1x2x4xf32>, tensor<1x24x4xf32>, tensor<1x24x8xf32>) -> tensor<1x2x8xf32>
  return %h : tensor<1x2x8xf32>
}

// Linear before reset, the state meets the weights of all three gates in one product.
// CHECK-LABEL: func.func @linear
// CHECK: "onnx.Gemm"
// CHECK: "onnx.Gemm"(%{{.*}}) {{.*}} -> tensor<2x24xf32>
// CHECK-NOT: "onnx.Gemm"
// CHECK: onnx.Tanh
func.func @linear(%x: tensor<1x2x4xf32>, %w: tensor<1x24x4xf32>, %r: tensor<1x24x8xf32>, %b: tensor<1x48xf32>) -> tensor<1x2x8xf32> {
  %h = "onnx.GRU"(%x, %w, %r, %b) <{hidden_size = 8 : i64, linear_before_reset = 1 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>, resultSegmentSizes = array<i32: 0, 1>}> : (tensor<1x2x4xf32>, tensor<1x24x4xf32>, tensor<1x24x8xf32>, tensor<1x48xf32>) -> tensor<1x2x8xf32>
  return %h : tensor<1x2x8xf32>
}

// What DynamicQuantizeLSTM becomes multiplies bytes, the state rounded to the range that it has in each step.
// CHECK-LABEL: func.func @bytes
// CHECK: "onnx.DynamicQuantizeLinear"
// CHECK: "onnx.MatMulInteger"(%{{.*}}) {{.*}} : (tensor<18x4xui8>, tensor<4x32xi8>, tensor<ui8>, tensor<i8>) -> tensor<18x32xi32>
// CHECK: "onnx.Scan"
// CHECK: "onnx.DynamicQuantizeLinear"
// CHECK: "onnx.MatMulInteger"(%{{.*}}) {{.*}} : (tensor<2x8xui8>, tensor<8x32xi8>, tensor<ui8>, tensor<32xi8>) -> tensor<2x32xi32>
// CHECK-NOT: onnx.Gemm
func.func @bytes(%x: tensor<9x2x4xf32>, %w: tensor<1x128xi8>, %ws: tensor<1xf32>, %wz: tensor<1xi8>, %r: tensor<32x8xi8>, %rs: tensor<32xf32>, %rz: tensor<32xi8>) -> tensor<9x1x2x8xf32> {
  %shape = "onnx.Constant"() <{value = dense<[1, 32, -1]> : tensor<3xi64>}> : () -> tensor<3xi64>
  %wn = "onnx.DequantizeLinear"(%w, %ws, %wz) <{axis = 0 : i64}> : (tensor<1x128xi8>, tensor<1xf32>, tensor<1xi8>) -> tensor<1x128xf32>
  %rn = "onnx.DequantizeLinear"(%r, %rs, %rz) <{axis = 0 : i64}> : (tensor<32x8xi8>, tensor<32xf32>, tensor<32xi8>) -> tensor<32x8xf32>
  %wv = "onnx.Reshape"(%wn, %shape) : (tensor<1x128xf32>, tensor<3xi64>) -> tensor<1x32x4xf32>
  %rv = "onnx.Reshape"(%rn, %shape) : (tensor<32x8xf32>, tensor<3xi64>) -> tensor<1x32x8xf32>
  %y = "onnx.LSTM"(%x, %wv, %rv) <{hidden_size = 8 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0>}> {heddle.rounds_operands} : (tensor<9x2x4xf32>, tensor<1x32x4xf32>, tensor<1x32x8xf32>) -> tensor<9x1x2x8xf32>
  return %y : tensor<9x1x2x8xf32>
}

// Turned around before the product and after the loop, whatever the length.
// CHECK-LABEL: func.func @reverse
// CHECK: %[[X:.*]] = "onnx.Slice"(%arg0
// CHECK: %[[ROWS:.*]] = "onnx.Reshape"(%[[X]]
// CHECK: "onnx.Gemm"(%[[ROWS]]
// CHECK: %[[SCAN:.*]]:2 = "onnx.Scan"
// CHECK: "onnx.Slice"(%[[SCAN]]#1
// CHECK-NOT: onnx.RNN
func.func @reverse(%s: tensor<?x2x4xf32, #heddle.dims<["n", "2", "4"]>>, %w: tensor<1x8x4xf32>, %r: tensor<1x8x8xf32>) -> tensor<?x1x2x8xf32, #heddle.dims<["n", "1", "2", "8"]>> {
  %y = "onnx.RNN"(%s, %w, %r) <{direction = "reverse", hidden_size = 8 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0>}> : (tensor<?x2x4xf32, #heddle.dims<["n", "2", "4"]>>, tensor<1x8x4xf32>, tensor<1x8x8xf32>) -> tensor<?x1x2x8xf32, #heddle.dims<["n", "1", "2", "8"]>>
  return %y : tensor<?x1x2x8xf32, #heddle.dims<["n", "1", "2", "8"]>>
}

// Sequences of several lengths, and clipping.
// CHECK-LABEL: func.func @left
// CHECK-COUNT-2: "onnx.RNN"
func.func @left(%x: tensor<9x2x4xf32>, %w: tensor<1x8x4xf32>, %r: tensor<1x8x8xf32>, %lens: tensor<2xi32>) -> (tensor<1x2x8xf32>, tensor<1x2x8xf32>) {
  %a = "onnx.RNN"(%x, %w, %r, %lens) <{hidden_size = 8 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 0>, resultSegmentSizes = array<i32: 0, 1>}> : (tensor<9x2x4xf32>, tensor<1x8x4xf32>, tensor<1x8x8xf32>, tensor<2xi32>) -> tensor<1x2x8xf32>
  %b = "onnx.RNN"(%x, %w, %r) <{clip = 1.0 : f32, hidden_size = 8 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0>, resultSegmentSizes = array<i32: 0, 1>}> : (tensor<9x2x4xf32>, tensor<1x8x4xf32>, tensor<1x8x8xf32>) -> tensor<1x2x8xf32>
  return %a, %b : tensor<1x2x8xf32>, tensor<1x2x8xf32>
}
