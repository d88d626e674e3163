// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The task level as a graph program (runtime/artifact/program.fbs).

#ifndef HEDDLE_COMPILER_PROGRAM_PROGRAMWRITER_H
#define HEDDLE_COMPILER_PROGRAM_PROGRAMWRITER_H

#include "compiler/codegen/NativeCode.h"
#include "dialects/task/Task.h"

#include <cstdint>
#include <vector>

namespace heddle {

struct WrittenProgram {
  std::vector<uint8_t> bytes;
  std::vector<std::vector<char>> ownedWeights; // splats and the like, expanded
  std::vector<llvm::ArrayRef<char>> weights;   // in the order of their offsets
};

/// Writes the program whose main graph is `main`, with the graphs it refers to, and verifies it: its
/// form, and that under every legal order no task sees bytes of another. `metadata` may be
/// null. Weights refer to attributes of the module, which must outlive the result.
mlir::FailureOr<WrittenProgram> writeProgram(mlir::ModuleOp module, task::GraphOp main,
                                             const codegen::NativeCode &code,
                                             const codegen::Target &target, unsigned cores,
                                             mlir::DictionaryAttr metadata);

} // namespace heddle

#endif // HEDDLE_COMPILER_PROGRAM_PROGRAMWRITER_H
