// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Caches that grow: a header of their own, as few sources have to do with them.

#ifndef HEDDLE_DIALECTS_HEDDLE_CACHEOPS_H
#define HEDDLE_DIALECTS_HEDDLE_CACHEOPS_H

#include "dialects/heddle/Heddle.h"

#define GET_TYPEDEF_CLASSES
#include "dialects/heddle/CacheTypes.h.inc"

#define GET_OP_CLASSES
#include "dialects/heddle/CacheOps.h.inc"

namespace heddle {

/// The tensor that a value of this type is, or is a version, a snapshot or the future of; else null.
mlir::RankedTensorType tensorOf(mlir::Type type);
/// Those of values, each its own type where there is none.
llvm::SmallVector<mlir::Type> tensorTypesOf(mlir::ValueRange values);
/// The type around another tensor.
mlir::Type withTensor(mlir::Type type, mlir::RankedTensorType tensor);

} // namespace heddle

#endif // HEDDLE_DIALECTS_HEDDLE_CACHEOPS_H
