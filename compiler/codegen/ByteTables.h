// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables of 256 bytes, looked up by bytes: gathers of that mark, by indices that are bytes cast
// without a sign. Four vectors of 64 bytes hold such a table, and with VBMI three instructions on
// them answer all lanes.

#ifndef HEDDLE_COMPILER_CODEGEN_BYTETABLES_H
#define HEDDLE_COMPILER_CODEGEN_BYTETABLES_H

#include "compiler/codegen/Target.h"
#include "mlir/IR/PatternMatch.h"

namespace heddle::codegen {

/// Marks a vector.gather: all of a table of 256 entries is there, whatever the lanes are.
constexpr llvm::StringLiteral kByteTable = "heddle.byte_table";

void populateByteTablePatterns(mlir::RewritePatternSet &patterns, const Target &target);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_BYTETABLES_H
