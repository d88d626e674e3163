// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -plan-merge-duplicates | FileCheck %s

heddle.tool @search effects "read" resource "web"
heddle.tool @post effects "write" resource "web"
heddle.tool @length effects "pure"

// Equal calls of equal calls are equal; the order of members does not count.
// CHECK-LABEL: @equal
// CHECK: %[[A:.*]] = heddle.call_tool 1 @search()
// CHECK: heddle.duplicate 2 of %[[A]]
// CHECK: %[[C:.*]] = heddle.call_tool 3 @length(%[[A]])
// CHECK: heddle.duplicate 4 of %[[C]]
// CHECK: heddle.join(%[[C]], %[[C]]) [#heddle.ref<0>, #heddle.ref<1>]
func.func @equal() -> !heddle.value {
  %a = heddle.call_tool 1 @search() {limit = 3, query = "Lyon"}
  %b = heddle.call_tool 2 @search() {query = "Lyon", limit = 3}
  %c = heddle.call_tool 3 @length(%a) {text = #heddle.ref<0>}
  %d = heddle.call_tool 4 @length(%b) {text = #heddle.ref<0>}
  %r = heddle.join(%c, %d) [#heddle.ref<0>, #heddle.ref<1>]
  return %r : !heddle.value
}

// A read before a write and one after it may differ; a write is done as often as it is written.
// CHECK-LABEL: @different
// CHECK-COUNT-5: heddle.call_tool
// CHECK-NOT: heddle.duplicate
// CHECK: return
func.func @different() -> !heddle.value {
  %a = heddle.call_tool 1 @search() {query = "Lyon"}
  %b = heddle.call_tool 2 @post() {text = "hello"}
  %c = heddle.call_tool 3 @search() {query = "Lyon"}
  %d = heddle.call_tool 4 @post() {text = "hello"}
  %e = heddle.call_tool 5 @search() {query = "Nantes"}
  %r = heddle.join() []
  return %r : !heddle.value
}
