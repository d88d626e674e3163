// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a block of output pixels reads of the input.

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_INPUTPATCH_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_INPUTPATCH_H

#include "compiler/codegen/convolution/Convolution.h"

namespace heddle::codegen {

/// Element (channel, depth, row, column), counted from the first one read, is at
/// start + channel * channelStep + depth * depthStep + row * rowStep + column.
struct InputPatch {
  mlir::Value buffer, start, channelStep, depthStep, rowStep;
};

/// A block of output pixels: one depth, some rows, some columns.
struct PixelBlock {
  mlir::Value depth, row, rows, column, columns;
};

/// The patch in the input itself; no window may leave it.
InputPatch patchInPlace(Emitter &e, const ConvolutionSpec &spec, mlir::Value input,
                        mlir::Value firstPlane, const SpatialValues &inputSize,
                        const PixelBlock &block);

/// A copy of the patch with zeros where windows leave the input, at the start of `target`. Makes the
/// copy where `refill` holds; otherwise an earlier one of the same block is there.
InputPatch patchCopied(Emitter &e, const ConvolutionSpec &spec, mlir::Value input,
                       mlir::Value firstPlane, mlir::Value channels,
                       const SpatialValues &inputSize, const PixelBlock &block,
                       mlir::Value target, mlir::Value refill);

/// Elements of a channel's copy for blocks of at most so many rows and columns.
int64_t patchElements(const ConvolutionSpec &spec, int64_t rows, int64_t columns, int64_t lanes);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_INPUTPATCH_H
