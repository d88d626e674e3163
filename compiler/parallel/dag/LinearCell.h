// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cell of a grid as an affine map of the states that it gets:
//
//   next_i = sum over j of a_ij * state_j + c_i,     a_ij and c_i without states
//
// Coefficients multiply element by element and may be broadcast to the state: a number for each cell,
// or one for each head.

#ifndef HEDDLE_COMPILER_PARALLEL_DAG_LINEARCELL_H
#define HEDDLE_COMPILER_PARALLEL_DAG_LINEARCELL_H

#include "compiler/source/Arithmetic.h"
#include "dialects/heddle/DagOps.h"
#include "mlir/IR/IRMapping.h"

namespace heddle {

/// a_ij: null for 0. c: null for 0.
struct AffineForm {
  llvm::SmallVector<mlir::Value> coefficients; // by state
  mlir::Value offset;
};

/// Builds coefficients and offsets where the builder stands, from the cell's inputs as `mapping` has
/// them; nothing where a next state is not affine in the states, or they differ in shape. Of states,
/// those along rows come first.
std::optional<llvm::SmallVector<AffineForm>> buildAffineForms(mlir::OpBuilder &b, GridScanOp grid,
                                                              mlir::IRMapping &mapping);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_DAG_LINEARCELL_H
