// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Winograd's minimal filtering F(2x2, 3x3): 2 x 2 results of a 3 x 3 window with 16 multiplications
// a channel instead of 36 (S. Winograd, "Arithmetic Complexity of Computations", 1980; A. Lavin and
// S. Gray, "Fast Algorithms for Convolutional Neural Networks", 2016). With d the 4 x 4 inputs of
// such a tile and g a filter,
//
//   results = A'[ sum over channels of (G g G') * (B' d B) ] A
//
// element by element: 16 matrix products, one for each position in the tile, of tiles by channels
// and channels by filters. Filters are transformed when they are packed. A grid point is a block of
// tiles times a few panels of output channels: the block's inputs are transformed into scratch,
// once for all panels that a thread computes one after the other; the products of a position have
// output channels in the lanes; results are put together from all positions, turned, and go through
// the epilogue.
//
// Each result depends on the inputs of its own window only, as without the algorithm. Where one of
// a block is not finite, the block is computed again directly, with the sums of Convolution.h in
// their order: infinities and NaN are where they would be, and sums of transformed inputs that
// overflow do no harm. So filters are packed in both forms: [panel][position][channel][panel's
// channel], then as Convolution.h describes. Filters of fewer bits are packed in the latter form
// alone, and transformed before each run.
//
//   WinogradSpec spec{convolution, channels, outputs, height, width, joinsRows};
//   WinogradPlan plan = planWinograd(spec, target);
//   // grid = plan.gridPoints(...), scratch = plan.scratchBytes(channels)
//   emitWinograd(e, spec, operands, begin, end, scratch, sink);

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINOGRAD_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINOGRAD_H

#include "compiler/codegen/convolution/Convolution.h"

namespace heddle::codegen {

/// One group of known channels.
struct WinogradSpec {
  ConvolutionSpec convolution; // of f32, 3 x 3, without strides, dilations and depth
  int64_t channels, outputs;
  std::optional<int64_t> height, width; // of the output, where they are known
  /// The epilogue does not tell the rows of the output apart.
  bool joinsRows = false;
};

struct WinogradPlan : ConvolutionBlocks, ChannelTile {
  static constexpr int64_t kPositions = 16;

  /// Of a grid point, at most. Where the width is not known and fewer columns are beside each other
  /// (it is divided evenly), a point has as many more rows: else filters would be read for every few
  /// tiles.
  int64_t rowTiles, columnTiles;
  /// Whole rows of a block are one run of pixels.
  bool joined;
  // Elements of scratch, between positions.
  int64_t inputStep, productStep;
  // Of scratch, in bytes; the row that is copied of the input is at patchOffset.
  int64_t turnedOffset, inputOffset, productOffset, rowOffset;

  int64_t blockTiles() const { return rowTiles * columnTiles; }
  int64_t tileRow() const { return panels * panel; } // elements of a pixel's results
  /// Where the filters as they are begin, after the transformed ones; both forms are
  /// `packedElements`.
  int64_t plainFilters, packedElements;
};

WinogradPlan planWinograd(const WinogradSpec &spec, const Target &target);

void emitWinograd(Emitter &e, const WinogradSpec &spec, const ConvolutionOperands &operands,
                  mlir::Value begin, mlir::Value end, mlir::Value scratch, PixelSink sink);

/// Packs filters stored [OC, IC, 3, 3], of any number. One grid point is one panel: grid =
/// ceil(OC / panel).
void emitPackWinograd(Emitter &e, const ConvolutionSpec &spec, mlir::Value source,
                      mlir::Value packed, mlir::Value outputs, mlir::Value channels,
                      mlir::Value begin, mlir::Value end);

/// Transforms filters that emitPackFilter packed, stored in fewer bits, to the first of both forms.
/// One grid point is a block of channels of a panel: grid = ceil(OC / panel) * ceil(IC /
/// kChannelBlock).
void emitTransformWinograd(Emitter &e, const ConvolutionSpec &spec, mlir::Value packed,
                           mlir::Value transformed, mlir::Value channels, mlir::Value begin,
                           mlir::Value end);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINOGRAD_H
