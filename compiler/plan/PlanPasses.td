// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Passes on plans of function calls, in the order of the pipeline. One source file each. What may be
// done is decided by the rules of runtime/plan, which a run without MLIR follows too.

#ifndef HEDDLE_COMPILER_PLAN_PLANPASSES
#define HEDDLE_COMPILER_PLAN_PLANPASSES

include "mlir/Pass/PassBase.td"

def FoldCallsPass : Pass<"plan-fold-calls", "::mlir::func::FuncOp"> {
  let summary = "evaluate calls of the builtin math whose arguments are known";
  let description = [{
    The result takes the place of the references to it, which may make more
    arguments known. A call that would fail is left to fail when it runs, and one
    that comes after another stays in its place.

    Before:
    ```mlir
    %0 = heddle.call_tool 1 @math() {expression = "6 * 7"}
    %1 = heddle.call_tool 2 @search(%0) {query = #heddle.text<"bus ", #heddle.ref<0>>}
    ```
    After:
    ```mlir
    %0 = heddle.known_value 1 42 : i64
    %1 = heddle.call_tool 2 @search() {query = "bus 42"}
    ```
  }];
  let statistics = [Statistic<"folded", "calls-folded", "calls whose result is known">];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def MergeDuplicateCallsPass : Pass<"plan-merge-duplicates", "::mlir::func::FuncOp"> {
  let summary = "make equal pure and read calls one call";
  let description = [{
    Reads are not merged across a write to their resource, writes never.

    Before:
    ```mlir
    %0 = heddle.call_tool 1 @search() {query = "Lyon"}
    %1 = heddle.call_tool 2 @search() {query = "Lyon"}
    %2 = heddle.join(%0, %1) [#heddle.ref<0>, #heddle.ref<1>]
    ```
    After:
    ```mlir
    %0 = heddle.call_tool 1 @search() {query = "Lyon"}
    %1 = heddle.duplicate 2 of %0
    %2 = heddle.join(%0) [#heddle.ref<0>, #heddle.ref<0>]
    ```
  }];
  let statistics = [Statistic<"merged", "calls-merged", "calls that another call answers">];
  let dependentDialects = ["::heddle::HeddleDialect"];
}

def DropDeadCallsPass : Pass<"plan-drop-dead-calls", "::mlir::func::FuncOp"> {
  let summary = "drop pure calls that nothing needs";
  let description = [{
    Only where the join names its arguments: a bare one asks for every result.

    Before:
    ```mlir
    %0 = heddle.call_tool 1 @count() {text = "abc"}
    %1 = heddle.call_tool 2 @search() {query = "Lyon"}
    %2 = heddle.join(%1) [#heddle.ref<0>]
    ```
    After:
    ```mlir
    %1 = heddle.call_tool 2 @search() {query = "Lyon"}
    %2 = heddle.join(%1) [#heddle.ref<0>]
    ```
  }];
  let statistics = [Statistic<"dropped", "calls-dropped", "calls that nothing needs">];
}

def OrderEffectsPass : Pass<"plan-order-effects", "::mlir::func::FuncOp"> {
  let summary = "write down the order that effects demand";
  let description = [{
    After it `inputs` and `after` say everything about the order of calls, and
    their place in the block nothing.

    Before:
    ```mlir
    heddle.tool @append effects "write" resource "log"
    %0 = heddle.call_tool 1 @append() {line = "a"}
    %1 = heddle.call_tool 2 @append() {line = "b"}
    ```
    After:
    ```mlir
    %0 = heddle.call_tool 1 @append() {line = "a"}
    %1 = heddle.call_tool 2 @append() after(%0) {line = "b"}
    ```
  }];
  let statistics = [Statistic<"ordered", "orders-added", "orders between calls">];
}

def MarkBatchesPass : Pass<"plan-mark-batches", "::mlir::func::FuncOp"> {
  let summary = "mark the calls that can go as one batch";
  let description = [{
    Calls of a tool that takes batches which become ready together, by declared
    costs, get the number of the first of them. What is ready together in a run
    decides there.

    Before:
    ```mlir
    heddle.tool @embed effects "pure" {batch = 16 : i64}
    %0 = heddle.call_tool 1 @embed() {text = "a"}
    %1 = heddle.call_tool 2 @embed() {text = "b"}
    ```
    After:
    ```mlir
    %0 = heddle.call_tool 1 @embed() {text = "a"} {batch = 1 : i64}
    %1 = heddle.call_tool 2 @embed() {text = "b"} {batch = 1 : i64}
    ```
  }];
  let statistics = [Statistic<"batched", "calls-batched", "calls that join an earlier one">];
}

def SpawnCallsPass : Pass<"plan-spawn-calls", "::mlir::func::FuncOp"> {
  let summary = "spawn calls that may run beside others";
  let description = [{
    Needs `plan-order-effects`. A call that every later one depends on stays in
    the block; every other becomes a spawned region that awaits what it needs.

    Before:
    ```mlir
    %0 = heddle.call_tool 1 @search() {query = "Lyon"}
    %1 = heddle.call_tool 2 @search() {query = "Nantes"}
    %2 = heddle.join(%0, %1) [#heddle.ref<0>, #heddle.ref<1>]
    ```
    After:
    ```mlir
    %0 = heddle.spawn : !heddle.future<!heddle.value> {
      %5 = heddle.call_tool 1 @search() {query = "Lyon"}
      heddle.yield %5 : !heddle.value
    }
    %1 = heddle.spawn : !heddle.future<!heddle.value> {
      %5 = heddle.call_tool 2 @search() {query = "Nantes"}
      heddle.yield %5 : !heddle.value
    }
    %2 = heddle.await %0 : !heddle.future<!heddle.value>
    %3 = heddle.await %1 : !heddle.future<!heddle.value>
    %4 = heddle.join(%2, %3) [#heddle.ref<0>, #heddle.ref<1>]
    ```
  }];
  let statistics = [Statistic<"spawned", "calls-spawned", "calls that may run beside others">];
}

#endif // HEDDLE_COMPILER_PLAN_PLANPASSES
