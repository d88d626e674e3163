// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The steps of a Winograd convolution, shared by its sources: Winograd.cpp divides the work and
// multiplies, WinogradTransforms.cpp makes inputs and results of tiles, WinogradDirect.cpp computes
// what is not finite.

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINOGRADEMITTER_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINOGRADEMITTER_H

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/convolution/InputPatch.h"
#include "compiler/codegen/convolution/Winograd.h"

namespace heddle::codegen {

class WinogradEmitter {
public:
  WinogradEmitter(Emitter &e, const WinogradSpec &spec, const ConvolutionOperands &ops,
                  mlir::Value scratch, PixelSink sink);
  void point(mlir::Value index, mlir::Value end);

private:
  static constexpr int64_t kPositions = WinogradPlan::kPositions;

  /// What a grid point is about. Tiles at the ends may reach past the output.
  struct Place {
    mlir::Value n, panel, panels;
    mlir::Value row, rows, column, columns; // tiles
  };
  /// The most rows of tiles of a point of so many columns of them.
  mlir::Value rowTilesOf(mlir::Value columns);
  /// Of the output.
  PixelBlock pixelsOf(const Place &place);
  mlir::Value firstPlane(const Place &place) { return e.mul(place.n, spec.channels); }
  mlir::Value firstChannel(const Place &place) { return e.mul(place.panel, plan.panel); }
  /// Those that exist.
  mlir::Value channelsOf(const Place &place);
  /// Pixels between the rows of results.
  mlir::Value rowPitch(const Place &place);
  /// The runs of pixels that the block's results are.
  void eachRun(const Place &place, llvm::function_ref<void(mlir::Value row, mlir::Value column,
                                                           mlir::Value pixels, mlir::Value first)>
                                       body);

  void transformInput(const Place &place);
  void products(const Place &place, const PatchAhead &ahead, int64_t panels);
  /// The lengths of tiles that blocks of the known or any sizes have.
  llvm::SmallVector<int64_t> tileCounts() const;
  void prefetchResults(const Place &place, mlir::Value position);
  /// Returns whether any of them is not finite.
  mlir::Value results(const Place &place);
  void direct(const Place &place);
  void deliver(const Place &place);

  Emitter &e;
  const WinogradSpec &spec;
  const ConvolutionOperands &ops;
  WinogradPlan plan;
  PixelSink sink;
  mlir::Value scratch;
  TileMath math;
  int64_t lanes, perPanel;
  mlir::Value patch, inputs, partial, rows, turned;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINOGRADEMITTER_H
