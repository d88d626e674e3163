// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -onnx-infer-shapes -onnx-verify-shapes -split-input-file | FileCheck %s

// The chain by which models keep the batch: Shape, Gather, Unsqueeze, Concat, Reshape.
// CHECK-LABEL: func.func @main
// CHECK-SAME: -> (tensor<?x?xf32, #heddle.dims<["batch", "12*seq"]>> {heddle.name = "y"})
// CHECK-NEXT: %[[TARGET:.*]] = heddle.index_tensor ["batch", "-1"] : tensor<2xi64>
// CHECK-NEXT: %[[Y:.*]] = "onnx.Reshape"(%{{.*}}, %[[TARGET]])
// CHECK-NEXT: return %[[Y]]
func.func @main(%x: tensor<?x12x?xf32, #heddle.dims<["batch", "12", "seq"]>> {heddle.name = "x"})
    -> (tensor<*xf32> {heddle.name = "y"}) {
  %shape = "onnx.Shape"(%x) : (tensor<?x12x?xf32, #heddle.dims<["batch", "12", "seq"]>>) -> tensor<*xi64>
  %zero = "onnx.Constant"() {value = dense<0> : tensor<i64>} : () -> tensor<*xi64>
  %batch = "onnx.Gather"(%shape, %zero) {axis = 0 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %axes = "onnx.Constant"() {value = dense<0> : tensor<1xi64>} : () -> tensor<*xi64>
  %first = "onnx.Unsqueeze"(%batch, %axes) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %rest = "onnx.Constant"() {value = dense<-1> : tensor<1xi64>} : () -> tensor<*xi64>
  %target = "onnx.Concat"(%first, %rest) {axis = 0 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %y = "onnx.Reshape"(%x, %target) : (tensor<?x12x?xf32, #heddle.dims<["batch", "12", "seq"]>>, tensor<*xi64>) -> tensor<*xf32>
  return %y : tensor<*xf32>
}

// -----

// What a -1 stands for is divided exactly, whatever the symbols are.
// CHECK-LABEL: func.func @main
// CHECK: "onnx.Reshape"{{.*}} -> tensor<?x?x32xf32, #heddle.dims<["12*batch", "seq", "32"]>>
// CHECK: "onnx.Flatten"{{.*}} -> tensor<12x?xf32, #heddle.dims<["12", "32*seq"]>>
func.func @main(%x: tensor<?x?x384xf32, #heddle.dims<["batch", "seq", "384"]>> {heddle.name = "x"},
                %z: tensor<12x?x32xf32, #heddle.dims<["12", "seq", "32"]>> {heddle.name = "z"})
    -> (tensor<*xf32> {heddle.name = "y"}, tensor<*xf32> {heddle.name = "w"}) {
  %shape = "onnx.Shape"(%x) {end = 1 : i64} : (tensor<?x?x384xf32, #heddle.dims<["batch", "seq", "384"]>>) -> tensor<*xi64>
  %twelve = "onnx.Constant"() {value = dense<12> : tensor<1xi64>} : () -> tensor<*xi64>
  %rows = "onnx.Mul"(%shape, %twelve) : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %rest = "onnx.Constant"() {value = dense<[-1, 32]> : tensor<2xi64>} : () -> tensor<*xi64>
  %target = "onnx.Concat"(%rows, %rest) {axis = 0 : i64} : (tensor<*xi64>, tensor<*xi64>) -> tensor<*xi64>
  %y = "onnx.Reshape"(%x, %target) : (tensor<?x?x384xf32, #heddle.dims<["batch", "seq", "384"]>>, tensor<*xi64>) -> tensor<*xf32>
  %w = "onnx.Flatten"(%z) : (tensor<12x?x32xf32, #heddle.dims<["12", "seq", "32"]>>) -> tensor<*xf32>
  return %y, %w : tensor<*xf32>, tensor<*xf32>
}

// -----

// Contents that only the run knows: one missing dimension follows from the others, more get symbols.
// CHECK-LABEL: func.func @main
// CHECK: "onnx.Reshape"{{.*}} -> tensor<?x6xf32, #heddle.dims<["4*n", "6"]>>
// CHECK: "onnx.Reshape"{{.*}} -> tensor<?x?xf32, #heddle.dims<["Reshape_{{[0-9]+}}:0", "Reshape_{{[0-9]+}}:1"]>>
func.func @main(%x: tensor<?x24xf32, #heddle.dims<["n", "24"]>> {heddle.name = "x"}, %one: tensor<1xi64> {heddle.name = "one"},
                %two: tensor<2xi64> {heddle.name = "two"})
    -> (tensor<*xf32> {heddle.name = "y"}, tensor<*xf32> {heddle.name = "z"}) {
  %six = "onnx.Constant"() {value = dense<6> : tensor<1xi64>} : () -> tensor<*xi64>
  %shape = "onnx.Concat"(%one, %six) {axis = 0 : i64} : (tensor<1xi64>, tensor<*xi64>) -> tensor<*xi64>
  %y = "onnx.Reshape"(%x, %shape) : (tensor<?x24xf32, #heddle.dims<["n", "24"]>>, tensor<*xi64>) -> tensor<*xf32>
  %z = "onnx.Reshape"(%x, %two) : (tensor<?x24xf32, #heddle.dims<["n", "24"]>>, tensor<2xi64>) -> tensor<*xf32>
  return %y, %z : tensor<*xf32>, tensor<*xf32>
}
