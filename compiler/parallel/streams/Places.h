// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which elements of a tensor an operation reads or writes, as far as it is known while compiling: for
// each axis a range, or some of its indices. What is said may be more than what is touched, never
// less, so that two that have nothing in common are proved to be apart.

#ifndef HEDDLE_COMPILER_PARALLEL_STREAMS_PLACES_H
#define HEDDLE_COMPILER_PARALLEL_STREAMS_PLACES_H

#include "dialects/heddle/TensorDims.h"

namespace heddle {

/// Indices of an axis from `low` up to, and without, `high`; of these the ones listed, if there is a
/// list.
struct AxisPlaces {
  DimExpr low, high;
  std::optional<llvm::SmallVector<int64_t>> indices;
};

/// The elements whose index is among the places of every axis.
using Places = llvm::SmallVector<AxisPlaces>;

/// All of a tensor.
Places allPlaces(llvm::ArrayRef<DimExpr> dims);
/// Of operand 0 of a Gather, Slice, GatherND or GatherElements. Nothing where that is not known.
std::optional<Places> placesRead(mlir::Operation *op);
/// Of operand 0 of a ScatterND or ScatterElements that its result differs in.
std::optional<Places> placesWritten(mlir::Operation *op);

/// Whether no element is among both, whatever the sizes are.
bool areApart(const Places &a, const Places &b);
/// Whether, along one axis, all places are from `low` up to and without `high`.
bool areWithin(const AxisPlaces &places, const DimExpr &low, const DimExpr &high);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_STREAMS_PLACES_H
