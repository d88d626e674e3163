// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -plan-drop-dead-calls | FileCheck %s

heddle.tool @length effects "pure"
heddle.tool @search effects "read"

// Pure calls that only dead calls use are dead; a call that waited for one waits no more.
// CHECK-LABEL: @dead
// CHECK-NOT: @length
// CHECK: %[[C:.*]] = heddle.call_tool 3 @search() {query = "Lyon"}
// CHECK-NEXT: heddle.join(%[[C]])
func.func @dead() -> !heddle.value {
  %a = heddle.call_tool 1 @length() {text = "abc"}
  %b = heddle.call_tool 2 @length(%a) {text = #heddle.ref<0>}
  %c = heddle.call_tool 3 @search() after(%b) {query = "Lyon"}
  %r = heddle.join(%c) [#heddle.ref<0>]
  return %r : !heddle.value
}

// A read is never dropped, and a bare join asks for everything.
// CHECK-LABEL: @read
// CHECK: heddle.call_tool 1 @search
// CHECK-LABEL: @bare
// CHECK: heddle.call_tool 1 @length
func.func @read() -> !heddle.value {
  %a = heddle.call_tool 1 @search() {query = "Lyon"}
  %r = heddle.join() ["done"]
  return %r : !heddle.value
}
func.func @bare() -> !heddle.value {
  %a = heddle.call_tool 1 @length() {text = "abc"}
  %r = heddle.join() []
  return %r : !heddle.value
}
