// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle compile %s -o %t.heddle
// RUN: heddle inspect %t.heddle | FileCheck %s

// A weight of 1024 bytes that two operations use is packed for each of them, to the same bytes: they
// stand in the artifact once. Another weight has bytes of its own.

// CHECK: "weights":2048}

func.func @main(%x: tensor<4x16xf32> {heddle.name = "x"}, %y: tensor<4x16xf32> {heddle.name = "y"})
    -> (tensor<4x16xf32> {heddle.name = "a"}, tensor<4x16xf32> {heddle.name = "b"},
        tensor<4x16xf32> {heddle.name = "c"}) {
  %w = "onnx.Constant"() <{value = dense<0.5> : tensor<16x16xf32>}> : () -> tensor<16x16xf32>
  %v = "onnx.Constant"() <{value = dense<0.25> : tensor<16x16xf32>}> : () -> tensor<16x16xf32>
  %a = "onnx.MatMul"(%x, %w) : (tensor<4x16xf32>, tensor<16x16xf32>) -> tensor<4x16xf32>
  %b = "onnx.MatMul"(%y, %w) : (tensor<4x16xf32>, tensor<16x16xf32>) -> tensor<4x16xf32>
  %c = "onnx.MatMul"(%y, %v) : (tensor<4x16xf32>, tensor<16x16xf32>) -> tensor<4x16xf32>
  return %a, %b, %c : tensor<4x16xf32>, tensor<4x16xf32>, tensor<4x16xf32>
}
