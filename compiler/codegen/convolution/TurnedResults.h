// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From results with output channels in the lanes to rows of pixels.

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_TURNEDRESULTS_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_TURNEDRESULTS_H

#include "compiler/codegen/convolution/Convolution.h"

namespace heddle::codegen {

/// Results as they were computed: [pixel][rowElements], some of which are channels.
struct ChannelResults {
  mlir::Value rows;
  int64_t rowElements;
  mlir::Value turned; // room for lanes x lanes
  int64_t lanes;

  /// Elements from `first` on of the pixels from `pixel` on, as vectors of pixels.
  Values turn(Emitter &e, mlir::Value pixel, mlir::Value first) const;
};

/// Pixels that follow each other in a plane, in one row or, where a row's width was joined to the
/// next, in several.
struct PixelRun {
  mlir::Value n, channel, channels; // of all groups; those that exist
  mlir::Value depth, row, column, pixels;
  mlir::Value first; // in the rows of results
};

/// Hands them to `sink`, with the place of the channel in a row of results. `before` is called for
/// every square of pixels and channels.
void deliverTurned(
    Emitter &e, const ConvolutionOperands &ops, const ChannelResults &results, const PixelRun &run,
    llvm::function_ref<void(mlir::Value sum, const PixelPosition &at, mlir::Value channel)> sink,
    llvm::function_ref<void(mlir::Value pixel)> before = {});

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_TURNEDRESULTS_H
