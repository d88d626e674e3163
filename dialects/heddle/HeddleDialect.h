// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The dialect `heddle` with its attributes, for dialects whose types use them.

#ifndef HEDDLE_DIALECTS_HEDDLE_HEDDLEDIALECT_H
#define HEDDLE_DIALECTS_HEDDLE_HEDDLEDIALECT_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/TensorEncoding.h"

#include "dialects/heddle/HeddleDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/heddle/HeddleAttrs.h.inc"

#endif // HEDDLE_DIALECTS_HEDDLE_HEDDLEDIALECT_H
