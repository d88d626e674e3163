// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -plan-order-effects | FileCheck %s

heddle.tool @append effects "write" resource "log"
heddle.tool @tail effects "read" resource "log"
heddle.tool @mail effects "write"
heddle.tool @length effects "pure"

// Writes keep their order, reads come between; reads pass reads.
// CHECK-LABEL: @ordered
// CHECK: %[[A:.*]] = heddle.call_tool 1 @append() {line = "a"}
// CHECK: %[[B:.*]] = heddle.call_tool 2 @tail() after(%[[A]])
// CHECK: %[[C:.*]] = heddle.call_tool 3 @tail() after(%[[A]])
// CHECK: heddle.call_tool 4 @append() after(
// CHECK-SAME: %[[B]], %[[C]]
func.func @ordered() -> !heddle.value {
  %a = heddle.call_tool 1 @append() {line = "a"}
  %b = heddle.call_tool 2 @tail() {lines = 1}
  %c = heddle.call_tool 3 @tail() {lines = 2}
  %d = heddle.call_tool 4 @append() {line = "b"}
  %r = heddle.join() []
  return %r : !heddle.value
}

// A write without a resource is ordered by its author alone, a pure call by nothing, and a use is an
// order already.
// CHECK-LABEL: @free
// CHECK-NOT: after
// CHECK: return
func.func @free() -> !heddle.value {
  %a = heddle.call_tool 1 @mail() {to = "a"}
  %b = heddle.call_tool 2 @mail() {to = "b"}
  %c = heddle.call_tool 3 @length() {text = "abc"}
  %d = heddle.call_tool 4 @append() {line = "a"}
  %e = heddle.call_tool 5 @append(%d) {line = #heddle.ref<0>}
  %r = heddle.join() []
  return %r : !heddle.value
}
