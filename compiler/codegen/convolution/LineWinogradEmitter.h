// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The steps of a Winograd convolution along lines: LineWinograd.cpp divides the work and
// multiplies, LineWinogradTransforms.cpp makes inputs and results.

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_LINEWINOGRADEMITTER_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_LINEWINOGRADEMITTER_H

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/convolution/LineWinograd.h"

namespace heddle::codegen {

class LineWinogradEmitter {
public:
  LineWinogradEmitter(Emitter &e, const LineWinogradSpec &spec, const ConvolutionOperands &ops,
                      mlir::Value scratch, PixelSink sink);
  void point(mlir::Value index);

private:
  static constexpr int64_t kPositions = LineWinogradPlan::kPositions;

  /// What a grid point is about; `vectors` of pairs.
  struct Place {
    mlir::Value n, firstVector, vectors, firstTile, tiles, channels;
  };
  /// Of a vector of pairs: the first pixels of its two vectors of pixels, the second of which is
  /// `far`.
  mlir::Value pixelOf(mlir::Value vector);
  int64_t far() const { return isSorted ? lanes : spec.step(); }
  /// From two vectors of pixels to the first and the second ones of pairs, and back.
  Values sorted(mlir::Value low, mlir::Value high);
  Values unsorted(mlir::Value first, mlir::Value second);
  /// The input's pixels from `at` on that are in the plane.
  mlir::Value insidePlane(mlir::Value at);
  /// Of lanes that are so many elements apart in a row of `length` of them: those at a place in it.
  mlir::Value lanesAt(mlir::Value first, int64_t length, int64_t place);
  mlir::Value inputPlane(const Place &place, mlir::Value channel) {
    return e.mul(e.add(e.mul(place.n, spec.channels), channel), ops.inputSize[2]);
  }
  mlir::Value firstChannel(const Place &place) { return e.mul(place.firstTile, plan.channels); }
  /// In scratch: the vector of products of a channel of the block.
  mlir::Value productAt(mlir::Value channel, mlir::Value vector) {
    return e.mul(e.add(e.mul(channel, plan.blockVectors), vector), lanes);
  }
  /// Pixels in the order of memory take the places of the first two products.
  using PixelsBody = llvm::function_ref<void(mlir::Value pixel, mlir::Value scratchAt)>;
  void eachVector(const Place &place, mlir::Value vector, mlir::Value channel, PixelsBody body);

  void transformInput(const Place &place);
  void products(const Place &place);
  void accumulate(mlir::Value position, mlir::Value filter, mlir::Value firstVector,
                  mlir::Value firstProduct, int64_t vectors);
  void prefetchResults(const Place &place, mlir::Value tile);
  /// Returns whether any of them is not finite.
  mlir::Value results(const Place &place);
  void direct(const Place &place);
  void deliver(const Place &place);
  PixelPosition positionOf(const Place &place, mlir::Value channel, mlir::Value pixel);

  Emitter &e;
  const LineWinogradSpec &spec;
  const ConvolutionOperands &ops;
  LineWinogradPlan plan;
  PixelSink sink;
  mlir::Value scratch;
  TileMath math;
  int64_t lanes;
  bool isSorted;
  mlir::Value transformed, partial;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_LINEWINOGRADEMITTER_H
