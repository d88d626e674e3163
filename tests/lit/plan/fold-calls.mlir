// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -plan-fold-calls -split-input-file | FileCheck %s

heddle.tool @math effects "pure" {builtin = "math"}
heddle.tool @search effects "read"

// A result makes more known, also inside a text; nothing waits for what is known.
// CHECK-LABEL: @chain
// CHECK-NEXT: %[[A:.*]] = heddle.known_value 1 42 : i64
// CHECK-NEXT: %[[B:.*]] = heddle.known_value 2 84 : i64
// CHECK-NEXT: %[[C:.*]] = heddle.call_tool 3 @search() {query = "bus 84"}
// CHECK-NEXT: heddle.join(%[[C]]) [42, #heddle.ref<0>]
func.func @chain() -> !heddle.value {
  %a = heddle.call_tool 1 @math() {expression = "6 * 7"}
  %b = heddle.call_tool 2 @math(%a) {expression = #heddle.text<#heddle.ref<0>, " * 2">}
  %c = heddle.call_tool 3 @search(%b) after(%a) {query = #heddle.text<"bus ", #heddle.ref<0>>}
  %r = heddle.join(%a, %c) [#heddle.ref<0>, #heddle.ref<1>]
  return %r : !heddle.value
}

// Whoever comes after a call waits for what that waited for, so it stays.
// CHECK-LABEL: @after
// CHECK: heddle.call_tool 2 @math() after
// CHECK: heddle.call_tool 3 @search() after
func.func @after() -> !heddle.value {
  %a = heddle.call_tool 1 @search() {query = "Lyon"}
  %b = heddle.call_tool 2 @math() after(%a) {expression = "6 * 7"}
  %c = heddle.call_tool 3 @search() after(%b) {query = "Nantes"}
  %r = heddle.join() []
  return %r : !heddle.value
}

// What depends on a search is not known, and what would fail is left to fail when it runs.
// CHECK-LABEL: @unknown
// CHECK-COUNT-3: heddle.call_tool
// CHECK-NOT: heddle.known_value
// CHECK: return
func.func @unknown() -> !heddle.value {
  %a = heddle.call_tool 1 @search() {query = "Lyon"}
  %b = heddle.call_tool 2 @math(%a) {expression = #heddle.text<#heddle.ref<0>, " * 2">}
  %c = heddle.call_tool 3 @math() {expression = "1 / 0"}
  %r = heddle.join() []
  return %r : !heddle.value
}

// -----

// A tool that is called math and is no builtin is somebody's tool.
heddle.tool @math effects "pure"

// CHECK-LABEL: @not_builtin
// CHECK: heddle.call_tool 1 @math()
func.func @not_builtin() -> !heddle.value {
  %a = heddle.call_tool 1 @math() {expression = "6 * 7"}
  %r = heddle.join(%a) [#heddle.ref<0>]
  return %r : !heddle.value
}
