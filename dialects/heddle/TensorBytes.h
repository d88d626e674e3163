// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How much memory tensors take, as far as their dimensions are known.

#ifndef HEDDLE_DIALECTS_HEDDLE_TENSORBYTES_H
#define HEDDLE_DIALECTS_HEDDLE_TENSORBYTES_H

#include "dialects/heddle/DimExpr.h"
#include "mlir/IR/Types.h"

namespace heddle {

/// Bytes of a tensor's static dimensions, the others taken as 1; nothing where no run could count
/// them (runtime/support/checked_math.h has the same limit).
std::optional<int64_t> bytesOfKnown(llvm::ArrayRef<DimExpr> dims, mlir::Type elementType);

} // namespace heddle

#endif // HEDDLE_DIALECTS_HEDDLE_TENSORBYTES_H
