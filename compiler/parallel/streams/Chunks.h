// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values that are consecutive parts of one tensor: rows of it, slices, the results of a Split. What
// was cut needs no copy to be stacked.

#ifndef HEDDLE_COMPILER_PARALLEL_STREAMS_CHUNKS_H
#define HEDDLE_COMPILER_PARALLEL_STREAMS_CHUNKS_H

#include "dialects/heddle/DimExpr.h"
#include "mlir/IR/Value.h"

namespace heddle {

/// A value whose elements stand in another one, row-major, from this place on.
struct Chunk {
  mlir::Value source;
  DimExpr offset;
};

/// The value itself, at 0, where it is no part of another one.
Chunk chunkOf(mlir::Value value);

/// The tensor whose consecutive parts, all of it, the values are; null where they are not.
mlir::Value findStacked(llvm::ArrayRef<mlir::Value> parts);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_STREAMS_CHUNKS_H
