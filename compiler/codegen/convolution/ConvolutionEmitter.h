// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The steps of a convolution kernel, shared by its three sources: Convolution.cpp divides the work,
// ConvolutionTile.cpp accumulates a tile, ConvolutionResults.cpp delivers it.

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_CONVOLUTIONEMITTER_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_CONVOLUTIONEMITTER_H

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/convolution/Convolution.h"
#include "compiler/codegen/convolution/FilterLayout.h"
#include "compiler/codegen/convolution/InputPatch.h"

namespace heddle::codegen {

class ConvolutionEmitter {
public:
  ConvolutionEmitter(Emitter &e, const ConvolutionSpec &spec, const ConvolutionOperands &ops,
                     mlir::Value scratch, PixelSink sink)
      : e(e), spec(spec), ops(ops), plan(planConvolution(spec, e.target)), sink(sink),
        scratch(scratch), math(e.target, spec.accumulator(), spec.pairs),
        lanes(std::min(e.lanesOf(spec.accumulator()), plan.panel)),
        rowBuffer(e.view(scratch, ConvolutionPlan::kRowOffset, spec.accumulator())),
        turned(e.view(scratch, plan.turnedOffset, spec.accumulator())) {}

  /// A block's columns: some of the tiles that a row is split into.
  struct ColumnTiles {
    EvenSplit split; // of the row, in units of columns
    int64_t unit;
    bool endsEarly; // the last unit may
    mlir::Value first, count;
    mlir::Value column(Emitter &e, mlir::Value tile) const; // counted from the block's first
    /// In whole units.
    mlir::Value columns(Emitter &e, mlir::Value tile) const;
  };
  /// What a grid point is about.
  struct Place {
    mlir::Value n, group, panel, panels;
    PixelBlock block;
    llvm::SmallVector<int64_t> heights; // that blocks have, where known
    ColumnTiles tiles;
  };
  /// Blocks and tiles that begin at multiples of a number of rows and columns, so that all of a
  /// window of results is in one block.
  struct BlockUnits {
    int64_t rows = 1, columns = 1;
    mlir::Value height, width; // of the output, in units
    llvm::function_ref<void(const Place &)> started = {}, finished = {};
  };

  void run(mlir::Value begin, mlir::Value end);
  void run(mlir::Value begin, mlir::Value end, const BlockUnits &units);
  /// Full rows [row, row + rows) of the output of image n, of some panels of the only group.
  void rows(mlir::Value n, mlir::Value row, mlir::Value rows, mlir::Value panel,
            mlir::Value panels);

private:
  /// Whose results a tile's are.
  struct Channels {
    mlir::Value n, first, count; // of all groups; those that exist
    const PixelBlock &block;
  };
  struct TileResults {
    const Channels *channels;
    mlir::Value row, column, pixels; // in the block
    mlir::Value firstTurn; // of this phase's blocks of channels, in which they are asked for
  };
  struct Tile {
    InputPatch patch;
    mlir::Value filter, panelStep; // offset of the first panel's filters, and between panels
    /// Plain: where the first pixel's window begins. Transposed: how far the first pixel is, in
    /// outputs, from the first element of the patch; all of it may reach backwards.
    SpatialValues origin;
    SpatialValues firstRead; // coordinates in the input of the first pixel's window
    int64_t panels, pixels;
    mlir::Value firstPixel; // in the row, or of the narrow rows
    /// Null, or the last that exists, which is this one or the one before; else it is computed
    /// twice.
    mlir::Value lastPixel;
    int64_t pixelStep;
    /// Tiles of pixels that the panels meet one after the other: which this is, and 2^16 / how many.
    mlir::Value turn, turnShare;
    const PatchAhead *ahead;
    mlir::Value aheadTurn; // of the first row of taps
    TileResults results;
  };
  struct Tap {
    mlir::Value offset; // in elements of the patch along one axis
    mlir::Value exists; // null: always
  };

  /// Splits rows of pixels into blocks of whole tiles, so that tiles are as few as without blocks.
  struct RowSplit {
    RowSplit(Emitter &e, mlir::Value units, const ConvolutionPlan &plan, int64_t unit,
             mlir::Value width = {});
    int64_t unit;
    mlir::Value width; // null, or where the last unit may end early
    EvenSplit tiles, blocks;
    /// With only its columns filled in.
    PixelBlock block(Emitter &e, mlir::Value part) const;
    ColumnTiles tilesOf(Emitter &e, mlir::Value part) const;
  };

