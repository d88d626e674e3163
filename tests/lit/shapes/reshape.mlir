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
