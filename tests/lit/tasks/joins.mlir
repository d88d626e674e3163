// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle compile %s --emit task -o %t && FileCheck %s < %t

// A concatenation of runs is no task: its parts are made in place. A concatenation may be part of
// the next one, and sizes need not be known. What cannot be made there is moved: inputs, values twice,
// parts of another one, parts that do not lie together.

// CHECK-LABEL: task.graph @main
// CHECK: %[[A:.*]], %{{.*}} = task.launch @relu
// CHECK: %[[B:.*]], %{{.*}} = task.launch @sigmoid
// CHECK: %[[AB:.*]] = task.join %[[A]], %[[B]] : tensor<1x2x8xf32>, tensor<1x2x8xf32> to tensor<1x4x8xf32>
// CHECK: %[[C:.*]], %{{.*}} = task.launch @tanh
// CHECK: task.join %[[AB]], %[[C]] : tensor<1x4x8xf32>, tensor<1x2x8xf32> to tensor<1x6x8xf32>
// CHECK-NOT: task.join
// CHECK-COUNT-3: task.launch @concat
// CHECK-NOT: task.join
// CHECK: task.launch @erf_concat
// CHECK: %[[P:.*]], %{{.*}} = task.launch @relu
// CHECK: %[[Q:.*]], %{{.*}} = task.launch @tanh
// CHECK: task.join %[[P]], %[[Q]]
func.func @main(%x: tensor<1x2x8xf32> {heddle.name = "x"},
                %s: tensor<1x?x8xf32, #heddle.dims<["1", "n", "8"]>> {heddle.name = "s"})
    -> (tensor<1x6x8xf32> {heddle.name = "nested"}, tensor<1x4x8xf32> {heddle.name = "input"},
        tensor<1x4x8xf32> {heddle.name = "twice"}, tensor<1x4x8xf32> {heddle.name = "taken"},
        tensor<1x2x16xf32> {heddle.name = "apart"},
        tensor<1x?x8xf32, #heddle.dims<["1", "2*n", "8"]>> {heddle.name = "open"}) {
  %a = "onnx.Relu"(%x) : (tensor<1x2x8xf32>) -> tensor<1x2x8xf32>
  %b = "onnx.Sigmoid"(%x) : (tensor<1x2x8xf32>) -> tensor<1x2x8xf32>
  %ab = "onnx.Concat"(%a, %b) <{axis = 1 : i64}> : (tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> tensor<1x4x8xf32>
  %c = "onnx.Tanh"(%x) : (tensor<1x2x8xf32>) -> tensor<1x2x8xf32>
  %nested = "onnx.Concat"(%ab, %c) <{axis = -2 : i64}> : (tensor<1x4x8xf32>, tensor<1x2x8xf32>) -> tensor<1x6x8xf32>
  %d = "onnx.Exp"(%x) : (tensor<1x2x8xf32>) -> tensor<1x2x8xf32>
  %input = "onnx.Concat"(%d, %x) <{axis = 1 : i64}> : (tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> tensor<1x4x8xf32>
  %twice = "onnx.Concat"(%d, %d) <{axis = 1 : i64}> : (tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> tensor<1x4x8xf32>
  %taken = "onnx.Concat"(%d, %a) <{axis = 1 : i64}> : (tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> tensor<1x4x8xf32>
  %e = "onnx.Erf"(%x) : (tensor<1x2x8xf32>) -> tensor<1x2x8xf32>
  %apart = "onnx.Concat"(%d, %e) <{axis = 2 : i64}> : (tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> tensor<1x2x16xf32>
  %p = "onnx.Relu"(%s) : (tensor<1x?x8xf32, #heddle.dims<["1", "n", "8"]>>) -> tensor<1x?x8xf32, #heddle.dims<["1", "n", "8"]>>
  %q = "onnx.Tanh"(%s) : (tensor<1x?x8xf32, #heddle.dims<["1", "n", "8"]>>) -> tensor<1x?x8xf32, #heddle.dims<["1", "n", "8"]>>
  %open = "onnx.Concat"(%p, %q) <{axis = 1 : i64}> : (tensor<1x?x8xf32, #heddle.dims<["1", "n", "8"]>>, tensor<1x?x8xf32, #heddle.dims<["1", "n", "8"]>>) -> tensor<1x?x8xf32, #heddle.dims<["1", "2*n", "8"]>>
  return %nested, %input, %twice, %taken, %apart, %open : tensor<1x6x8xf32>, tensor<1x4x8xf32>, tensor<1x4x8xf32>, tensor<1x4x8xf32>, tensor<1x2x16xf32>, tensor<1x?x8xf32, #heddle.dims<["1", "2*n", "8"]>>
}
