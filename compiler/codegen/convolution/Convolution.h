// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Direct convolution of plain NCHW (NCW, NCDHW) tensors with packed filters. Sizes are dynamic;
// window, strides, dilations and leading pads are static.
//
// A vector is a panel of output channels, one input pixel is broadcast to it, and a tile of pixels
// of one row stays in registers over the whole depth. A grid point is a block of pixels times a
// block of output channels of one group; where there are pads, it first copies what it reads of the
// input to scratch, with zeros around, once for all channel blocks that a thread computes one after
// the other (kernel_abi.h says what scratch keeps between calls). Every element is one
// chain of multiply-adds in the same order, whatever the blocking.
//
// Bytes (i8 input and filters, either sign, zero points) give exact i32 sums; "channel" then reads
// "four channels" below, the last filled up with zeros, and each panel begins with the i32 sums of
// its filters.
//
// Packed filters: [group][ceil(OC/G / panel)][blocks of 16 input channels][KD][KH][KW][16][panel],
// the last blocks as narrow as what is left of the input channels, the last panel padded.
//
//   ConvolutionSpec spec{f32}; spec.window = {1, 3, 3}; spec.padding = {0, 1, 1};
//   ConvolutionPlan plan = planConvolution(spec, target);
//   // grid = plan.gridPoints(...), scratch = plan.scratchBytes(IC / G)
//   emitConvolution(e, spec, operands, begin, end, scratch,
//                   [&](Value acc, const PixelPosition &at) {
//                     Value bias = e.broadcast(e.load(biasBuffer, at.channel), at.lanes);
//                     ...
//                     e.store(sum, y, at.offset, at.mask);
//                   });

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_CONVOLUTION_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_CONVOLUTION_H

#include <array>

#include "compiler/codegen/Emitter.h"

namespace heddle::codegen {

/// Depth, height, width; 2-D uses depth 1, 1-D depth and height 1.
using Spatial = std::array<int64_t, 3>;
using SpatialValues = std::array<mlir::Value, 3>;

struct ConvolutionSpec {
  mlir::Type element; // f32 or f64; i8
  Spatial window{1, 1, 1}, stride{1, 1, 1}, dilation{1, 1, 1};
  Spatial padding{0, 0, 0}; // before the first element; what is needed after the last is implied
  /// False only where no window leaves the input on either side.
  bool padded = true;
  /// What is multiplied is computed from the input, as it is copied: ConvolutionOperands::inputAt.
  bool computesInput = false;
  /// Elements of dilated windows that are pads for all of a tile are not multiplied: only where
  /// filters are finite. Of floats, not transposed.
  bool skipsPads = false;
  /// ConvTranspose: stride and dilation place the inputs among the outputs, and `padding` is what
  /// is cut off the outputs' front. Filters are stored [IC, OC / G, KD, KH, KW]. Not for i8.
  bool transposed = false;
  /// The output width, where it is known and rows fit in a tile of pixels: tiles are then as many
  /// rows as fit, and results runs of several rows. 0: tiles stay within a row. Of floats, not
  /// transposed.
  int64_t narrowWidth = 0;
  // Of i8:
  bool inputSigned = false, filterSigned = true;
  /// The filters' zero point is 0 (signed) or 128 (unsigned); cheaper.
  bool filterCentered = true;

  /// Elements of the input, f32, are rounded to bf16 and multiplied in pairs. So are the filters, which
  /// are packed as bf16. "Channel" then reads "two channels" above. Not where it is transposed.
  bool pairs = false;

  /// Or, of floats, read where it is.
  bool copiesInput() const { return padded || transposed || computesInput; }
  mlir::Type accumulator() const; // i32 for i8
  int64_t panel() const;          // output channels that filters are packed by
};

/// The grid of a convolution and what a point of it needs.
struct ConvolutionBlocks {
  int64_t rowBlock, columnBlock, channelBlock; // of a grid point, at most
  int64_t scratchFixed, scratchPerChannel;     // bytes: fixed + perChannel * (IC / G)
  int64_t patchOffset;                         // in scratch: the input's copy

