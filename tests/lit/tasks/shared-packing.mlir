// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle compile %s --target-cpu x86-64-v3 --emit task -o %t && FileCheck %s < %t

// Kernels are made for the sizes of a layer, what packs its weights for none: two layers share it.

// CHECK: task.graph @constants
// CHECK-DAG: task.launch @[[PACK:.*_pack]]({{.*}} dims ["1", "64", "8"]
// CHECK-DAG: task.launch @[[PACK]]({{.*}} dims ["1", "96", "64"]
// CHECK: module @kernels
// CHECK: func.func @{{.*}}_pack(
// CHECK-NOT: func.func @{{.*}}_pack(

func.func @main(%x: tensor<1x8x20x20xf32> {heddle.name = "x"}) -> (tensor<1x96x7x7xf32> {heddle.name = "y"}) {
  %w = "onnx.Constant"() <{value = dense<0.5> : tensor<64x8x5x5xf32>}> : () -> tensor<64x8x5x5xf32>
  %v = "onnx.Constant"() <{value = dense<0.25> : tensor<96x64x5x5xf32>}> : () -> tensor<96x64x5x5xf32>
  %0 = "onnx.Conv"(%x, %w) <{kernel_shape = array<i64: 5, 5>, strides = array<i64: 2, 2>, pads = array<i64: 2, 2, 2, 2>}> : (tensor<1x8x20x20xf32>, tensor<64x8x5x5xf32>) -> tensor<1x64x10x10xf32>
  %y = "onnx.Conv"(%0, %v) <{kernel_shape = array<i64: 5, 5>, pads = array<i64: 1, 1, 0, 0>}> : (tensor<1x64x10x10xf32>, tensor<96x64x5x5xf32>) -> tensor<1x96x7x7xf32>
  return %y : tensor<1x96x7x7xf32>
}
