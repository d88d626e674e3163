// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-form-caches=inputs=true -split-input-file %s | FileCheck %s

// CHECK-LABEL: func @grows
// CHECK-SAME: %[[PAST:[^:]*]]: tensor<?x2x8xf32, #heddle.dims<["p", "2", "8"]>>
// CHECK-SAME: tensor<?x2x8xf32, #heddle.dims<["p + 1", "2", "8"]>>
// CHECK: %[[NEW:.*]] = "onnx.Transpose"(%{{.*}}) <{perm = array<i64: 1, 0, 2>}> : (tensor<2x1x8xf32>) -> tensor<1x2x8xf32>
// CHECK: %[[CACHE:.*]] = heddle.cache.open %[[PAST]]
// CHECK: %[[NOW:.*]] = heddle.cache.append %[[NEW]] to %[[CACHE]]
// CHECK: %[[ALL:.*]] = heddle.cache.view %[[NOW]]
// CHECK: heddle.attention %{{.*}}, %[[ALL]], %[[ALL]] {key_axes = array<i64: 1, 0, 2>, value_axes = array<i64: 1, 0, 2>}
// CHECK: return %{{.*}}, %[[ALL]]
func.func @grows(%past: tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>, %new: tensor<2x1x8xf32>, %q: tensor<2x1x8xf32>)
    -> (tensor<2x1x8xf32>, tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>) {
  %0 = "onnx.Concat"(%past, %new) <{axis = 1 : i64}> : (tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>, tensor<2x1x8xf32>) -> tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>
  %1 = heddle.attention %q, %0, %0 : (tensor<2x1x8xf32>, tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>, tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>) -> tensor<2x1x8xf32> {
  ^bb0(%s: tensor<2x1x?xf32, #heddle.dims<["2", "1", "p + 1"]>>):
    heddle.yield %s : tensor<2x1x?xf32, #heddle.dims<["2", "1", "p + 1"]>>
  }
  return %1, %0 : tensor<2x1x8xf32>, tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>
}

// -----

// Something else reads what is there, entries are put in front, and the result is no state.
// CHECK-LABEL: func @no_cache
// CHECK-NOT: heddle.cache
func.func @no_cache(%a: tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>, %b: tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>,
    %c: tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>, %new: tensor<2x1x8xf32>)
    -> (tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>, tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>, tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>, tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>) {
  %0 = "onnx.Concat"(%a, %new) <{axis = 1 : i64}> : (tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>, tensor<2x1x8xf32>) -> tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>
  %1 = "onnx.Relu"(%a) : (tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>) -> tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>
  %2 = "onnx.Concat"(%new, %b) <{axis = 1 : i64}> : (tensor<2x1x8xf32>, tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>) -> tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>
  %3 = "onnx.Concat"(%c, %new) <{axis = 1 : i64}> : (tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>, tensor<2x1x8xf32>) -> tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>
  %4 = "onnx.Relu"(%3) : (tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>) -> tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>
  return %0, %2, %1, %4 : tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>, tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>, tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>, tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>
}

// -----

// The decoder of an exporter that has both ways to run in one model: with what was there, and without.
// CHECK-LABEL: func @merged
// CHECK-SAME: %[[PAST:[^:]*]]: tensor<?x2x8xf32, #heddle.dims<["p", "2", "8"]>>
// CHECK-SAME: -> (tensor<2x1x8xf32>, tensor<?x2x8xf32
// CHECK: "onnx.If"
// CHECK: %[[NOW:.*]] = heddle.cache.append
// CHECK: %[[ALL:.*]] = heddle.cache.view %[[NOW]]
// CHECK: onnx.Yield %{{.*}}, %[[ALL]] : tensor<2x1x8xf32>, tensor<?x2x8xf32
// CHECK: onnx.Yield %{{.*}}, %{{.*}} : tensor<2x1x8xf32>, tensor<1x2x8xf32>
func.func @merged(%past: tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>, %new: tensor<2x1x8xf32>, %q: tensor<2x1x8xf32>, %c: tensor<i1>) -> (tensor<2x1x8xf32>, tensor<2x?x8xf32, #heddle.dims<["2", "now", "8"]>>) {
  %0:2 = "onnx.If"(%c) ({
    %1 = "onnx.Concat"(%past, %new) <{axis = 1 : i64}> : (tensor<2x?x8xf32, #heddle.dims<["2", "p", "8"]>>, tensor<2x1x8xf32>) -> tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>
    %2 = heddle.attention %q, %1, %1 : (tensor<2x1x8xf32>, tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>, tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>) -> tensor<2x1x8xf32> {
    ^bb0(%s: tensor<2x1x?xf32, #heddle.dims<["2", "1", "p + 1"]>>):
      heddle.yield %s : tensor<2x1x?xf32, #heddle.dims<["2", "1", "p + 1"]>>
    }
    onnx.Yield %2, %1 : tensor<2x1x8xf32>, tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>
  }, {
    onnx.Yield %q, %new : tensor<2x1x8xf32>, tensor<2x1x8xf32>
  }) : (tensor<i1>) -> (tensor<2x1x8xf32>, tensor<2x?x8xf32, #heddle.dims<["2", "now", "8"]>>)
  return %0#0, %0#1 : tensor<2x1x8xf32>, tensor<2x?x8xf32, #heddle.dims<["2", "now", "8"]>>
}

// -----

// One element before time in one version, and more in another one: read other than by attention, it stays.
// CHECK-LABEL: func @not_flat
// CHECK-NOT: heddle.cache
func.func @not_flat(%past: tensor<1x?x8xf32, #heddle.dims<["1", "p", "8"]>>, %other: tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>, %new: tensor<1x1x8xf32>, %more: tensor<?x1x8xf32, #heddle.dims<["s", "1", "8"]>>, %c: tensor<i1>) -> (tensor<?x?x8xf32, #heddle.dims<["s", "now", "8"]>>, tensor<?x?x8xf32, #heddle.dims<["s", "now + 1", "8"]>>) {
  %0 = "onnx.If"(%c) ({
    %1 = "onnx.Concat"(%past, %new) <{axis = 1 : i64}> : (tensor<1x?x8xf32, #heddle.dims<["1", "p", "8"]>>, tensor<1x1x8xf32>) -> tensor<1x?x8xf32, #heddle.dims<["1", "p + 1", "8"]>>
    onnx.Yield %1 : tensor<1x?x8xf32, #heddle.dims<["1", "p + 1", "8"]>>
  }, {
    onnx.Yield %other : tensor<2x?x8xf32, #heddle.dims<["2", "p + 1", "8"]>>
  }) : (tensor<i1>) -> tensor<?x?x8xf32, #heddle.dims<["s", "now", "8"]>>
  %2 = "onnx.Relu"(%0) : (tensor<?x?x8xf32, #heddle.dims<["s", "now", "8"]>>) -> tensor<?x?x8xf32, #heddle.dims<["s", "now", "8"]>>
  %3 = "onnx.Concat"(%0, %more) <{axis = 1 : i64}> : (tensor<?x?x8xf32, #heddle.dims<["s", "now", "8"]>>, tensor<?x1x8xf32, #heddle.dims<["s", "1", "8"]>>) -> tensor<?x?x8xf32, #heddle.dims<["s", "now + 1", "8"]>>
  return %2, %3 : tensor<?x?x8xf32, #heddle.dims<["s", "now", "8"]>>, tensor<?x?x8xf32, #heddle.dims<["s", "now + 1", "8"]>>
}
