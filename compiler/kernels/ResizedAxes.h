// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which axes onnx.Resize changes, and by how much.

#ifndef HEDDLE_COMPILER_KERNELS_RESIZEDAXES_H
#define HEDDLE_COMPILER_KERNELS_RESIZEDAXES_H

#include "dialects/heddle/DimExpr.h"
#include "dialects/onnx/Onnx.h"

namespace heddle {

/// How one axis is resized; the scale is known, or the quotient of two sizes.
struct ResizedAxis {
  int64_t axis;
  DimExpr from, to;
  std::optional<double> scale;

  bool changes() const { return from != to || (scale && *scale != 1.0); }
  /// Whether the size that the scale makes is an expression of the operand's; else it is for the
  /// library to tell.
  bool hasKnownSize() const;
};

/// In the order of the operator's attributes.
llvm::SmallVector<ResizedAxis> resizedAxes(onnx::ResizeOp resize);

} // namespace heddle

#endif // HEDDLE_COMPILER_KERNELS_RESIZEDAXES_H
