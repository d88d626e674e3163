// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -plan-spawn-calls | FileCheck %s

heddle.tool @search effects "read"

// Two look-ups run side by side; what uses both stays in the block and awaits them.
// CHECK-LABEL: @beside
// CHECK: %[[A:.*]] = heddle.spawn : !heddle.future<!heddle.value> {
// CHECK-NEXT: heddle.call_tool 1 @search() {query = "Lyon"}
// CHECK: %[[B:.*]] = heddle.spawn : !heddle.future<!heddle.value> {
// CHECK-NEXT: heddle.call_tool 2 @search() {query = "Nantes"}
// CHECK-DAG: %[[X:.*]] = heddle.await %[[A]]
// CHECK-DAG: %[[Y:.*]] = heddle.await %[[B]]
// CHECK: heddle.call_tool 3 @search(%[[X]], %[[Y]])
func.func @beside() -> !heddle.value {
  %a = heddle.call_tool 1 @search() {query = "Lyon"}
  %b = heddle.call_tool 2 @search() {query = "Nantes"}
  %c = heddle.call_tool 3 @search(%a, %b) {query = [#heddle.ref<0>, #heddle.ref<1>]}
  %r = heddle.join(%c) [#heddle.ref<0>]
  return %r : !heddle.value
}

// Two chains: each call awaits what it needs inside its own region.
// CHECK-LABEL: @chains
// CHECK: %[[A:.*]] = heddle.spawn
// CHECK: heddle.call_tool 1
// CHECK: %[[B:.*]] = heddle.spawn
// CHECK-NEXT: %[[X:.*]] = heddle.await %[[A]]
// CHECK-NEXT: heddle.call_tool 2 @search(%[[X]])
func.func @chains() -> !heddle.value {
  %a = heddle.call_tool 1 @search() {query = "Lyon"}
  %b = heddle.call_tool 2 @search(%a) {query = #heddle.ref<0>}
  %c = heddle.call_tool 3 @search() {query = "Nantes"}
  %r = heddle.join(%b, %c) [#heddle.ref<0>, #heddle.ref<1>]
  return %r : !heddle.value
}

// A chain has nothing to run beside.
// CHECK-LABEL: @chain
// CHECK-NOT: heddle.spawn
// CHECK: return
func.func @chain() -> !heddle.value {
  %a = heddle.call_tool 1 @search() {query = "Lyon"}
  %b = heddle.call_tool 2 @search(%a) {query = #heddle.ref<0>}
  %r = heddle.join(%b) [#heddle.ref<0>]
  return %r : !heddle.value
}
