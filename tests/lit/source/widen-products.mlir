// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-widen-products %s | FileCheck %s
// RUN: heddle-opt -onnx-widen-products -heddle-narrow-products %s | FileCheck %s --check-prefix=STORED

// CHECK-LABEL: func @half
// CHECK: %[[W:.*]] = "onnx.Constant"() {{.*}} tensor<16x8xf16>
// CHECK: %[[X32:.*]] = "onnx.Cast"(%arg0) {{.*}}to = 1 : i64{{.*}} -> tensor<4x16xf32>
// CHECK: %[[W32:.*]] = "onnx.Cast"(%[[W]]) {{.*}} -> tensor<16x8xf32>
// CHECK: %[[Y32:.*]] = "onnx.MatMul"(%[[X32]], %[[W32]])
// CHECK: %[[Y:.*]] = "onnx.Cast"(%[[Y32]]) {{.*}}to = 10 : i64{{.*}} -> tensor<4x8xf16>
// CHECK: return %[[Y]]
// STORED: "onnx.MatMul"({{.*}}) {heddle.weights_fit = f16}
func.func @half(%x: tensor<4x16xf16>) -> tensor<4x8xf16> {
  %w = "onnx.Constant"() {value = dense<1.0> : tensor<16x8xf16>} : () -> tensor<16x8xf16>
  %y = "onnx.MatMul"(%x, %w) : (tensor<4x16xf16>, tensor<16x8xf16>) -> tensor<4x8xf16>
  return %y : tensor<4x8xf16>
}

// Filters are packed in any case, weights or not.
// CHECK-LABEL: func @brain
// CHECK: "onnx.Conv"({{.*}}) -> tensor<1x8x7x7xf32>
// CHECK: to = 16 : i64
func.func @brain(%x: tensor<1x8x9x9xbf16>, %w: tensor<8x8x3x3xbf16>) -> tensor<1x8x7x7xbf16> {
  %y = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 3, 3>}> : (tensor<1x8x9x9xbf16>, tensor<8x8x3x3xbf16>) -> tensor<1x8x7x7xbf16>
  return %y : tensor<1x8x7x7xbf16>
}

// CHECK-LABEL: func @two_activations
// CHECK-NOT: onnx.Cast
func.func @two_activations(%x: tensor<4x16xf16>, %z: tensor<16x8xf16>) -> tensor<4x8xf16> {
  %y = "onnx.MatMul"(%x, %z) : (tensor<4x16xf16>, tensor<16x8xf16>) -> tensor<4x8xf16>
  return %y : tensor<4x8xf16>
}
