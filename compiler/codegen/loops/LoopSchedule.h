// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a structured kernel iterates over: the choice between the schedules of LoopKernel.h, and the
// dimensions that can be joined into one loop.

#ifndef HEDDLE_COMPILER_CODEGEN_LOOPS_LOOPSCHEDULE_H
#define HEDDLE_COMPILER_CODEGEN_LOOPS_LOOPSCHEDULE_H

#include "compiler/codegen/loops/ReductionPlacement.h"
#include "compiler/codegen/loops/TurnedReads.h"
#include "dialects/heddle/TensorDims.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace heddle {

struct LoopSchedule {
  enum Kind { Map, Row, Reduce, Column };
  Kind kind = Map;

  mlir::Value result;           // the tensor to compute
  mlir::linalg::GenericOp root; // its producer; null where it is a fill or an operand
  Dims iteration;               // the iteration space of the root
  unsigned outer = 0;           // Row, Reduce: leading dimensions that are the grid
  /// Row and Reduce: reductions to compute for each row, producers first, the root not among them.
  llvm::SmallVector<mlir::linalg::GenericOp> reductions;
  /// Column: the same, and the dimensions of the root that it and they are computed for, in order;
  /// lanes are neighbours along the last. The root's other dimensions are loops.
  llvm::SmallVector<PlacedReduction> placed;
  llvm::SmallVector<unsigned> columns;
  /// Map: operands that are read and turned in squares, if there are any.
  std::optional<TurnedReads> turned;
  /// joins[k]: dimension k is joined into k + 1.
  llvm::SmallVector<bool> joins;
};

mlir::FailureOr<LoopSchedule> chooseSchedule(mlir::func::FuncOp structured);

/// For each dimension of an elementwise result: whether it and the next are one to every access.
llvm::SmallVector<bool> joinableDimensions(mlir::Value result);

/// The iteration space of a generic operation, from the encodings of its operands.
Dims iterationSpace(mlir::linalg::GenericOp generic);

bool isReduction(mlir::linalg::GenericOp generic);

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_LOOPS_LOOPSCHEDULE_H
