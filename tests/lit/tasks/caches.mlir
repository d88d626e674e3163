// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle compile %s --emit task -o %t && FileCheck %s < %t

// A cache is the memory of a tensor: opening and viewing it are nothing, appending and truncating are
// calls, and a fork is appended to elsewhere. A loop may carry one. Lengths are inferred.

// CHECK-LABEL: task.graph @main
// CHECK: ^bb0(%[[PAST:.*]]: tensor<?x4xf32, {{.*}}>, %[[ROW:.*]]: tensor<1x4xf32>, %[[LENGTH:.*]]: tensor<1xi64>, %[[TRIPS:.*]]: tensor<i64>):
// CHECK: %[[NOW:.*]], %{{.*}} = task.call "heddle.Append"(%[[PAST]], %[[ROW]]) {} {{.*}} -> tensor<?x4xf32, #heddle.dims<["past + 1", "4"]>>
// CHECK: %[[LESS:.*]], %{{.*}} = task.call "heddle.Truncate"(%[[NOW]], %[[LENGTH]])
// CHECK: %[[FORK:.*]], %{{.*}} = task.call "heddle.Append"(%[[NOW]], %[[ROW]]) {{.*}} {forks = 1 : i64}
// CHECK: %[[GROWN:.*]], %{{.*}} = task.control "scan"(%[[LESS]],
// CHECK: task.yield %[[NOW]], %[[LESS]], %[[FORK]], %[[GROWN]]
// CHECK: task.graph @scan_0
// CHECK: ^bb0(%[[CARRIED:.*]]: tensor<?x4xf32, {{[^%]*}}, %{{.*}}: tensor<i64>, %[[ENTRY:.*]]: tensor<1x4xf32>):
// CHECK: %[[LONGER:.*]], %{{.*}} = task.call "heddle.Append"(%[[CARRIED]], %[[ENTRY]])
// CHECK: task.yield %[[LONGER]]
func.func @main(%past: tensor<?x4xf32, #heddle.dims<["past", "4"]>> {heddle.name = "past"}, %row: tensor<1x4xf32> {heddle.name = "row"},
                %length: tensor<1xi64> {heddle.name = "length"}, %trips: tensor<i64> {heddle.name = "trips"})
    -> (tensor<?x4xf32> {heddle.name = "now"}, tensor<?x4xf32> {heddle.name = "less"}, tensor<?x4xf32> {heddle.name = "other"}, tensor<?x4xf32> {heddle.name = "grown"}) {
  %0 = heddle.cache.open %past : tensor<?x4xf32, #heddle.dims<["past", "4"]>> -> !heddle.cache<tensor<?x4xf32, #heddle.dims<["past", "4"]>>>
  %1 = heddle.cache.append %row to %0 : tensor<1x4xf32> to !heddle.cache<tensor<?x4xf32, #heddle.dims<["past", "4"]>>> -> !heddle.cache<tensor<?x4xf32>>
  %2 = heddle.cache.truncate %1 to %length : !heddle.cache<tensor<?x4xf32>> to tensor<1xi64> -> !heddle.cache<tensor<?x4xf32>>
  %3 = heddle.cache.fork %1 : !heddle.cache<tensor<?x4xf32>> -> !heddle.cache<tensor<?x4xf32>>
  %4 = heddle.cache.append %row to %3 : tensor<1x4xf32> to !heddle.cache<tensor<?x4xf32>> -> !heddle.cache<tensor<?x4xf32>>
  %5 = "onnx.Loop"(%trips, %2) <{operandSegmentSizes = array<i32: 1, 0, 1>}> ({
  ^bb0(%i: tensor<i64>, %c: tensor<i1>, %s: !heddle.cache<tensor<?x4xf32>>):
    %9 = heddle.cache.append %row to %s : tensor<1x4xf32> to !heddle.cache<tensor<?x4xf32>> -> !heddle.cache<tensor<?x4xf32>>
    onnx.Yield %c, %9 : tensor<i1>, !heddle.cache<tensor<?x4xf32>>
  }) : (tensor<i64>, !heddle.cache<tensor<?x4xf32>>) -> !heddle.cache<tensor<?x4xf32>>
  %6 = heddle.cache.view %1 : !heddle.cache<tensor<?x4xf32>> -> tensor<?x4xf32>
  %7 = heddle.cache.view %2 : !heddle.cache<tensor<?x4xf32>> -> tensor<?x4xf32>
  %8 = heddle.cache.view %4 : !heddle.cache<tensor<?x4xf32>> -> tensor<?x4xf32>
  %10 = heddle.cache.view %5 : !heddle.cache<tensor<?x4xf32>> -> tensor<?x4xf32>
  return %6, %7, %8, %10 : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}
