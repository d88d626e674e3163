// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The task level as a graph program (runtime/artifact/program.fbs).

#ifndef HEDDLE_COMPILER_PROGRAM_PROGRAMWRITER_H
#define HEDDLE_COMPILER_PROGRAM_PROGRAMWRITER_H

#include "compiler/codegen/NativeCode.h"
#include "compiler/program/WeightLayout.h"
#include "dialects/task/Task.h"

#include <cstdint>
#include <vector>

namespace heddle {

/// `graph` and the graphs that it runs, after it, each once: a program's graphs refer to later ones only.
llvm::SetVector<task::GraphOp> graphsFrom(mlir::ModuleOp module, task::GraphOp graph);

/// Writes the program whose main graph is `main`, with the graphs it refers to, and verifies it: its
/// form, and that under every legal order no task sees bytes of another. `metadata` may be
/// null. Constants are placed in `weights`.
mlir::FailureOr<std::vector<uint8_t>> writeProgram(mlir::ModuleOp module, task::GraphOp main,
                                                   const codegen::NativeCode &code, unsigned cores,
                                                   mlir::DictionaryAttr metadata,
                                                   WeightLayout &weights);

} // namespace heddle

#endif // HEDDLE_COMPILER_PROGRAM_PROGRAMWRITER_H