  /// Of an output of od x oh x ow pixels.
  int64_t gridPoints(int64_t n, int64_t groups, int64_t oc, int64_t od, int64_t oh,
                     int64_t ow) const {
    auto parts = [](int64_t size, int64_t most) { return (size + most - 1) / most; };
    return n * groups * od * parts(oh, rowBlock) * parts(ow, columnBlock) *
           parts(oc / groups, channelBlock);
  }
  int64_t scratchBytes(int64_t channels) const {
    return scratchFixed + scratchPerChannel * channels;
  }
};

/// The tile of results that stays in registers, with output channels in the lanes.
struct ChannelTile {
  int64_t panel, panels, pixels;
};

struct ConvolutionPlan : ConvolutionBlocks, ChannelTile {
  int64_t tileColumns; // pixels of all phases
  /// In scratch, after the number of the block whose patch is there: results of a row.
  static constexpr int64_t kRowOffset = 64;
  int64_t turnedOffset; // in scratch: a square of results

  int64_t packedElements(int64_t groups, int64_t oc, int64_t channels, int64_t taps) const {
    int64_t depth = bytes   ? 4 * ((channels + 3) / 4 * taps + 1)
                    : pairs ? 2 * ((channels + 1) / 2 * taps)
                            : channels * taps;
    return groups * ((oc / groups + panel - 1) / panel * panel) * depth;
  }
  bool bytes, pairs;
};

ChannelTile planChannelTile(const ConvolutionSpec &spec, const Target &target);
ConvolutionPlan planConvolution(const ConvolutionSpec &spec, const Target &target);

/// Where a vector of results belongs: lanes are consecutive pixels of a row.
struct PixelPosition {
  mlir::Value n, channel;
  SpatialValues pixel; // of the first lane
  mlir::Value offset;  // ((n * OC + channel) * OD * OH + ...) * OW + ow
  mlir::Value mask;    // null: all lanes count
  int64_t lanes;
};

struct ConvolutionOperands {
  /// Buffers. Floats of fewer bits are widened: of the filter as they are met, of the input as they
  /// are copied, which is where windows are padded.
  mlir::Value input, filter;
  mlir::Value n, groups, ic, oc; // sizes; channels of all groups
  SpatialValues inputSize, outputSize;
  /// Called for the ends of each row of a tile's results before the tile is computed.
  std::function<void(Emitter &, const PixelPosition &)> prefetch = {};
  /// Zero points of bytes, as i32: of the input, of an output channel's filter. Null: zero, or
  /// where the filters are centred, their middle.
  std::function<mlir::Value(Emitter &)> inputZeroPoint = {};
  std::function<mlir::Value(Emitter &, mlir::Value channel)> filterZeroPoint = {};
  /// Of Winograd.h: filters as they are, where they are not in `filter` as well.
  mlir::Value plainFilter = {};
  /// Elements of a row of the input where they are computed, from `input`, which has its sizes, and others.
  std::function<mlir::Value(Emitter &, const PixelPosition &)> inputAt = {};
};

using PixelSink = llvm::function_ref<void(mlir::Value accumulator, const PixelPosition &)>;

void emitConvolution(Emitter &e, const ConvolutionSpec &spec, const ConvolutionOperands &operands,
                     mlir::Value begin, mlir::Value end, mlir::Value scratch, PixelSink sink);

/// Packs filters stored [OC, IC / G, KD, KH, KW] (see `transposed`). One grid point is one panel:
/// grid = groups * ceil(OC / G / panel). `first` (null: 0) is where in `packed` the first one is.
void emitPackFilter(Emitter &e, const ConvolutionSpec &spec, mlir::Value source, mlir::Value packed,
                    mlir::Value groups, mlir::Value oc, mlir::Value channels, mlir::Value begin,
                    mlir::Value end, mlir::Value first = {});

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_CONVOLUTION_H
