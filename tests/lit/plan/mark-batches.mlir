// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -plan-mark-batches | FileCheck %s

heddle.tool @embed effects "pure" {batch = 2}
heddle.tool @search effects "read"

// At most two go as one; what becomes ready later does not join, and other tools take one call.
// CHECK-LABEL: @batches
// CHECK: heddle.call_tool 1 @embed() {text = "a"} {batch = 1 : i64}
// CHECK: heddle.call_tool 2 @embed() {text = "b"} {batch = 1 : i64}
// CHECK: heddle.call_tool 3 @embed() {text = "c"}{{$}}
// CHECK: heddle.call_tool 4 @search() {query = "x"}{{$}}
// CHECK: heddle.call_tool 5 @embed({{.*}}) {text = #heddle.ref<0>}{{$}}
func.func @batches() -> !heddle.value {
  %a = heddle.call_tool 1 @embed() {text = "a"}
  %b = heddle.call_tool 2 @embed() {text = "b"}
  %c = heddle.call_tool 3 @embed() {text = "c"}
  %d = heddle.call_tool 4 @search() {query = "x"}
  %e = heddle.call_tool 5 @embed(%d) {text = #heddle.ref<0>}
  %r = heddle.join() []
  return %r : !heddle.value
}
