// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The steps of a convolution with pixels in the lanes: PlaneConvolution.cpp divides the work and
// computes tiles; pooled convolutions ask for rows.

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_PLANEEMITTER_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_PLANEEMITTER_H

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/convolution/PhasedPatch.h"
#include "compiler/codegen/convolution/PlaneConvolution.h"

namespace heddle::codegen {

class PlaneEmitter {
public:
  PlaneEmitter(Emitter &e, const ConvolutionSpec &spec, const ConvolutionOperands &ops,
               mlir::Value scratch, PixelSink sink);

  struct Pixels {
    mlir::Value n, group;
    PixelBlock block;
  };
  /// What the tiles of some pixels have in common.
  struct Place : Pixels {
    PhasedPatch patch;
    std::optional<PatchAhead> ahead; // what tiles ask for, from this tile of channels on
    mlir::Value firstTile;
  };
  void point(mlir::Value index, mlir::Value begin, mlir::Value end);
  /// The input is copied where `refill` holds, or is there already.
  Place place(const Pixels &pixels, mlir::Value refill);
  /// Has so many tiles of channels ask for the input of the pixels that come next.
  void askAhead(Place &place, const Pixels &next, mlir::Value exists, mlir::Value firstTile,
                mlir::Value tiles);
  /// The results of tiles [first, first + count) of the group's output channels.
  void channelTiles(const Place &place, mlir::Value first, mlir::Value count);

private:
  /// What the pixels of a tile of channels have in common.
  struct Channels {
    const Place &place;
    mlir::Value first, count; // of all groups; those that exist
    mlir::Value filter;       // where the first one's weights are
    mlir::Value rowVectors;   // vectors that a row of the block takes
    mlir::Value tile;         // of all of the group
  };

  mlir::Value firstPlane(const Pixels &pixels);
  /// Of vectors of pixels.
  EvenSplit tilesOf(const PixelBlock &block);
  void tiles(const Channels &channels);
  void accumulate(const Channels &channels, mlir::Value first, int64_t vectors);
  void eachResult(const Channels &channels, mlir::Value first, int64_t vectors,
                  llvm::function_ref<void(const PixelPosition &, mlir::Value parkedAt)> body);
  mlir::Value row(const Channels &channels, mlir::Value vector) {
    return e.div(vector, channels.rowVectors);
  }
  mlir::Value column(const Channels &channels, mlir::Value vector) {
    return e.mul(e.rem(vector, channels.rowVectors), lanes);
  }

  Emitter &e;
  const ConvolutionSpec &spec;
  const ConvolutionOperands &ops;
  PlanePlan plan;
  PixelSink sink;
  mlir::Value scratch;
  TileMath math;
  int64_t lanes, panel, taps;
  mlir::Value parked;
  mlir::Value inputs, outputs; // channels of a group
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_PLANEEMITTER_H
