// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle compile %s --emit task -o %t && FileCheck %s < %t

// Sizes that only a view was made with are computed by no task, here and in a branch; what came after
// that task in order comes after what it came after. Sizes that are read are.

// CHECK-LABEL: task.graph @main
// CHECK: task.launch @relu_0(%arg1) dims
// CHECK: task.view
// CHECK: task.control "branch"(%arg0
// CHECK-NOT: task.launch @sizes
// CHECK: task.launch @sizes_2_i64
// CHECK-NOT: task.launch @sizes
// CHECK: module @kernels
func.func @main(%c: tensor<i1> {heddle.name = "c"}, %x: tensor<?x8xf32, #heddle.dims<["n", "8"]>> {heddle.name = "x"})
    -> (tensor<?xf32, #heddle.dims<["8*n"]>> {heddle.name = "y"}, tensor<2xi64> {heddle.name = "shape"}) {
  %flat = heddle.index_tensor ["8*n"] : tensor<1xi64>
  %r = "onnx.Relu"(%x) : (tensor<?x8xf32, #heddle.dims<["n", "8"]>>) -> tensor<?x8xf32, #heddle.dims<["n", "8"]>>
  %v = "onnx.Reshape"(%r, %flat) : (tensor<?x8xf32, #heddle.dims<["n", "8"]>>, tensor<1xi64>) -> tensor<?xf32, #heddle.dims<["8*n"]>>
  %y = "onnx.If"(%c) ({
    %e = "onnx.Exp"(%x) : (tensor<?x8xf32, #heddle.dims<["n", "8"]>>) -> tensor<?x8xf32, #heddle.dims<["n", "8"]>>
    %inner = heddle.index_tensor ["8*n"] : tensor<1xi64>
    %w = "onnx.Reshape"(%e, %inner) : (tensor<?x8xf32, #heddle.dims<["n", "8"]>>, tensor<1xi64>) -> tensor<?xf32, #heddle.dims<["8*n"]>>
    onnx.Yield %w : tensor<?xf32, #heddle.dims<["8*n"]>>
  }, {
    onnx.Yield %v : tensor<?xf32, #heddle.dims<["8*n"]>>
  }) : (tensor<i1>) -> tensor<?xf32, #heddle.dims<["8*n"]>>
  %shape = heddle.index_tensor ["n", "8"] : tensor<2xi64>
  return %y, %shape : tensor<?xf32, #heddle.dims<["8*n"]>>, tensor<2xi64>
}
