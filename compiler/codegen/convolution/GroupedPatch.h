// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies of what a block of output pixels reads of an input, with the channels of a step of depth
// side by side: four of bytes, two of f32 rounded to bf16. See TileMath.h.

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_GROUPEDPATCH_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_GROUPEDPATCH_H

#include "compiler/codegen/convolution/InputPatch.h"

namespace heddle::codegen {

/// What is copied, and where to.
struct GroupedPatchSource {
  mlir::Value input, firstPlane, channels;
  const SpatialValues &inputSize;
  const PixelBlock &block;
  mlir::Value scratch;
  int64_t byteOffset;
  mlir::Value refill;
  PatchReader read = {};
};

/// The patch counts in 32-bit elements: the unsigned bytes of four channels. `fill` (i8, unsigned)
/// stands where windows leave the input, zero for channels past the last.
InputPatch bytePatchCopied(Emitter &e, const ConvolutionSpec &spec, const GroupedPatchSource &from,
                           mlir::Value fill);

/// The same of pairs of bf16, with zeros.
InputPatch pairPatchCopied(Emitter &e, const ConvolutionSpec &spec, const GroupedPatchSource &from);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_GROUPEDPATCH_H
