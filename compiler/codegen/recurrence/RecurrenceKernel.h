// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recurrences with element-wise steps as loops over time with their states in registers.
//
// A grid point is one chunk of the sequence for some vectors of neighbouring points of the step's
// space (PointSpace.h), or, where there are few points, as many chunks as a vector has lanes. What a
// step does is the structured function of its region; each element is computed as the operations alone
// would compute it, whatever chunks and vectors there are.

#ifndef HEDDLE_COMPILER_CODEGEN_RECURRENCE_RECURRENCEKERNEL_H
#define HEDDLE_COMPILER_CODEGEN_RECURRENCE_RECURRENCEKERNEL_H

#include "compiler/codegen/loops/LoopKernel.h"
#include "dialects/heddle/TensorDims.h"
#include "llvm/ADT/DenseMap.h"

namespace heddle {

/// How the arguments of the structured function are laid out, and what is computed. The first
/// arguments are the buffers of the kernel: starts (of a scan), elements, values that all steps
/// share, results. The states and elements of one step follow. Where elements are totals, those that
/// they are totals of (origins) stand behind them.
struct RecurrenceSpec {
  /// Elements are combined to one for each chunk, and the first of them is where a chunk starts.
  bool totals = false;
  /// Of a scan: states are stored as they are before each step.
  bool before = false;
  unsigned states = 0, elements = 0, shared = 0;
  /// Of a scan: whether the last state, then the states of all steps, are results; of each state.
  llvm::SmallVector<bool> keeps;
  DimExpr length, chunk, chunks;
  /// Of a scan over totals: of how many steps each is the total, of a sequence of what length.
  unsigned origins = 0;
  DimExpr covers, originLength;
  /// Of each total, whether it is NaN where it leaves the range of its type; of each state of a scan
  /// over totals, whether it may do so because of a total.
  llvm::SmallVector<bool> mayLeaveRange;
  /// Elements of totals are totals themselves.
  bool ofTotals = false;
  /// Totals that are products of elements.
  llvm::SmallVector<unsigned> products;
  /// Lanes of a vector (1: scalars), vectors of a grid point, whether these may exceed the points.
  int64_t lanes = 1, vectors = 1;
  bool masked = false;
  /// Lanes are neighbouring chunks, and there is a vector for each point.
  bool acrossChunks = false;
  /// Of a grid point, estimated.
  double nanosecondsPerStep = 1;
};

/// The points of the step, with joined axes: sizes of groups, outermost first, and of each
/// structured value of the step the coordinate of each axis: a group, or -1 where it is 0.
struct RecurrencePoints {
  Dims groups;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<int64_t>> places;
};

/// Lanes that fill a vector register for the widest elements of these types; halves compute as f32.
int64_t fullLanes(llvm::ArrayRef<mlir::Type> tensors, const codegen::Target &target);

/// Inserted before `structured`, whose arguments and the values that stand in `points` are those
/// that RecurrenceSpec says.
LoopKernel emitRecurrenceKernel(mlir::func::FuncOp structured, llvm::StringRef name,
                                const RecurrenceSpec &spec, const RecurrencePoints &points,
                                const codegen::Target &target);

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_RECURRENCE_RECURRENCEKERNEL_H
