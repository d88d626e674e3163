// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -onnx-expand-attention -split-input-file %s | FileCheck %s

// Heads become a dimension by way of views, the window a comparison of positions.
// CHECK-LABEL: func @causal
// CHECK-NOT: onnx.Transpose
// CHECK: heddle.attention {{.*}} undefined = "zero"
// CHECK-SAME: -> tensor<1x3x2x8xf32>
// CHECK-NEXT: ^bb0(%[[S:.*]]: tensor<1x2x3x5xf32>, %[[I:.*]]: tensor<3x1xi64>, %[[J:.*]]: tensor<5xi64>):
// CHECK: %[[SCORE:.*]] = "onnx.Mul"(%[[S]], %{{.*}})
// CHECK: %[[LAST:.*]] = "onnx.Add"(%[[I]], %{{.*}})
// CHECK: %[[KEEP:.*]] = "onnx.LessOrEqual"(%[[J]], %[[LAST]])
// CHECK: "onnx.Where"(%[[KEEP]], %[[SCORE]], %{{.*}})
func.func @causal(%q: tensor<1x3x16xf32>, %k: tensor<1x5x8xf32>, %v: tensor<1x5x8xf32>) -> tensor<1x3x16xf32> {
  %y = "onnx.Attention"(%q, %k, %v) <{is_causal = 1 : i64, kv_num_heads = 1 : i64, q_num_heads = 2 : i64, operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>}> : (tensor<1x3x16xf32>, tensor<1x5x8xf32>, tensor<1x5x8xf32>) -> tensor<1x3x16xf32>
  return %y : tensor<1x3x16xf32>
}

// -----

// The past is concatenated; who wants the present gets it.
// CHECK-LABEL: func @past
// CHECK: %[[K:.*]] = "onnx.Concat"(%arg3, %arg1) <{axis = 2 : i64}>
// CHECK: %[[V:.*]] = "onnx.Concat"(%arg4, %arg2) <{axis = 2 : i64}>
// CHECK: %[[Y:.*]] = heddle.attention %arg0, %[[K]], %[[V]]
// CHECK: return %[[Y]], %[[K]]
func.func @past(%q: tensor<1x2x1x8xf32>, %k: tensor<1x2x1x8xf32>, %v: tensor<1x2x1x8xf32>, %pk: tensor<1x2x4x8xf32>, %pv: tensor<1x2x4x8xf32>) -> (tensor<1x2x1x8xf32>, tensor<1x2x5x8xf32>) {
  %y, %p, %r = "onnx.Attention"(%q, %k, %v, %pk, %pv) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 1, 1, 0>, resultSegmentSizes = array<i32: 1, 1, 1, 0>}> : (tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>, tensor<1x2x1x8xf32>, tensor<1x2x4x8xf32>, tensor<1x2x4x8xf32>) -> (tensor<1x2x1x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>)
  return %y, %p : tensor<1x2x1x8xf32>, tensor<1x2x5x8xf32>
}

// -----

// A mask that is shorter than the keys hides those behind it, and exposed scores are needed as a whole.
// CHECK-LABEL: func @library
// CHECK-NOT: heddle.attention
func.func @library(%q: tensor<1x2x3x8xf32>, %k: tensor<1x2x5x8xf32>, %v: tensor<1x2x5x8xf32>, %m: tensor<3x4xf32>) -> (tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>, tensor<1x2x3x5xf32>) {
  %y = "onnx.Attention"(%q, %k, %v, %m) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 0>}> : (tensor<1x2x3x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>, tensor<3x4xf32>) -> tensor<1x2x3x8xf32>
  %z, %s = "onnx.Attention"(%q, %k, %v) <{operandSegmentSizes = array<i32: 1, 1, 1, 0, 0, 0, 0>, resultSegmentSizes = array<i32: 1, 0, 0, 1>}> : (tensor<1x2x3x8xf32>, tensor<1x2x5x8xf32>, tensor<1x2x5x8xf32>) -> (tensor<1x2x3x8xf32>, tensor<1x2x3x5xf32>)
  return %y, %z, %s : tensor<1x2x3x8xf32>, tensor<1x2x3x8xf32>, tensor<1x2x3x5xf32>
}
