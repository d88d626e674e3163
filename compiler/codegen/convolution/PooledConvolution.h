// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Max pooling of a convolution's results, which never leave the cache, or their weighted sums: a
// depthwise convolution, of which "pooled" is said below as well. A grid point is some pooled
// pixels of some channels: what their windows cover is computed into scratch and pooled from there.
// Where windows lie side by side, a point is a block of an image. Where they overlap, it is whole
// rows, and points that follow each other down an image keep the rows that both cover. So it is with
// pixels in the lanes, where a few channels at a time are pooled from the first cache.
//
//   PooledPlan plan = planPooledConvolution(spec, target);
//   // grid = n * plan.pointsOfImage, scratch = plan.scratchBytes
//   emitPooledConvolution(e, spec, operands, weights, begin, end, scratch, epilogue, sink);

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_POOLEDCONVOLUTION_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_POOLEDCONVOLUTION_H

#include "compiler/codegen/convolution/Window.h"

namespace heddle::codegen {

/// Two spatial axes, one group, floating-point; sizes are known.
struct PooledSpec {
  ConvolutionSpec convolution;
  WindowSpec window;
  int64_t channels;      // of the convolution's input
  int64_t height, width; // of its output
  int64_t outputs;       // its channels
  int64_t pooledHeight, pooledWidth;
  bool pixelsInLanes = false; // PlaneConvolution.h
  /// Windows are summed with weights (a depthwise convolution), not pooled.
  bool weighted = false;
};

struct PooledPlan {
  bool sideBySide;               // windows, and each is full of results
  int64_t rowBlock, columnBlock; // pooled rows and columns of a point, at most
  int64_t channelBlock;          // channels of a point, at most
  int64_t channelUnit;           // of which it is a multiple
  int64_t heldRows, heldWidth;   // of the convolution, for that many pooled rows and columns
  int64_t heldOffset, windowOffset, scratchBytes;
  int64_t pointsOfImage;
};

PooledPlan planPooledConvolution(const PooledSpec &spec, const Target &target);

/// What a row of the convolution's results becomes before it is pooled.
using PixelEpilogue =
    llvm::function_ref<mlir::Value(mlir::Value accumulator, const PixelPosition &)>;

/// `weights` of windows: [channels, KH, KW]; null where they are pooled.
void emitPooledConvolution(Emitter &e, const PooledSpec &spec, const ConvolutionOperands &operands,
                           mlir::Value weights, mlir::Value begin, mlir::Value end,
                           mlir::Value scratch, PixelEpilogue epilogue, PixelSink sink);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_POOLEDCONVOLUTION_H
