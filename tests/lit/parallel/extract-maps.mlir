// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt -heddle-extract-maps %s | FileCheck %s

// No state.
// CHECK-LABEL: func @without_state
// CHECK: heddle.map (%{{.*}}) attributes {heddle.found = {{.*}}summary = "a loop of 8 independent iterations"}} : (tensor<8x4xf32>) -> tensor<8x4xf32> {
// CHECK: "onnx.Relu"
func.func @without_state(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %0 = "onnx.Scan"(%x) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%e: tensor<4xf32>):
    %1 = "onnx.Relu"(%e) : (tensor<4xf32>) -> tensor<4xf32>
    onnx.Yield %1 : tensor<4xf32>
  }) : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

// A state that is passed on, one that only its own update reads, and one whose last value is asked
// for, which without iterations is the initial one.
// CHECK-LABEL: func @seeming_states(
// CHECK-SAME: %[[KEPT:.*]]: tensor<4xf32>, %{{.*}}: tensor<4xf32>, %[[INIT:.*]]: tensor<4xf32>, %[[X:.*]]: tensor<?x4xf32
// CHECK: %[[MAP:.*]]:2 = heddle.map (%[[X]])
// CHECK-NEXT: ^bb0(%[[E:.*]]: tensor<4xf32>):
// CHECK-NEXT: %[[MUL:.*]] = "onnx.Mul"(%[[E]], %[[KEPT]])
// CHECK-NEXT: heddle.yield %[[MUL]], %[[MUL]]
// CHECK: "onnx.Reshape"(%[[INIT]]
// CHECK: %[[ALL:.*]] = "onnx.Concat"(%{{.*}}, %[[MAP]]#0) {{.*}} tensor<?x4xf32, #heddle.dims<["n + 1", "4"]>>
// CHECK: %[[LAST:.*]] = "onnx.Gather"(%[[ALL]]
// CHECK: return %[[KEPT]], %[[LAST]], %[[MAP]]#1
func.func @seeming_states(%kept: tensor<4xf32>, %dead: tensor<4xf32>, %init: tensor<4xf32>, %x: tensor<?x4xf32, #heddle.dims<["n", "4"]>>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<?x4xf32, #heddle.dims<["n", "4"]>>) {
  %k, %d, %l, %y = "onnx.Scan"(%kept, %dead, %init, %x) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>, %c: tensor<4xf32>, %e: tensor<4xf32>):
    %0 = "onnx.Mul"(%e, %a) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    %1 = "onnx.Add"(%b, %e) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    onnx.Yield %a, %1, %0, %0 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  }) : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<?x4xf32, #heddle.dims<["n", "4"]>>)
    -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<?x4xf32, #heddle.dims<["n", "4"]>>)
  return %k, %l, %y : tensor<4xf32>, tensor<4xf32>, tensor<?x4xf32, #heddle.dims<["n", "4"]>>
}

// The sum is read by the next iteration.
// CHECK-LABEL: func @carried
// CHECK-NOT: heddle.map
// CHECK: return
func.func @carried(%s: tensor<4xf32>, %x: tensor<8x4xf32>) -> tensor<4xf32> {
  %0 = "onnx.Scan"(%s, %x) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%a: tensor<4xf32>, %e: tensor<4xf32>):
    %1 = "onnx.Add"(%a, %e) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    onnx.Yield %1 : tensor<4xf32>
  }) : (tensor<4xf32>, tensor<8x4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// States that are exchanged: neither is passed on unchanged.
// CHECK-LABEL: func @exchanged
// CHECK-NOT: heddle.map
// CHECK: return
func.func @exchanged(%s: tensor<4xf32>, %t: tensor<4xf32>, %x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %0:3 = "onnx.Scan"(%s, %t, %x) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%a: tensor<4xf32>, %b: tensor<4xf32>, %e: tensor<4xf32>):
    %1 = "onnx.Add"(%a, %e) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
    onnx.Yield %b, %a, %1 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  }) : (tensor<4xf32>, tensor<4xf32>, tensor<8x4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<8x4xf32>)
  return %0#2 : tensor<8x4xf32>
}

// Each iteration draws other numbers: their order counts.
// CHECK-LABEL: func @random
// CHECK-SAME: reason = "the loop stays sequential: 'RandomNormalLike' in it has effects, whose order counts"
// CHECK-NOT: heddle.map
// CHECK: return
func.func @random(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %0 = "onnx.Scan"(%x) <{num_scan_inputs = 1 : i64}> ({
  ^bb0(%e: tensor<4xf32>):
    %1 = "onnx.RandomNormalLike"(%e) : (tensor<4xf32>) -> tensor<4xf32>
    onnx.Yield %1 : tensor<4xf32>
  }) : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

// Results in the order of time only.
// CHECK-LABEL: func @backwards
// CHECK-NOT: heddle.map
// CHECK: return
func.func @backwards(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  %0 = "onnx.Scan"(%x) <{num_scan_inputs = 1 : i64, scan_output_directions = array<i64: 1>}> ({
  ^bb0(%e: tensor<4xf32>):
    %1 = "onnx.Relu"(%e) : (tensor<4xf32>) -> tensor<4xf32>
    onnx.Yield %1 : tensor<4xf32>
  }) : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}
