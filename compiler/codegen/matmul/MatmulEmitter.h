// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The steps of a matrix product's kernel: Matmul.cpp divides the work, MatmulTiles.cpp cuts it into
// register tiles, of the sizes that MatmulSizes.cpp tells, MatmulAhead.cpp asks for memory,
// MatmulResults.cpp delivers it.

#ifndef HEDDLE_COMPILER_CODEGEN_MATMUL_MATMULEMITTER_H
#define HEDDLE_COMPILER_CODEGEN_MATMUL_MATMULEMITTER_H

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/matmul/ByteOperands.h"
#include "compiler/codegen/matmul/LastColumns.h"
#include "compiler/codegen/matmul/Matmul.h"
#include "compiler/codegen/matmul/PairOperands.h"
#include "compiler/codegen/matmul/RegisterTile.h"
#include "compiler/codegen/matmul/TileRegisters.h"

namespace heddle::codegen {

/// Panels of a wide tile where usual ones have one: few rows of it would wait for their own sums.
constexpr int64_t kWidePanels = 3;
/// Rows whose sums in a usual tile of some panels wait for themselves, too, and how many panels
/// they take more, so that no block is halved into two.
constexpr int64_t kWaitingRows = 2, kMorePanels = 1;
/// Rows from which on a tile asks for memory ahead, but where the third cache is far.
constexpr int64_t kAheadRows = 6;
/// Rows that read a B that no cache holds fastest as one run. With fewer of them the CPU does well
/// by itself, with more too few accumulators wait for each other.
constexpr int64_t kNarrowRows = 3;

class MatmulEmitter {
public:
  MatmulEmitter(Emitter &e, const MatmulSpec &spec, const MatmulOperands &ops, mlir::Value scratch,
                MatmulSink sink);
  void run(mlir::Value begin, mlir::Value end);
  /// How many panels a tile may have, and one that takes at most `tile`.
  llvm::SmallVector<int64_t> panelCounts() const;
  llvm::SmallVector<int64_t> panelCounts(int64_t tile) const;
  /// Accumulators of a block, which may be read up to a panel past their end.
  static int64_t parkedBytes(const MatmulPlan &plan, int64_t element);

private:
  /// All values of a size; none where they are not known.
  static llvm::SmallVector<int64_t> known(llvm::ArrayRef<int64_t> sizes, mlir::Value size);
  int64_t panelHeader() const { return math.isBytes() ? 4 * plan.panel : 0; }

  struct Tiling {             // of a block
    mlir::Value rows, panels; // the most that a tile takes
    mlir::Value kParts;       // parts of the depth, which accumulators wait between
    mlir::Value once;         // B is read by few rows, once and in order
    mlir::Value narrow;       // with one panel at a time
    mlir::Value several;      // by several tiles, one after the other
  };
  struct Block { // a grid point, or some that are joined
    mlir::Value batch, m0, m1, panel0, panel1;
    mlir::Value areFirstRows, areLastRows; // of those that meet its columns
    mlir::Value last;                      // whether the last columns are its own
    mlir::Value isFirst;                   // in this call, that reads its columns
    BatchOffsets offsets;
    Tiling tiling;
    mlir::Value joined;
  };
  struct Source { // where a block's panels of B are
    mlir::Value buffer, start, panelStep, depthStep;
    mlir::Value lastStart; // null, or the largest column a panel may start at, to stay within rows
  };

