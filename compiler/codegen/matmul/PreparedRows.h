// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the rows of A are put that a product prepares: one after the other, or as tile registers
// take them. Those read blocks of 16 rows, in which the 64 bytes that one register takes of each
// row follow each other: a register is 16 lines of the cache that neighbour each other, in the
// order of depth.

#ifndef HEDDLE_COMPILER_CODEGEN_MATMUL_PREPAREDROWS_H
#define HEDDLE_COMPILER_CODEGEN_MATMUL_PREPAREDROWS_H

#include "compiler/codegen/Emitter.h"

namespace heddle::codegen {

struct PreparedRows {
  mlir::Value buffer;
  mlir::Value length; // elements of a row
  /// Elements of a row that a register takes; 0: rows are one after the other.
  int64_t line = 0;

  mlir::Value start(Emitter &e, mlir::Value row) const;
  /// From the start of a row to an element; a line may be written from there.
  mlir::Value place(Emitter &e, mlir::Value k) const;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_MATMUL_PREPAREDROWS_H
