// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle compile %s -o %t.heddle
// RUN: heddle inspect %t.heddle | FileCheck %s
// RUN: heddle run %t.heddle --random-inputs

// Sub-graphs have the constants that they capture, at any depth, among their own: what a branch's
// product reads is the packed weight of 1024 bytes, and the one that it was made of, which the source
// captures, is no longer in the program. The constant of 64 bytes is returned as it is, and added.

// CHECK: "weights":1088}

func.func @main(%which: tensor<i1> {heddle.name = "which"}, %x: tensor<4x16xf32> {heddle.name = "x"},
                %s: tensor<4x8xf32> {heddle.name = "s"})
    -> (tensor<4x8xf32> {heddle.name = "y"}, tensor<8xf32> {heddle.name = "z"}) {
  %w = "onnx.Constant"() <{value = dense<0.5> : tensor<16x8xf32>}> : () -> tensor<16x8xf32>
  %b = "onnx.Constant"() <{value = dense<0.25> : tensor<8xf32>}> : () -> tensor<8xf32>
  %y:2 = "onnx.If"(%which) ({
    %inner = "onnx.If"(%which) ({
      %product = "onnx.MatMul"(%x, %w) : (tensor<4x16xf32>, tensor<16x8xf32>) -> tensor<4x8xf32>
      onnx.Yield %product : tensor<4x8xf32>
    }, {
      %sum = "onnx.Add"(%s, %b) : (tensor<4x8xf32>, tensor<8xf32>) -> tensor<4x8xf32>
      onnx.Yield %sum : tensor<4x8xf32>
    }) : (tensor<i1>) -> tensor<4x8xf32>
    onnx.Yield %inner, %b : tensor<4x8xf32>, tensor<8xf32>
  }, {
    onnx.Yield %s, %b : tensor<4x8xf32>, tensor<8xf32>
  }) : (tensor<i1>) -> (tensor<4x8xf32>, tensor<8xf32>)
  return %y#0, %y#1 : tensor<4x8xf32>, tensor<8xf32>
}
