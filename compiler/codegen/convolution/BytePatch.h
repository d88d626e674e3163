// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A copy of what a block of output pixels reads of an input of bytes, four channels interleaved.

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_BYTEPATCH_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_BYTEPATCH_H

#include "compiler/codegen/convolution/InputPatch.h"

namespace heddle::codegen {

/// The patch counts in 32-bit elements: the unsigned bytes of four channels (see TileMath.h).
/// `fill` (i8, unsigned) stands where windows leave the input, zero for channels past the last.
InputPatch bytePatchCopied(Emitter &e, const ConvolutionSpec &spec, mlir::Value input,
                           mlir::Value firstPlane, mlir::Value channels,
                           const SpatialValues &inputSize, const PixelBlock &block,
                           mlir::Value scratch, int64_t byteOffset, mlir::Value fill,
                           mlir::Value refill);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_BYTEPATCH_H
