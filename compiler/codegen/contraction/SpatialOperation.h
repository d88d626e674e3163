// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What convolutions and pooling have in common: an input and an output with one to three spatial
// axes, a window over them, and results that are rows of pixels.

#ifndef HEDDLE_COMPILER_CODEGEN_CONTRACTION_SPATIALOPERATION_H
#define HEDDLE_COMPILER_CODEGEN_CONTRACTION_SPATIALOPERATION_H

#include "compiler/codegen/contraction/ContractionKernel.h"
#include "compiler/codegen/contraction/Epilogue.h"
#include "compiler/codegen/convolution/Convolution.h"
#include "compiler/codegen/convolution/Window.h"

namespace heddle {

class SpatialOperation {
public:
  /// The attributes are those that Conv and the pooling operators share.
  explicit SpatialOperation(mlir::Operation *op);

  /// Attributes aligned to depth, height, width; missing axes are 1 (window, stride) or 0 (pads).
  codegen::Spatial window, stride, dilation, padBefore, padAfter;

  Dims x, y;
  unsigned axes;
  mlir::Type element;

  int64_t taps() const { return window[0] * window[1] * window[2]; }
  /// Those that a pixel of the result has: in a transposed convolution one of its strides' phases.
  int64_t tapsOfPixel(bool transposed) const {
    int64_t phases = transposed ? stride[0] * stride[1] * stride[2] : 1;
    return (taps() + phases - 1) / phases;
  }
  DimExpr inputSize(unsigned axis) const { return sizeOf(x, axis); }
  DimExpr outputSize(unsigned axis) const { return sizeOf(y, axis); }
  codegen::SpatialValues inputSizes(KernelFrame &frame) const { return sizes(frame, x); }
  codegen::SpatialValues outputSizes(KernelFrame &frame) const { return sizes(frame, y); }

  /// Treats each plane as one row of all its pixels, from now on.
  void joinPlane() { planeJoined = true; }

  /// Runs the epilogue on a row of pixels, to which its channel's element of `bias` (null: none) is
  /// added first.
  mlir::Value evaluate(Epilogue &epilogue, mlir::Value pixels, const codegen::PixelPosition &at,
                       mlir::Value bias) const;
  /// The same, and stores it.
  void store(Epilogue &epilogue, mlir::Value pixels, const codegen::PixelPosition &at,
             mlir::Value bias = {}) const;

  /// Elements of a row of the input where it is computed.
  mlir::Value inputAt(Epilogue &epilogue, mlir::Value input,
                      const codegen::PixelPosition &at) const;

  /// Asks for the memory of a pixel's result early.
  void prefetch(Epilogue &epilogue, const codegen::PixelPosition &at) const;

  /// The kernel that `frame` has, of windows within planes: a grid point is a block of one plane.
  ContractionKernel windowKernel(const KernelFrame &frame, const codegen::WindowPlan &plan,
                                 double nanosecondsPerElement) const;

  /// Rank 3 to 5, window and pads written out.
  static bool isResolved(mlir::Operation *op);

private:
  mlir::Value withBias(Epilogue &epilogue, mlir::Value pixels, const codegen::PixelPosition &at,
                       mlir::Value bias) const;
  /// Where in the result what is computed as a pixel's channel belongs.
  Place placeOf(Epilogue &epilogue, const codegen::PixelPosition &at, bool isVector) const;
  Place placeOf(mlir::Value channel, const codegen::PixelPosition &at, bool isVector) const;
  mlir::Value storedChannel(Epilogue &epilogue, mlir::Value channel) const;

  llvm::SmallVector<int64_t, 2> shuffledRuns; // kShuffledRuns, or empty

  bool planeJoined = false;
  DimExpr sizeOf(const Dims &dims, unsigned axis) const;
  codegen::SpatialValues sizes(KernelFrame &frame, const Dims &dims) const;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_CONTRACTION_SPATIALOPERATION_H
