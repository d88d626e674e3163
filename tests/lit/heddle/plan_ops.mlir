// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: heddle-opt %s -split-input-file -verify-diagnostics | heddle-opt -split-input-file | FileCheck %s

// CHECK: heddle.tool @search effects "read" resource "web" {cost_ms = 6.000000e+02 : f64}
heddle.tool @search effects "read" resource "web" {cost_ms = 600.0}
heddle.tool @"files.write" effects "write"

// CHECK-LABEL: @round_trip
// CHECK: %[[A:.*]] = heddle.call_tool 1 @search() {limit = 3 : i64, query = "Lyon"}
// CHECK: %[[B:.*]] = heddle.call_tool 7 @search(%[[A]]) {query = #heddle.text<"price of ", #heddle.ref<0, "items", -1 : i64, "name">>}
// CHECK: %[[C:.*]] = heddle.call_tool 8 @files.write() after(%[[A]], %[[B]]) {list = [1, {deep}]}
// CHECK: heddle.join(%[[B]]) [#heddle.ref<0>]
func.func @round_trip() -> !heddle.value {
  %a = heddle.call_tool 1 @search() {query = "Lyon", limit = 3}
  %b = heddle.call_tool 7 @search(%a) {query = #heddle.text<"price of ", #heddle.ref<0, "items", -1 : i64, "name">>}
  %c = heddle.call_tool 8 @"files.write"() after(%a, %b) {list = [1, {deep}]}
  %r = heddle.join(%b) [#heddle.ref<0>]
  return %r : !heddle.value
}

// -----

// expected-error@+1 {{has the effects 'maybe'; pure, read and write are}}
heddle.tool @odd effects "maybe"

// -----

// expected-error@+1 {{is pure and has a resource}}
heddle.tool @odd effects "pure" resource "disk"

// -----

func.func @unknown_tool() {
  // expected-error@+1 {{calls @search, which is no heddle.tool}}
  %a = heddle.call_tool 1 @search() {}
  return
}

// -----

heddle.tool @search effects "read"
func.func @no_such_operand() {
  // expected-error@+1 {{refers to an operand that it does not have}}
  %a = heddle.call_tool 1 @search() {query = #heddle.ref<0>}
  return
}

// -----

heddle.tool @search effects "read"
func.func @unused_operand() {
  %a = heddle.call_tool 1 @search() {}
  // expected-error@+1 {{has an operand that no argument refers to}}
  %b = heddle.call_tool 2 @search(%a) {}
  return
}

// -----

heddle.tool @search effects "read"
func.func @bad_selector() {
  %a = heddle.call_tool 1 @search() {}
  // expected-error@+1 {{selects by 1.500000e+00 : f64, which is neither a name nor an i64 index}}
  %b = heddle.call_tool 2 @search(%a) {query = #heddle.ref<0, 1.5>}
  return
}
