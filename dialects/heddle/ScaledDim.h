// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The size that a scale makes of another one.

#ifndef HEDDLE_DIALECTS_HEDDLE_SCALEDDIM_H
#define HEDDLE_DIALECTS_HEDDLE_SCALEDDIM_H

#include "dialects/heddle/DimExpr.h"

namespace heddle {

/// floor(size * scale), computed in single precision; unknown where that is not what integer
/// arithmetic gives for every size.
DimExpr scaledDim(const DimExpr &size, double scale);

} // namespace heddle

#endif // HEDDLE_DIALECTS_HEDDLE_SCALEDDIM_H
