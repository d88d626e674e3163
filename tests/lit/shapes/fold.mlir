// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -onnx-infer-shapes | FileCheck %s

// Constants computed from constants, floating-point ones too.
// CHECK-LABEL: @scales
// CHECK-NEXT: %[[SCALES:.*]] = "onnx.Constant"() <{value = dense<[1.000000e+00, 1.000000e+00, 2.000000e+00, 1.500000e+00]> : tensor<4xf32>}>
// CHECK-NEXT: "onnx.Resize"(%{{.*}}, %[[SCALES]]) {{.*}} -> tensor<1x3x?x15xf32, #heddle.dims<["1", "3", "2*h", "15"]>>
// CHECK-NEXT: return
func.func @scales(%x: tensor<1x3x?x10xf32, #heddle.dims<["1", "3", "h", "10"]>>) -> tensor<*xf32> {
  %0 = "onnx.Constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<*xf32>
  %1 = "onnx.Constant"() {value = dense<[4.0, 3.0]> : tensor<2xf32>} : () -> tensor<*xf32>
  %2 = "onnx.Constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<*xf32>
  %3 = "onnx.Div"(%1, %2) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %4 = "onnx.Concat"(%0, %3) {axis = 0 : i64} : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %5 = "onnx.Resize"(%x, %4) {operandSegmentSizes = array<i32: 1, 0, 1, 0>} : (tensor<1x3x?x10xf32, #heddle.dims<["1", "3", "h", "10"]>>, tensor<*xf32>) -> tensor<*xf32>
  return %5 : tensor<*xf32>
}

// Sizes that pass through floating point.
// CHECK-LABEL: @floats
// CHECK-NEXT: %[[SIZES:.*]] = heddle.index_tensor ["1", "3", "2*h", "20"] : tensor<4xi64>
// CHECK-NEXT: "onnx.Resize"(%{{.*}}, %[[SIZES]])
func.func @floats(%x: tensor<1x3x?x10xf32, #heddle.dims<["1", "3", "h", "10"]>>) -> tensor<*xf32> {
  %0 = "onnx.Shape"(%x) {end = 2 : i64} : (tensor<1x3x?x10xf32, #heddle.dims<["1", "3", "h", "10"]>>) -> tensor<*xi64>
  %1 = "onnx.Shape"(%x) {start = 2 : i64} : (tensor<1x3x?x10xf32, #heddle.dims<["1", "3", "h", "10"]>>) -> tensor<*xi64>
  %2 = "onnx.Cast"(%1) {to = 1 : i64} : (tensor<*xi64>) -> tensor<*xf32>
  %3 = "onnx.Constant"() {value = dense<2.0> : tensor<f32>} : () -> tensor<*xf32>
  %4 = "onnx.Mul"(%2, %3) : (tensor<*xf32>, tensor<*xf32>) -> tensor<*xf32>
  %5 = "onnx.Floor"(%4) : (tensor<*xf32>) -> tensor<*xf32>
  %6 = "onnx.Cast"(%5) {to = 7 : i64} : (tensor<*xf32>) -> tensor<*xi64>
  %7 = "onnx.Concat"(%0, %6) {axis = 0 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %8 = "onnx.Resize"(%x, %7) {operandSegmentSizes = array<i32: 1, 0, 0, 1>} : (tensor<1x3x?x10xf32, #heddle.dims<["1", "3", "h", "10"]>>, tensor<*xi64>) -> tensor<*xf32>
  return %8 : tensor<*xf32>
}

// What passes its operand on, and what nothing uses.
// CHECK-LABEL: @identities
// CHECK-NEXT: %[[Y:.*]] = "onnx.Relu"(%arg0)
// CHECK-NEXT: return %[[Y]]
func.func @identities(%x: tensor<4xf32>) -> tensor<*xf32> {
  %0 = "onnx.Identity"(%x) : (tensor<4xf32>) -> tensor<*xf32>
  %1 = "onnx.Cast"(%0) {to = 1 : i64} : (tensor<*xf32>) -> tensor<*xf32>
  %2 = "onnx.Dropout"(%1) {operandSegmentSizes = array<i32: 1, 0, 0>, resultSegmentSizes = array<i32: 1, 0>} : (tensor<*xf32>) -> tensor<*xf32>
  %3 = "onnx.Exp"(%2) : (tensor<*xf32>) -> tensor<*xf32>
  %4 = "onnx.Relu"(%2) : (tensor<*xf32>) -> tensor<*xf32>
  return %4 : tensor<*xf32>
}

// The mask of a padded sequence: comparisons of sizes that do not depend on symbols.
// CHECK-LABEL: @choose
// CHECK: %[[TARGET:.*]] = heddle.index_tensor ["n", "5"] : tensor<2xi64>
// CHECK: "onnx.Expand"(%{{.*}}, %[[TARGET]]) {{.*}} -> tensor<?x5xf32, #heddle.dims<["n", "5"]>>
func.func @choose(%x: tensor<?x1xf32, #heddle.dims<["n", "1"]>>) -> tensor<*xf32> {
  %0 = "onnx.Constant"() {value = dense<[-1, 5]> : tensor<2xi64>} : () -> tensor<*xi64>
  %1 = "onnx.Constant"() {value = dense<-1> : tensor<i64>} : () -> tensor<*xi64>
  %2 = "onnx.Equal"(%0, %1) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi1>
  %3 = "onnx.Shape"(%x) : (tensor<?x1xf32, #heddle.dims<["n", "1"]>>) -> tensor<*xi64>
  %4 = "onnx.Where"(%2, %3, %0) : (tensor<*xi1>, tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %5 = "onnx.Expand"(%x, %4) : (tensor<?x1xf32, #heddle.dims<["n", "1"]>>, tensor<*xi64>) -> tensor<*xf32>
  return %5 : tensor<*xf32>
}

// Rows without elements are not walked, however many there are.
// CHECK-LABEL: func.func @no_elements
// CHECK-SAME: -> tensor<1099511627776x0xf32>
func.func @no_elements(%x: tensor<1099511627776x0xf32>) -> tensor<*xf32> {
  %0 = "onnx.Concat"(%x, %x) {axis = 1 : i64} : (tensor<1099511627776x0xf32>, tensor<1099511627776x0xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}

// What has no elements is not computed, however long that would take.
// CHECK-LABEL: func.func @empty
// CHECK-NEXT: %[[EMPTY:.*]] = "onnx.Constant"() <{value = dense<> : tensor<1x1x1099511627776x0xf32>}>
// CHECK-NEXT: return %[[EMPTY]]
func.func @empty(%x: tensor<1x1x1099511627776x0xf32>) -> tensor<*xf32> {
  %0 = "onnx.Attention"(%x, %x, %x) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>}> : (tensor<1x1x1099511627776x0xf32>, tensor<1x1x1099511627776x0xf32>, tensor<1x1x1099511627776x0xf32>) -> tensor<*xf32>
  return %0 : tensor<*xf32>
}
