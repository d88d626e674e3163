// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forms of recurrences over grids and graphs. Each builds it before the operation and gives the
// values of its results, or nothing where it has no such form.
//
//   recurrent   a loop over rows with a loop over cells in it, or over steps: as it was written
//   blocks      the same for each of some blocks of rows and columns, which are tasks
//   wavefront   a loop over anti-diagonals, all cells of one at once: the same operations on the same
//               values, H + W - 1 steps instead of H * W
//   pairing     of a linear cell: pairs of blocks become blocks, log2 H + log2 W times, then every
//               cell is told what it gets. Sums are in another order
//   levels      a loop over levels of steps that wait for none of each other

#ifndef HEDDLE_COMPILER_PARALLEL_DAG_DAGFORMS_H
#define HEDDLE_COMPILER_PARALLEL_DAG_DAGFORMS_H

#include "compiler/parallel/Work.h"
#include "dialects/heddle/DagOps.h"

namespace heddle {

using DagResults = std::optional<llvm::SmallVector<mlir::Value>>;

DagResults buildRecurrentGrid(GridScanOp grid);
DagResults buildWavefront(GridScanOp grid);
/// For grids of more than one row and column, of known sizes, and more cores than one.
bool hasBlocks(GridScanOp grid, int64_t cores);
llvm::SmallVector<mlir::Value> buildBlocks(GridScanOp grid, int64_t cores);
/// Where the cell is linear and the sizes are known.
DagResults buildPairing(GridScanOp grid);

Work recurrentWork(GridScanOp grid);
Work blocksWork(GridScanOp grid, int64_t cores);
Work wavefrontWork(GridScanOp grid);
std::optional<Work> pairingWork(GridScanOp grid);

/// The form by the sizes of the grid and what its cells carry; never one that changes bits.
llvm::StringRef chooseGridForm(GridScanOp grid);

DagResults buildRecurrentDag(DagScanOp dag);
/// `symbol` names a size that no other value has: the number of levels.
DagResults buildLevels(DagScanOp dag, const std::string &symbol);

} // namespace heddle

#endif // HEDDLE_COMPILER_PARALLEL_DAG_DAGFORMS_H
