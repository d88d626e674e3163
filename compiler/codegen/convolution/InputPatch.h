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
  mlir::Value depth = {}, row = {}, rows = {}, column = {}, columns = {};
};

/// The extent of a block's patch, with rows rounded up to whole vectors.
struct PatchGeometry {
  PatchGeometry(Emitter &e, const ConvolutionSpec &spec, const PixelBlock &block, int64_t lanes);
  int64_t depth;
  mlir::Value height, rowStep;
  mlir::Value depth0, row0, column0; // input coordinates of the first element; may be negative
  /// Whether a row of the patch is one of the input.
  mlir::Value inside(Emitter &e, mlir::Value depth, mlir::Value row,
                     const SpatialValues &inputSize) const;
};

/// The patch in the input itself; no window may leave it.
InputPatch patchInPlace(Emitter &e, const ConvolutionSpec &spec, mlir::Value input,
                        mlir::Value firstPlane, const SpatialValues &inputSize,
                        const PixelBlock &block);

/// Elements of a row of the input, the channel counted from the first of the patch. Null: as they are in
/// memory.
using PatchReader = std::function<mlir::Value(const PixelPosition &)>;

/// A copy of the patch with zeros where windows leave the input, at the start of `target`. Makes
/// the copy where `refill` holds; otherwise an earlier one of the same block is there.
InputPatch patchCopied(Emitter &e, const ConvolutionSpec &spec, mlir::Value input,
                       mlir::Value firstPlane, mlir::Value channels, const SpatialValues &inputSize,
                       const PixelBlock &block, mlir::Value target, mlir::Value refill,
                       const PatchReader &read = {});

/// The part of the input that the next block reads, asked for while the present block is computed:
/// its lines lie far apart, and no processor guesses where the next ones are. A few lines at a time,
/// as processors forget what they are asked for faster than memory is.
class PatchAhead {
public:
  /// `turns`: the number of calls of prefetch() that the lines are spread over. None are asked for
  /// where the block does not exist.
  PatchAhead(Emitter &e, const ConvolutionSpec &spec, mlir::Value input, mlir::Value firstPlane,
             mlir::Value channels, const SpatialValues &inputSize, const PixelBlock &block,
             mlir::Value exists, mlir::Value turns);
  void prefetch(Emitter &e, mlir::Value turn) const;

private:
  InputPatch source;
  mlir::Value height, width; // in elements
  mlir::Value rows, share;   // of all channels, and those of a turn
  int64_t lineElements;
};

/// Narrow rows are copied as one vector each and stand close: a vector's end is written over by the
/// row that follows.
bool rowsStandClose(const ConvolutionSpec &spec, int64_t lanes);

/// Elements of a channel's copy for blocks of at most so many rows and columns.
int64_t patchElements(const ConvolutionSpec &spec, int64_t rows, int64_t columns, int64_t lanes);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_INPUTPATCH_H
