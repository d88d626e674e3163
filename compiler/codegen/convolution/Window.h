// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sliding windows within one channel: depthwise convolution and pooling of plain NCHW tensors.
//
// Vectors are pixels of a row, or of several short ones. A grid point is some rows of one output
// plane. Where windows of one row follow each other and masks are free it reads them where they are;
// else it copies what it reads to scratch (first cache), with `fill` where windows leave the input and
// with strided columns sorted into phases, so that all loads of windows are of consecutive elements.
//
//   WindowSpec spec{f32, f32}; spec.window = {1, 3, 3}; spec.stride = {1, 2, 2}; ...
//   emitDepthwise(e, spec, ops, filter, begin, end, scratch, sink);   // ops.multiplier: OC / IC
//   emitMaxPool(e, spec, ops, begin, end, scratch, sink);
//   emitAveragePool(e, spec, ops, includePadding, paddingAfter, begin, end, scratch, sink);

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINDOW_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINDOW_H

#include "compiler/codegen/convolution/Convolution.h"

namespace heddle::codegen {

struct WindowSpec {
  mlir::Type element;     // of the input
  mlir::Type accumulator; // what it is converted to when it is copied: the same, or f32 or i32
  Spatial window{1, 1, 1}, stride{1, 1, 1}, dilation{1, 1, 1};
  Spatial padding{0, 0, 0};
  /// Whether the sink takes pixels of several rows in one vector: it is told their place in the plane
  /// as one row.
  bool joinsRows = false;
  bool inputSigned = false, filterSigned = true; // of i8

  int64_t taps() const { return window[0] * window[1] * window[2]; }

  /// What adds bytes exactly: f32 multiplies and adds in one, but is exact up to 2^24 only.
  static mlir::Type byteAccumulator(mlir::MLIRContext *context, const Spatial &window);
};

struct WindowPlan {
  int64_t rowBlock, columnBlock; // of a grid point, at most
  int64_t rows;                  // of the register tile
  int64_t scratchBytes;
  int64_t weightsOffset; // where in scratch a channel's filter is, if it is converted

  int64_t gridPoints(int64_t planes, int64_t od, int64_t oh, int64_t ow) const {
    auto parts = [](int64_t size, int64_t most) { return (size + most - 1) / most; };
    return planes * od * parts(oh, rowBlock) * parts(ow, columnBlock);
  }
};

WindowPlan planWindow(const WindowSpec &spec, const Target &target);

struct WindowOperands {
  mlir::Value input;
  mlir::Value n, channels; // of the output; the grid has n * channels planes
  mlir::Value multiplier;  // output channels per input channel; null: one
  SpatialValues inputSize, outputSize;
  mlir::Value firstFilter = {}; // that of the first channel; null: 0
  /// Of i8, as accumulators, taken off: of the input, of a channel's filter. Null: zero.
  std::function<mlir::Value(Emitter &)> inputZeroPoint = {};
  std::function<mlir::Value(Emitter &, mlir::Value channel)> filterZeroPoint = {};
};

/// Takes one more element (per lane) into the accumulator. `tap` counts the window row-major.
using WindowCombine = llvm::function_ref<mlir::Value(mlir::Value accumulator, mlir::Value element,
                                                     mlir::Value channel, mlir::Value tap)>;

/// `fill` and `start` are scalars: what stands outside the input, and the empty accumulator.
void emitWindow(Emitter &e, const WindowSpec &spec, const WindowOperands &operands,
                mlir::Value begin, mlir::Value end, mlir::Value scratch, mlir::Value fill,
                mlir::Value start, WindowCombine combine, PixelSink sink);

/// Filters are stored as ONNX has them, [OC, 1, KD, KH, KW].
void emitDepthwise(Emitter &e, const WindowSpec &spec, const WindowOperands &operands,
                   mlir::Value filter, mlir::Value begin, mlir::Value end, mlir::Value scratch,
                   PixelSink sink);

/// NaN where a window contains one.
void emitMaxPool(Emitter &e, const WindowSpec &spec, const WindowOperands &operands,
                 mlir::Value begin, mlir::Value end, mlir::Value scratch, PixelSink sink);

/// Divides by the number of elements in the window: those inside the input, or (includePadding)
/// inside the input with its padding; `paddingAfter` matters as ceil_mode lets windows reach past
/// that too.
void emitAveragePool(Emitter &e, const WindowSpec &spec, const WindowOperands &operands,
                     bool includePadding, const Spatial &paddingAfter, mlir::Value begin,
                     mlir::Value end, mlir::Value scratch, PixelSink sink);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINDOW_H
