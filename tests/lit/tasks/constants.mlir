// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle compile %s --emit task -o %t && FileCheck %s < %t

// What depends on constants only is computed while compiling: weights that a model makes, and the
// packed form of weights. What depends on a size of an input is not, even where no tensor is read.

// CHECK-LABEL: task.graph @main
// CHECK: ^bb0(%[[X:.*]]: tensor<?x8xf32, {{.*}}>, %[[PACKED:.*]]: tensor<128xf32>):
// CHECK: %[[PRODUCT:.*]], %{{.*}} = task.launch @matmul_0(%[[X]], %[[PACKED]])
// CHECK: %[[FILL:.*]], %{{.*}} = task.launch @constantofshape_0()
// CHECK: task.yield %[[PRODUCT]], %[[FILL]]
func.func @main(%x: tensor<?x8xf32, #heddle.dims<["n", "8"]>> {heddle.name = "x"})
    -> (tensor<?x16xf32, #heddle.dims<["n", "16"]>> {heddle.name = "y"},
        tensor<?x2xf32, #heddle.dims<["n", "2"]>> {heddle.name = "fill"}) {
  %shape = "onnx.Constant"() <{value = dense<[8, 16]> : tensor<2xi64>}> : () -> tensor<2xi64>
  %w = "onnx.ConstantOfShape"(%shape) <{value = dense<0.5> : tensor<1xf32>}> : (tensor<2xi64>) -> tensor<8x16xf32>
  %y = "onnx.MatMul"(%x, %w) : (tensor<?x8xf32, #heddle.dims<["n", "8"]>>, tensor<8x16xf32>) -> tensor<?x16xf32, #heddle.dims<["n", "16"]>>
  %sizes = heddle.index_tensor ["n", "2"] : tensor<2xi64>
  %fill = "onnx.ConstantOfShape"(%sizes) <{value = dense<0.5> : tensor<1xf32>}> : (tensor<2xi64>) -> tensor<?x2xf32, #heddle.dims<["n", "2"]>>
  return %y, %fill : tensor<?x16xf32, #heddle.dims<["n", "16"]>>, tensor<?x2xf32, #heddle.dims<["n", "2"]>>
}

// CHECK-LABEL: task.graph @constants
// CHECK: %[[WEIGHT:.*]] = task.constant dense<5.000000e-01> : tensor<8x16xf32>
// CHECK: %[[PANELS:.*]], %{{.*}} = task.launch @matmul_0_pack(%[[WEIGHT]])
// CHECK: task.yield %[[PANELS]]
