// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef HEDDLE_DIALECTS_TASK_TASKDIALECT
#define HEDDLE_DIALECTS_TASK_TASKDIALECT

include "mlir/IR/OpBase.td"

def Task_Dialect : Dialect {
  let name = "task";
  let cppNamespace = "::heddle::task";
  let summary = "the executable graph: what runs, when, with which memory";
  let description = [{
    A 1:1 picture of an artifact's graph program (runtime/artifact/program.fbs).
    Values are tensors whose bytes live where `storage` says; the operations of a
    graph are tasks, ordered by their values and by the tokens they await.
  }];
  let useDefaultTypePrinterParser = 1;
  let dependentDialects = ["::heddle::HeddleDialect"];
}

#endif // HEDDLE_DIALECTS_TASK_TASKDIALECT