  /// Rows of a length that is not known are split into pairs of pixels, as half as many tiles are
  /// code of their own then.
  RowSplit splitRow(const BlockUnits &units);
  void prepare();
  void point(mlir::Value index, mlir::Value end, const BlockUnits &units);
  /// Whether points that follow each other are blocks of channels and not of pixels.
  bool panelsComeFirst() const;
  /// Or read where it is.
  bool patchIsCopied() const { return spec.copiesInput() || math.isBytes() || math.isPairs(); }
  InputPatch patchOf(const Place &place, mlir::Value refill);
  mlir::Value firstPlane(const Place &place);
  /// `next` is asked for meanwhile, if it exists.
  void panelTiles(const Place &place, mlir::Value refill, const Place &next,
                  mlir::Value nextExists);
  void channelPanels(const Place &place, const InputPatch &patch, const PatchAhead &ahead,
                     mlir::Value firstTurn);
  void rowTiles(const Place &place, const Channels &channels, Tile &tile, mlir::Value firstTurn);
  void narrowTiles(const Place &place, const Channels &channels, Tile &tile, mlir::Value firstTurn);
  void accumulate(const Tile &tile);
  /// Narrow rows in a tile.
  int64_t tileRows() const { return std::max<int64_t>(1, plan.pixels / spec.narrowWidth); }
  /// Panels that a tile may have.
  llvm::SmallVector<int64_t> panelCounts() const;
  /// Of pixels in a block.
  mlir::Value tilesIn(const Place &place);
  mlir::Value channelBlocks() { return e.ceilDiv(steps, kChannelBlock); }
  /// Of a window and the blocks of channels: the times when a tile has others ask for memory.
  mlir::Value tapRows() { return e.mul(channelBlocks(), spec.window[0] * spec.window[1]); }
  /// Known to stay there from one tile of pixels, and from one run, to the next. Most kernels leave
  /// sizes above 16 to the run: theirs count as large.
  bool filtersFitCache() const;
  void prefetchNextPanels(const Tile &tile, mlir::Value filtersDone, int64_t rowStep);
  /// Whether a tile of a window of one element reads more of the input and the filters than stays
  /// in the first cache. Its pixels, a plane apart from channel to channel, are then asked for.
  bool asksForInput() const;
  /// For the lines of a channel's pixels, which lie in rows of so many.
  void askForInput(mlir::Value input, int64_t pixels, int64_t rowPixels,
                   llvm::function_ref<mlir::Value(int64_t)> pixelAt);
  Tap tap(const Tile &tile, int dim, mlir::Value index);
  /// Whether any pixel of a tile has the element of its window that is so far from the first one in
  /// the input and not in the pads; null where that is not asked, as all tiles have most of them.
  mlir::Value isInInput(const Tile &tile, int dim, mlir::Value reach);
  /// Transposed: outputs of a row differ in which taps they have, periodically.
  int64_t phases() const { return spec.transposed ? spec.stride[2] : 1; }
  /// The tile's `origin` and `firstRead`.
  void placeTile(Tile &tile, const PatchGeometry &geometry, const PixelBlock &block,
                 mlir::Value row, mlir::Value column);
  /// Asks for the results of some of a tile's channels: its share of them in each block of channels
  /// of the input, as asking for all at once waits for the CPU's few places for lines to come.
  void prefetch(const TileResults &results, mlir::Value channelBlock);
  /// Delivers `pixels` results from a place of the output on.
  void finish(const Channels &channels, const Tile &tile, mlir::Value row, mlir::Value column,
              mlir::Value pixels);
  mlir::Value withoutZeroPoints(mlir::Value sum, mlir::Value inputSums, mlir::Value channel,
                                mlir::Value panelAt, mlir::Value lane);
  int64_t elementBytes() const { return spec.accumulator().getIntOrFloatBitWidth() / 8; }
  bool usesInputSums() const { return math.isBytes() && !spec.filterCentered; }
  // Results of a block's row: [pixel][panels * panel], then the input's sum.
  int64_t tileRow() const {
    return plan.panels * plan.panel + (spec.filterCentered ? 0 : plan.panel);
  }

  Emitter &e;
  const ConvolutionSpec &spec;
  const ConvolutionOperands &ops;
  ConvolutionPlan plan;
  PixelSink sink;
  mlir::Value scratch;
  TileMath math;
  int64_t lanes;
  mlir::Value rowBuffer, turned;
  mlir::Value groupChannels, groupOutputs;
  mlir::Value steps;     // of depth in a group
  mlir::Value inputZero; // point of unsigned bytes
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_CONVOLUTIONEMITTER_H
