// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-split-attention=cores=2 -split-input-file %s | FileCheck %s

// One query of one head: keys are cut into as many parts as four for each core, where they are enough.
// CHECK-LABEL: func @decoding
// CHECK-SAME: form = "parts of keys"
// CHECK-SAME: span = "2936"
// CHECK: %[[P:.*]] = heddle.attention %arg0, %arg1, %arg2 {in_parts, undefined = "zero"} : {{.*}} -> tensor<1x1x7x66xf32> {
// CHECK: %[[Y:.*]] = heddle.merge_attention %[[P]] {undefined = "zero"} : tensor<1x1x7x66xf32> -> tensor<1x1x64xf32>
// CHECK: return %[[Y]]
func.func @decoding(%q: tensor<1x1x64xf32>, %k: tensor<1x10000x64xf32>, %v: tensor<1x10000x64xf32>) -> tensor<1x1x64xf32> {
  %0 = heddle.attention %q, %k, %v {undefined = "zero"} : (tensor<1x1x64xf32>, tensor<1x10000x64xf32>, tensor<1x10000x64xf32>) -> tensor<1x1x64xf32> {
  ^bb0(%s: tensor<1x1x10000xf32>):
    heddle.yield %s : tensor<1x1x10000xf32>
  }
  return %0 : tensor<1x1x64xf32>
}

// -----

// How many parts there are follows from a length that running tells; axes stay in the order of the result.
// CHECK-LABEL: func @grows
// CHECK: heddle.attention {{.*}} {in_parts} {{.*}} -> tensor<1x3x1x?x66xf32, #heddle.dims<["1", "3", "1", "max(min(past floordiv 1280, 3), 1)", "66"]>>
// CHECK: heddle.merge_attention {{.*}} {result_axes = array<i64: 0, 2, 1, 3>} : {{.*}} -> tensor<1x1x3x64xf32>
func.func @grows(%q: tensor<1x3x1x64xf32>, %k: tensor<1x3x?x64xf32, #heddle.dims<["1", "3", "past", "64"]>>, %v: tensor<1x3x?x64xf32, #heddle.dims<["1", "3", "past", "64"]>>) -> tensor<1x1x3x64xf32> {
  %0 = heddle.attention %q, %k, %v {result_axes = array<i64: 0, 2, 1, 3>} : (tensor<1x3x1x64xf32>, tensor<1x3x?x64xf32, #heddle.dims<["1", "3", "past", "64"]>>, tensor<1x3x?x64xf32, #heddle.dims<["1", "3", "past", "64"]>>) -> tensor<1x1x3x64xf32> {
  ^bb0(%s: tensor<1x3x1x?xf32, #heddle.dims<["1", "3", "1", "past"]>>):
    heddle.yield %s : tensor<1x3x1x?xf32, #heddle.dims<["1", "3", "1", "past"]>>
  }
  return %0 : tensor<1x1x3x64xf32>
}

// -----

// Few keys do not pay for parts.
// CHECK-LABEL: func @short
// CHECK-SAME: form = "blocks of keys"
// CHECK-NOT: in_parts
func.func @short(%q: tensor<1x1x64xf32>, %k: tensor<1x2000x64xf32>, %v: tensor<1x2000x64xf32>) -> tensor<1x1x64xf32> {
  %0 = heddle.attention %q, %k, %v : (tensor<1x1x64xf32>, tensor<1x2000x64xf32>, tensor<1x2000x64xf32>) -> tensor<1x1x64xf32> {
  ^bb0(%s: tensor<1x1x2000xf32>):
    heddle.yield %s : tensor<1x1x2000xf32>
  }
  return %0 : tensor<1x1x64xf32>
}

// -----

// Heads that fill the cores evenly are beside each other, whatever the number of sequences.
// CHECK-LABEL: func @heads
// CHECK-NOT: in_parts
func.func @heads(%q: tensor<?x4x1x64xf32, #heddle.dims<["b", "4", "1", "64"]>>, %k: tensor<?x4x10000x64xf32, #heddle.dims<["b", "4", "10000", "64"]>>, %v: tensor<?x4x10000x64xf32, #heddle.dims<["b", "4", "10000", "64"]>>) -> tensor<?x4x1x64xf32, #heddle.dims<["b", "4", "1", "64"]>> {
  %0 = heddle.attention %q, %k, %v : (tensor<?x4x1x64xf32, #heddle.dims<["b", "4", "1", "64"]>>, tensor<?x4x10000x64xf32, #heddle.dims<["b", "4", "10000", "64"]>>, tensor<?x4x10000x64xf32, #heddle.dims<["b", "4", "10000", "64"]>>) -> tensor<?x4x1x64xf32, #heddle.dims<["b", "4", "1", "64"]>> {
  ^bb0(%s: tensor<?x4x1x10000xf32, #heddle.dims<["b", "4", "1", "10000"]>>):
    heddle.yield %s : tensor<?x4x1x10000xf32, #heddle.dims<["b", "4", "1", "10000"]>>
  }
  return %0 : tensor<?x4x1x64xf32, #heddle.dims<["b", "4", "1", "64"]>>
}

// -----

// So are blocks of many queries.
// CHECK-LABEL: func @queries
// CHECK-NOT: in_parts
func.func @queries(%q: tensor<1x1500x64xf32>, %k: tensor<1x1500x64xf32>, %v: tensor<1x1500x64xf32>) -> tensor<1x1500x64xf32> {
  %0 = heddle.attention %q, %k, %v : (tensor<1x1500x64xf32>, tensor<1x1500x64xf32>, tensor<1x1500x64xf32>) -> tensor<1x1500x64xf32> {
  ^bb0(%s: tensor<1x1500x1500xf32>):
    heddle.yield %s : tensor<1x1500x1500xf32>
  }
  return %0 : tensor<1x1500x64xf32>
}
