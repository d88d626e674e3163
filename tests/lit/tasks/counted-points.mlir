// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle compile %s --emit task -o %t && FileCheck %s < %t
// RUN: heddle compile %s -o %t.heddle && heddle run %t.heddle --random-inputs --dim n=3 --dim m=5

// Where the first point of a call is, divisions tell; the places of the others are counted.

// CHECK: func.func @slice_0
// CHECK: arith.divui
// CHECK: scf.for {{.*}} iter_args(
// CHECK-NOT: arith.divui
// CHECK: return
func.func @main(%x: tensor<?x?x7x2xf32, #heddle.dims<["n", "m", "7", "2"]>> {heddle.name = "x"})
    -> (tensor<?x?x7x1xf32, #heddle.dims<["n", "m", "7", "1"]>> {heddle.name = "y"}) {
  %zero = "onnx.Constant"() <{value = dense<0> : tensor<1xi64>}> : () -> tensor<1xi64>
  %one = "onnx.Constant"() <{value = dense<1> : tensor<1xi64>}> : () -> tensor<1xi64>
  %last = "onnx.Constant"() <{value = dense<3> : tensor<1xi64>}> : () -> tensor<1xi64>
  %y = "onnx.Slice"(%x, %zero, %one, %last) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0>}> : (tensor<?x?x7x2xf32, #heddle.dims<["n", "m", "7", "2"]>>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?x7x1xf32, #heddle.dims<["n", "m", "7", "1"]>>
  return %y : tensor<?x?x7x1xf32, #heddle.dims<["n", "m", "7", "1"]>>
}
