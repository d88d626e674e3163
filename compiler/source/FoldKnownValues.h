// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef HEDDLE_COMPILER_SOURCE_FOLDKNOWNVALUES_H
#define HEDDLE_COMPILER_SOURCE_FOLDKNOWNVALUES_H

#include "dialects/onnx/ShapeContext.h"

namespace heddle {

/// Rewrites what is known of the values in a region, whose types are set already: inlines Ifs with
/// a known condition, replaces values with known contents by constants and index tensors, removes
/// operations that pass their operand on, and drops what is not used.
void foldKnownValues(mlir::Region &region, onnx::ShapeContext &context);

} // namespace heddle

#endif // HEDDLE_COMPILER_SOURCE_FOLDKNOWNVALUES_H
