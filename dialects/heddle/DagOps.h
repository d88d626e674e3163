// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recurrences over grids and graphs: a header of their own, as few sources have to do with them.

#ifndef HEDDLE_DIALECTS_HEDDLE_DAGOPS_H
#define HEDDLE_DIALECTS_HEDDLE_DAGOPS_H

#include "dialects/heddle/DimExpr.h"
#include "dialects/heddle/Heddle.h"

#define GET_OP_CLASSES
#include "dialects/heddle/DagOps.h.inc"

#endif // HEDDLE_DIALECTS_HEDDLE_DAGOPS_H
