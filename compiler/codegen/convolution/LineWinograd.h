// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Winograd's minimal filtering in one dimension, F(2, 3), for windows of 3 x 1 and 1 x 3: two
// results that are neighbours along the window with 4 multiplications a channel instead of 6. With
// d the 4 inputs of two results and g the 3 weights,
//
//   results = A'[ sum over channels of (G g) * (B' d) ]
//
// element by element, as Winograd.h has it for both dimensions. Pixels are in the lanes: a plane is
// one row of all its pixels, in which elements of a window are `step` apart, a row or one. A vector
// of pairs is made of two vectors of pixels: where the step divides a vector, of neighbours, which
// are sorted; where vectors divide the step, of those that are a step apart.
//
// A grid point is some vectors of pairs times a block of output channels. The inputs of these
// vectors are transformed into scratch, once for all channels that a thread computes one after the
// other; the products of a position, which stay in the first cache, meet all channels of the block
// before those of the next one do. Results of blocks that are not all finite are computed again
// directly, as in Winograd.h, and filters are packed in both forms: [tile of
// channels][position][channel][tile's channel], then as Convolution.h describes.
//
//   LineWinogradSpec spec{convolution, channels, outputs, width};
//   if (spec.fits(target)) ...
//   LineWinogradPlan plan = planLineWinograd(spec, target);
//   emitLineWinograd(e, spec, operands, begin, end, scratch, sink);   // of joined planes

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_LINEWINOGRAD_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_LINEWINOGRAD_H

#include "compiler/codegen/convolution/Convolution.h"

namespace heddle::codegen {

/// One group of known channels, whose epilogue does not tell rows apart.
struct LineWinogradSpec {
  ConvolutionSpec convolution; // of f32, 3 x 1 or 1 x 3, without strides, dilations and depth
  int64_t channels, outputs;
  int64_t height, width; // of the output

  /// Whether windows are of 1 x 3, within rows; then there is a pad on either side.
  bool withinRows() const { return convolution.window[2] == 3; }
  int64_t step() const { return withinRows() ? 1 : width; }
  /// Elements before the first one of the joined plane that its first window begins with.
  int64_t before() const { return step() * convolution.padding[withinRows() ? 2 : 1]; }
  /// Whether pairs of results fill vectors as described.
  bool fits(const Target &target) const;
};

struct LineWinogradPlan : ConvolutionBlocks {
  static constexpr int64_t kPositions = 4;
  /// Output channels of a register tile.
  static int64_t tileChannels(const Target &target) {
    return target.vectorRegisters() >= 32 ? 8 : 4;
  }

  int64_t channels, vectors;      // register tile
  int64_t blockVectors;           // of pairs, of a grid point, at most
  int64_t inputStep, productStep; // elements of scratch, between positions
  int64_t inputOffset, productOffset;
  int64_t plainFilters, packedElements;
};

LineWinogradPlan planLineWinograd(const LineWinogradSpec &spec, const Target &target);

/// The sizes in `operands` are those of joined planes: one row each.
void emitLineWinograd(Emitter &e, const LineWinogradSpec &spec, const ConvolutionOperands &operands,
                      mlir::Value begin, mlir::Value end, mlir::Value scratch, PixelSink sink);

/// Packs filters stored [OC, IC, 3], of any number. One grid point is one panel: grid =
/// ceil(OC / panel).
void emitPackLineWinograd(Emitter &e, const ConvolutionSpec &spec, mlir::Value source,
                          mlir::Value packed, mlir::Value outputs, mlir::Value channels,
                          mlir::Value begin, mlir::Value end);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_LINEWINOGRAD_H
