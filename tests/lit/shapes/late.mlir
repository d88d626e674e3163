// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -onnx-infer-shapes | FileCheck %s
// Again, as an earlier run left it: nothing changes.
// RUN: heddle-opt %s -onnx-infer-shapes -onnx-infer-shapes | FileCheck %s

// As many as the data says: the result defines the dimension, and what is computed from it keeps
// a use of that result.
// CHECK-LABEL: @nonzero
// CHECK: %[[FOUND:.*]] = "onnx.NonZero"{{.*}} -> tensor<2x?xi64, #heddle.dims<["2", "NonZero_2:1"]>>
// CHECK: %[[COUNT:.*]] = heddle.index_tensor ["NonZero_2:1"] of %[[FOUND]] : tensor<2x?xi64, #heddle.dims<["2", "NonZero_2:1"]>> -> tensor<1xi64>
// CHECK: "onnx.ConstantOfShape"(%[[COUNT]]){{.*}} -> tensor<?xf32, #heddle.dims<["NonZero_2:1"]>>
func.func @nonzero(%x: tensor<?x3xf32, #heddle.dims<["n", "3"]>>) -> tensor<*xf32> {
  %0 = "onnx.NonZero"(%x) : (tensor<?x3xf32, #heddle.dims<["n", "3"]>>) -> tensor<*xi64>
  %1 = "onnx.Shape"(%0) {start = 1 : i64} : (tensor<*xi64>) -> tensor<*xi64>
  %2 = "onnx.ConstantOfShape"(%1) : (tensor<*xi64>) -> tensor<*xf32>
  return %2 : tensor<*xf32>
}

// CHECK-LABEL: @detect
// CHECK: "onnx.NonMaxSuppression"{{.*}} -> tensor<?x3xi64, #heddle.dims<["NonMaxSuppression_{{[0-9]+}}:0", "3"]>>
// CHECK: "onnx.Unique"{{.*}} -> (tensor<?xf32, #heddle.dims<["Unique_[[U:[0-9]+]]:0"]>>, tensor<?xi64, #heddle.dims<["n"]>>, tensor<?xi64, #heddle.dims<["Unique_[[U]]:0"]>>)
func.func @detect(%b: tensor<1x9x4xf32>, %s: tensor<1x2x9xf32>, %x: tensor<?xf32, #heddle.dims<["n"]>>)
    -> (tensor<*xi64>, tensor<*xf32>, tensor<*xi64>, tensor<*xi64>) {
  %0 = "onnx.NonMaxSuppression"(%b, %s) {operandSegmentSizes = array<i32: 1, 1, 0, 0, 0>} : (tensor<1x9x4xf32>, tensor<1x2x9xf32>) -> tensor<*xi64>
  %1:3 = "onnx.Unique"(%x) {resultSegmentSizes = array<i32: 1, 0, 1, 1>} : (tensor<?xf32, #heddle.dims<["n"]>>) -> (tensor<*xf32>, tensor<*xi64>, tensor<*xi64>)
  return %0, %1#0, %1#1, %1#2 : tensor<*xi64>, tensor<*xf32>, tensor<*xi64>, tensor<*xi64>
}
