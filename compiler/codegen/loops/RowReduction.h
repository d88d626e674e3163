// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions as loops: over the trailing dimensions of a row with partial results in lanes, or
// element by element with a result in each lane.

#ifndef HEDDLE_COMPILER_CODEGEN_LOOPS_ROWREDUCTION_H
#define HEDDLE_COMPILER_CODEGEN_LOOPS_ROWREDUCTION_H

#include "compiler/codegen/loops/ElementEmitter.h"

namespace heddle {

using IndexOf = llvm::function_ref<mlir::Value(const DimExpr &)>;

/// The reduced value of the row at `outer`, a scalar. Lanes hold partial results that are combined
/// at the end in a fixed tree, so the value depends on the sizes only.
Element emitRowReduction(mlir::ImplicitLocOpBuilder &b, ElementEmitter &elements,
                         mlir::linalg::GenericOp reduction, const Dims &space,
                         llvm::ArrayRef<Element> outer, llvm::ArrayRef<bool> joins, int64_t lanes,
                         IndexOf index);

/// Folds the dimensions `reduced` of the iteration space into `start`, one element after the other.
Element emitReductionLoops(mlir::ImplicitLocOpBuilder &b, ElementEmitter &elements,
                           mlir::linalg::GenericOp reduction, const Dims &space, Place place,
                           llvm::ArrayRef<unsigned> reduced, Element start, IndexOf index);

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_LOOPS_ROWREDUCTION_H
