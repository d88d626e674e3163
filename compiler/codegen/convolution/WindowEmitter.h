// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The state of emitting one window kernel. Window.cpp, JoinedRows.cpp and Pooling.cpp have its
// parts.

#ifndef HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINDOWEMITTER_H
#define HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINDOWEMITTER_H

#include "compiler/codegen/convolution/PhasedPatch.h"

namespace heddle::codegen {

/// What a grid point needs of its channel, before any of its pixels.
using WindowPrepare = llvm::function_ref<void(mlir::Value channel)>;

class WindowEmitter {
public:
  WindowEmitter(Emitter &e, const WindowSpec &spec, const WindowOperands &ops, mlir::Value scratch,
                mlir::Value fill, mlir::Value start, WindowPrepare prepare, WindowCombine combine,
                PixelSink sink)
      : e(e), spec(spec), ops(ops), plan(planWindow(spec, e.target)), fill(fill), prepare(prepare),
        combine(combine), sink(sink), lanes(e.lanesOf(spec.accumulator)),
        start(e.broadcast(start, lanes)), parked(e.view(scratch, int64_t(0), spec.accumulator)),
        patchBuffer(e.view(scratch, plan.rows * e.target.vectorBytes(), spec.accumulator)),
        inPlace(readsInPlace()), joined(joinsRows()) {}

  /// Says that `combine` is the maximum of floats with NaN kept: there is a faster way.
  void setMaximum() { isMaximum = true; }

  void run(mlir::Value begin, mlir::Value end) {
    if (inPlace)
      fillRow();
    e.loop(begin, end, e.index(1), [&](mlir::Value index) { point(index); });
  }

private:
  struct Place {
    mlir::Value n, channel;
    PixelBlock block;
    PhasedPatch patch;
    mlir::Value planeOffset;        // of the output plane at this depth
    mlir::Value row, column, depth; // of the input: what the block's first window begins with
  };
  /// A row of a tile's input, with the rows of outputs whose windows contain it.
  struct TileRow {
    mlir::Value buffer, at;
    int64_t depth;
    llvm::SmallVector<std::pair<int64_t, int64_t>> users; // output row, window row
  };

  /// Whether windows are read in the input itself, with masks, and not in a copy.
  bool readsInPlace() const;
  /// What rows outside the input are read from.
  void fillRow();
  PhasedPatch planeInPlace(mlir::Value plane, const Place &place);
  /// For each vector that a row of windows is read as, its lanes that are inside the input.
  Values columnMasks(const Place &place, mlir::Value column);

  void point(mlir::Value index);
  void tile(const Place &place, mlir::Value row, int64_t rows, mlir::Value column);
  void eachRow(const Place &place, mlir::Value at, int64_t rows,
               llvm::function_ref<void(const TileRow &)> body);
  mlir::Value load(const Place &place, const TileRow &row, int64_t tap);
  /// The same of every second column, in place.
  mlir::Value alternate(const TileRow &row, int64_t tap);
  /// Whether a row and the pads beside it are one vector, of which others are made by rotating it:
  /// loads that cross cache lines take longer than the products of low windows.
  bool rotatesRows() const;
  mlir::Value rotated(mlir::Value row, int64_t tap);
  /// Whether a plane's pixels are those of one row.
  bool joinsRows() const;
  void joinedRows(const Place &place);
  /// What the lanes of the result that begins with a pixel meet at a place of their windows.
  mlir::Value joinedLoad(const Place &place, int64_t first, int64_t h, int64_t w);
  Values unrolled(const Place &place, mlir::Value at, int64_t rows);
  Values looped(const Place &place, mlir::Value at, int64_t rows);
  Values maxima(const Place &place, mlir::Value at, int64_t rows);
  void deliver(const Place &place, const Values &sums, mlir::Value row, mlir::Value column);

  Emitter &e;
  const WindowSpec &spec;
  const WindowOperands &ops;
  WindowPlan plan;
  mlir::Value fill;
  WindowPrepare prepare;
  WindowCombine combine;
  PixelSink sink;
  int64_t lanes;
  mlir::Value start, parked, patchBuffer;
  bool inPlace, joined;
  mlir::Value tileRow; // of the input, where it is read in place: what the tile begins with
  Values tileMasks;
  bool isMaximum = false;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_CONVOLUTION_WINDOWEMITTER_H
