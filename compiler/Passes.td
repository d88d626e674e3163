// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The compiler's own passes. One source file each.

#ifndef HEDDLE_COMPILER_PASSES
#define HEDDLE_COMPILER_PASSES

include "compiler/source/SourcePasses.td"
include "compiler/parallel/ParallelPasses.td"

#endif // HEDDLE_COMPILER_PASSES
