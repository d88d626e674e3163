// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-form-caches -split-input-file %s | FileCheck %s

// A loop that attends to what it appends: time first inside, as it was around.
// CHECK-LABEL: func @carried
// CHECK-SAME: (%[[START:[^:]*]]: tensor<2x?x8xf32
// CHECK: %[[FIRST:.*]] = "onnx.Transpose"(%[[START]]) <{perm = array<i64: 1, 0, 2>}>
// CHECK: %[[LOOP:.*]]:2 = "onnx.Loop"(%{{.*}}, %[[FIRST]])
// CHECK: ^bb0(%{{.*}}: tensor<i64>, %{{.*}}: tensor<i1>, %[[PAST:.*]]: tensor<?x2x8xf32
// CHECK: %[[CACHE:.*]] = heddle.cache.open %[[PAST]]
// CHECK: %[[NOW:.*]] = heddle.cache.append %{{.*}} to %[[CACHE]]
// CHECK: %[[ALL:.*]] = heddle.cache.view %[[NOW]]
// CHECK: heddle.attention %{{.*}}, %[[ALL]], %[[ALL]] {key_axes = array<i64: 1, 0, 2>
// CHECK: onnx.Yield %{{.*}}, %[[ALL]], %{{.*}}
// CHECK: %[[LAST:.*]] = "onnx.Transpose"(%[[LOOP]]#0) <{perm = array<i64: 1, 0, 2>}>
// CHECK: return %[[LAST]]
func.func @carried(%start: tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>, %new: tensor<2x1x8xf32>, %q: tensor<2x1x8xf32>, %n: tensor<i64>) -> tensor<2x?x8xf32, #heddle.dims<["2", "last", "8"]>> {
  %0:2 = "onnx.Loop"(%n, %start) <{operandSegmentSizes = array<i32: 1, 0, 1>}> ({
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %past: tensor<2x?x8xf32, #heddle.dims<["2", "l", "8"]>>):
    %1 = "onnx.Concat"(%past, %new) <{axis = 1 : i64}> : (tensor<2x?x8xf32, #heddle.dims<["2", "l", "8"]>>, tensor<2x1x8xf32>) -> tensor<2x?x8xf32, #heddle.dims<["2", "l + 1", "8"]>>
    %2 = heddle.attention %q, %1, %1 : (tensor<2x1x8xf32>, tensor<2x?x8xf32, #heddle.dims<["2", "l + 1", "8"]>>, tensor<2x?x8xf32, #heddle.dims<["2", "l + 1", "8"]>>) -> tensor<2x1x8xf32> {
    ^bb0(%s: tensor<2x1x?xf32, #heddle.dims<["2", "1", "l + 1"]>>):
      heddle.yield %s : tensor<2x1x?xf32, #heddle.dims<["2", "1", "l + 1"]>>
    }
    onnx.Yield %c, %1, %2 : tensor<i1>, tensor<2x?x8xf32, #heddle.dims<["2", "l + 1", "8"]>>, tensor<2x1x8xf32>
  }) : (tensor<i64>, tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>) -> (tensor<2x?x8xf32, #heddle.dims<["2", "last", "8"]>>, tensor<?x2x1x8xf32, #heddle.dims<["k", "2", "1", "8"]>>)
  return %0#0 : tensor<2x?x8xf32, #heddle.dims<["2", "last", "8"]>>
}

// -----

// Entries that lie one after the other as they are: whoever reads them.
// CHECK-LABEL: func @flat
// CHECK: "onnx.Loop"
// CHECK: %[[NOW:.*]] = heddle.cache.append
// CHECK: %[[ALL:.*]] = heddle.cache.view %[[NOW]]
// CHECK: %[[SEEN:.*]] = "onnx.Reshape"(%[[ALL]], {{.*}} -> tensor<1x?x8xf32
// CHECK: "onnx.Relu"(%[[SEEN]])
// CHECK: onnx.Yield %{{.*}}, %[[SEEN]]
func.func @flat(%start: tensor<1x?x8xf32, #heddle.dims<["1", "p", "8"]>>, %new: tensor<1x1x8xf32>, %n: tensor<i64>) -> tensor<1x?x8xf32, #heddle.dims<["1", "last", "8"]>> {
  %0 = "onnx.Loop"(%n, %start) <{operandSegmentSizes = array<i32: 1, 0, 1>}> ({
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %past: tensor<1x?x8xf32, #heddle.dims<["1", "l", "8"]>>):
    %1 = "onnx.Concat"(%past, %new, %new) <{axis = -2 : i64}> : (tensor<1x?x8xf32, #heddle.dims<["1", "l", "8"]>>, tensor<1x1x8xf32>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32, #heddle.dims<["1", "l + 2", "8"]>>
    %2 = "onnx.Relu"(%1) : (tensor<1x?x8xf32, #heddle.dims<["1", "l + 2", "8"]>>) -> tensor<1x?x8xf32, #heddle.dims<["1", "l + 2", "8"]>>
    onnx.Yield %c, %1 : tensor<i1>, tensor<1x?x8xf32, #heddle.dims<["1", "l + 2", "8"]>>
  }) : (tensor<i64>, tensor<1x?x8xf32, #heddle.dims<["1", "p", "8"]>>) -> tensor<1x?x8xf32, #heddle.dims<["1", "last", "8"]>>
  return %0 : tensor<1x?x8xf32, #heddle.dims<["1", "last", "8"]>>
}

// -----

// Entries in front of what was there, and a state that begins anew: no cache. What something other than attention
// reads keeps its axes, and the reason is recorded.
// CHECK-LABEL: func @no_loop_cache
// CHECK-SAME: heddle.sequential{{.*}}which is not attention
// CHECK-NOT: heddle.cache
func.func @no_loop_cache(%start: tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>, %new: tensor<2x1x8xf32>, %n: tensor<i64>, %row: tensor<1x8xf32>, %rows: tensor<?x8xf32, #heddle.dims<["r", "8"]>>) -> (tensor<2x?x8xf32, #heddle.dims<["2", "last", "8"]>>, tensor<?x8xf32, #heddle.dims<["a", "8"]>>, tensor<?x8xf32, #heddle.dims<["b", "8"]>>) {
  %0:3 = "onnx.Loop"(%n, %start, %rows, %rows) <{operandSegmentSizes = array<i32: 1, 0, 3>}> ({
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %past: tensor<2x?x8xf32, #heddle.dims<["2", "l", "8"]>>, %front: tensor<?x8xf32, #heddle.dims<["f", "8"]>>, %anew: tensor<?x8xf32, #heddle.dims<["g", "8"]>>):
    %1 = "onnx.Concat"(%past, %new) <{axis = 1 : i64}> : (tensor<2x?x8xf32, #heddle.dims<["2", "l", "8"]>>, tensor<2x1x8xf32>) -> tensor<2x?x8xf32, #heddle.dims<["2", "l + 1", "8"]>>
    %2 = "onnx.Relu"(%1) : (tensor<2x?x8xf32, #heddle.dims<["2", "l + 1", "8"]>>) -> tensor<2x?x8xf32, #heddle.dims<["2", "l + 1", "8"]>>
    %3 = "onnx.Concat"(%row, %front) <{axis = 0 : i64}> : (tensor<1x8xf32>, tensor<?x8xf32, #heddle.dims<["f", "8"]>>) -> tensor<?x8xf32, #heddle.dims<["f + 1", "8"]>>
    %4 = "onnx.Concat"(%anew, %row) <{axis = 0 : i64}> : (tensor<?x8xf32, #heddle.dims<["g", "8"]>>, tensor<1x8xf32>) -> tensor<?x8xf32, #heddle.dims<["g + 1", "8"]>>
    %5 = "onnx.Relu"(%4) : (tensor<?x8xf32, #heddle.dims<["g + 1", "8"]>>) -> tensor<?x8xf32, #heddle.dims<["g + 1", "8"]>>
    onnx.Yield %c, %1, %3, %5 : tensor<i1>, tensor<2x?x8xf32, #heddle.dims<["2", "l + 1", "8"]>>, tensor<?x8xf32, #heddle.dims<["f + 1", "8"]>>, tensor<?x8xf32, #heddle.dims<["g + 1", "8"]>>
  }) : (tensor<i64>, tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>, tensor<?x8xf32, #heddle.dims<["r", "8"]>>, tensor<?x8xf32, #heddle.dims<["r", "8"]>>) -> (tensor<2x?x8xf32, #heddle.dims<["2", "last", "8"]>>, tensor<?x8xf32, #heddle.dims<["a", "8"]>>, tensor<?x8xf32, #heddle.dims<["b", "8"]>>)
  return %0#0, %0#1, %0#2 : tensor<2x?x8xf32, #heddle.dims<["2", "last", "8"]>>, tensor<?x8xf32, #heddle.dims<["a", "8"]>>, tensor<?x8xf32, #heddle.dims<["b", "8"]>>
}
