// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensor types and their symbolic dimensions.
//
// A tensor type with dynamic dimensions names them in its encoding:
//
//   tensor<?x?x64xf32, #heddle.dims<["batch", "past + seq", "64"]>>
//
// and one without has no encoding. These functions are the only place that knows that form.

#ifndef HEDDLE_DIALECTS_HEDDLE_TENSORDIMS_H
#define HEDDLE_DIALECTS_HEDDLE_TENSORDIMS_H

#include "dialects/heddle/DimExpr.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"

namespace heddle {

using Dims = llvm::SmallVector<DimExpr, 4>;

/// The dimensions of a type; a dynamic one is unknown where the type has no encoding.
Dims getDims(mlir::RankedTensorType type);

/// Of a value whose type is a ranked tensor.
Dims dimsOf(mlir::Value value);
mlir::Type elementOf(mlir::Value value);

/// The type with these dimensions, all known. A negative constant gives a null type.
mlir::RankedTensorType tensorWithDims(llvm::ArrayRef<DimExpr> dims, mlir::Type elementType);

/// True where each dimension is static or named by the encoding.
bool hasKnownDims(mlir::Type type);

/// The number of elements.
DimExpr countElements(llvm::ArrayRef<DimExpr> dims);

} // namespace heddle

#endif // HEDDLE_DIALECTS_HEDDLE_TENSORDIMS_H