  void point(mlir::Value index, mlir::Value begin, mlir::Value points);
  /// A call's grid points of few rows are one block, so that all tiles but the last are as wide as
  /// they may be. Not where B comes from memory, which tiles of a point's own may read sooner.
  mlir::Value joinsPoints();
  int64_t mostJoined() const;
  mlir::Value panelSize() {
    return math.isBytes()   ? bytePanelSize(e, ops.k, plan.panel)
           : math.isPairs() ? e.mul(pairSteps(e, ops.k), 2 * plan.panel)
                            : e.mul(ops.k, plan.panel);
  }
  Source packedSource(const Block &block);
  Source unpackedSource(const Block &block);
  /// Whether few rows read B where it is, and whether tiles then ask for what is next.
  bool mayReadInPlace() const {
    return spec.bLayout == MatrixLayout::RowMajor && spec.b == spec.accumulator && !math.isBytes();
  }
  bool asksInPlace() const;
  mlir::Value panelStart(const Source &source, mlir::Value panel);
  mlir::Value earlyBy(const Source &source, mlir::Value column);
  Tiling tilingOf(mlir::Value rows);
  void block(const Block &block, const Source &source);
  void lastColumns(const Block &block, const Source &source);
  /// The stored row of A that is row `m` of the product.
  struct Rows {
    mlir::Value start, rowStep, depthStep;
  };
  Rows rowsFrom(const Block &block, mlir::Value m);
  struct Tile {
    mlir::Value m, rows, panel, panels;
    mlir::Value kBegin, kEnd;
    mlir::Value isLast;         // of the parts of the depth
    mlir::Value park;           // where its accumulators wait
    mlir::Value index, sharing; // among those that share its columns, and how many these are
    mlir::Value next;           // from its panels to what the tiles after these read first
    mlir::Value isFirstToRead;  // whether they are the first that read it
  };
  void tile(const Block &block, const Source &source, const Tiling &tiling, const Tile &tile);
  void tileInRegisters(const Block &block, const Source &source, const Tile &tile);
  mlir::Value both(mlir::Value a, mlir::Value b);
  Values multiply(const Block &block, const Source &source, const Tiling &tiling, const Tile &at,
                  const RegisterTile &tile, mlir::ValueRange sums);
  Values multiplyAlone(const Source &source, const Tile &at, const RegisterTile &tile,
                       mlir::ValueRange sums);
  Values multiplyOfSeveral(const Source &source, const Tile &at, const RegisterTile &tile,
                           mlir::ValueRange sums);
  RegisterTile withOpaquePlaces(const Source &source, const RegisterTile &tile);
  std::function<void(mlir::Value)> askForNext(const Source &source, const Tile &at,
                                              const RegisterTile &tile, mlir::Value steps,
                                              Emitter::Cache cache);
  Values multiplyOfMany(const Block &block, const Source &source, const Tile &at,
                        const RegisterTile &tile, mlir::ValueRange sums);
  Values multiplyInPlace(const Source &source, const Tile &at, const RegisterTile &tile,
                         mlir::ValueRange sums);
  /// How many rows a tile of so many panels may have.
  llvm::SmallVector<int64_t> rowCounts(int64_t panels) const;
  /// Rows that tiles are cut by. Those of which only the run tells how many come in pairs, and what
  /// an odd one lacks is its last row, computed twice: half the code.
  int64_t rowUnit() const;
  /// Rows from which on a tile has pairs. Tall ones always do.
  int64_t leastPaired() const;
  int64_t computedRows(int64_t rows) const;
  mlir::Value computedRows(const Tile &tile);
  int64_t leastOfSeveral() const;
  int64_t mostOnce() const;
  /// So few rows that a tile takes more panels at once than usual, and how many.
  int64_t wideRows() const;
  int64_t widePanels() const { return plan.panels == 1 ? kWidePanels : plan.panels + kMorePanels; }
  /// Whether no cache holds B.
  mlir::Value isFar() const;
  bool hasTallTiles() const { return plan.tallRows > plan.rows; }
  mlir::Value endsB(const Tile &tile);
  mlir::Value shiftToNext(const Source &source, const Tile &tile, int64_t panels, mlir::Value last);
  /// Rows of a full tile from which on it asks for the tiles after it, where it is one of many.
  int64_t leastOfMany() const;
  /// Whether a tile asks for its results while it is computed, as asking for all at once waits for
  /// the CPU's few places for lines to come. Few rows of packed B leave these to B.
  mlir::Value asksMeanwhile(const Tiling &tiling, const Tile &at);
  void prefetchTile(const Block &block, const Tile &tile);
  void prefetchRow(const Block &block, const Tile &tile, mlir::Value row);
  /// Asks for the results of a tile's rows, one after the other, spread over its steps: all of
  /// them, or, where it asks for B as well, those that are due at step `k`.
  Between resultsBetween(const Block &block, const Tile &tile, int64_t rows);
  void askForDueResults(const Block &block, const Tile &tile, int64_t rows, mlir::Value k);
  /// Sums that wait in rows of so many elements: all columns of a tile, which may be fewer than
  /// whole panels.
  struct Parked {
    mlir::Value start, stride, m, rows, panel, panels;
  };
  void finishTile(const Block &block, const Source &source, const Parked &parked);
  bool finishesInParts() const;
  void finishPanels(const Block &block, const Source &source, const Parked &parked);
  /// How many panels are finished at once.
  llvm::SmallVector<int64_t> finishedCounts() const;
  void finishRagged(const Block &block, const Source &source, const Parked &parked);
  using RowBody = llvm::function_ref<void(const MatmulPosition &, mlir::Value parked)>;
  void eachRow(const Block &block, const Parked &parked, RowBody body);
  void deliver(const Block &block, const Source &source, MatmulPosition at, mlir::Value column,
               mlir::Value place, mlir::Value mask);
  mlir::Value columnsOf(const Parked &parked);
  /// Of a block of sums, or, in tile registers, of one tile's.
  static int64_t parkRows(const MatmulPlan &plan) { return plan.tiles ? plan.rows : plan.mBlock; }
  static int64_t parkColumns(const MatmulPlan &plan) {
    return plan.tiles ? plan.panels * plan.panel : plan.nBlock;
  }
  int64_t parkStride() const { return parkColumns(plan); }
  void deliverTile(const Block &block, const Source &source, const Tile &tile, int64_t rows,
                   const Values &sums);
  void prepareRows(const Block &block);
  bool usesRowSums() const { return !spec.bSigned || ops.bZeroPoint; }
  bool usesColumnSums() const { return spec.aSigned || ops.aZeroPoint; }
  mlir::Value withoutZeroPoints(mlir::Value sum, const Block &block, const Source &source,
                                const MatmulPosition &at);

  Emitter &e;
  const MatmulSpec &spec;
  const MatmulOperands &ops;
  MatmulPlan plan;
  MatmulSink sink;
  mlir::Value scratch;
  TileMath math;
  int64_t lanes;
  LastColumns last;
  mlir::Value parked;
  mlir::Value steps; // of depth
  // Of prepared A: the bytes of a row, and where these are in scratch; of bytes, their sums.
  mlir::Value rowSums, rowBytes;
  int64_t aBytes = 0;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_MATMUL_MATMULEMITTER_H
