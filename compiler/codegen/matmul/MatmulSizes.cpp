// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sizes of register tiles that a product may meet, each of which is code of its own, and of matrices
// that are read in place.

#include "compiler/codegen/matmul/MatmulEmitter.h"

#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace heddle::codegen {

bool staysInFirstCache(int64_t k, int64_t n) {
  constexpr int64_t sets = 64, ways = 8, line = 16, tileColumns = 3 * 16, mostSteps = 96;
  bool isOneTile = n < tileColumns + line; // whose rows follow each other
  if ((k > mostSteps && !isOneTile) || n < line)
    return false;
  std::array<int64_t, sets> lines{};
  int64_t at = 0; // rows may share a line
  for (int64_t row = 0; row < k; ++row)
    for (at = std::max(at, row * n / line); at <= (row * n + tileColumns - 1) / line; ++at)
      if (++lines[at % sets] > ways)
        return false;
  return true;
}

/// The panels of blocks of whole tiles.
static SmallVector<int64_t> panelsOfBlocks(int64_t panels, int64_t tile, int64_t blocks) {
  auto start = [](int64_t size, int64_t parts, int64_t part) {
    return part * (size / parts) + std::min(part, size % parts);
  };
  int64_t tiles = (panels + tile - 1) / tile;
  auto firstPanel = [&](int64_t block) {
    return start(panels, tiles, start(tiles, blocks, block));
  };
  SmallVector<int64_t> lengths;
  for (int64_t block = 0; block < blocks; ++block)
    lengths.push_back(firstPanel(block + 1) - firstPanel(block));
  return lengths;
}

SmallVector<int64_t> MatmulEmitter::panelCounts(int64_t tile) const {
  SmallVector<int64_t> sizes = known(spec.columns, ops.n), rows = known(spec.rows, ops.m);
  auto mayJoin = [&](int64_t count) { return count <= mostJoined(); };
  std::optional<int64_t> far = getConstantIntValue(isFar());
  bool someJoin =
      mostJoined() > 0 && far.value_or(0) == 0 && (rows.empty() || llvm::any_of(rows, mayJoin));
  bool allJoin = getConstantIntValue(ops.batch) == 1 && far == 0 && !rows.empty() &&
                 llvm::all_of(rows, mayJoin);
  SmallVector<int64_t> panels; // of blocks, or of tiles where they are joined
  auto split = [&](int64_t whole, int64_t parts) {
    if (someJoin)
      panels.append({std::min(whole, tile), whole % tile});
    if (spec.inPlace)
      panels.append(panelsOfBlocks(whole, plan.panels, parts));
    else if (!allJoin)
      panels.append({whole / parts, (whole + parts - 1) / parts});
  };
  for (int64_t columns : sizes) {
    int64_t count = (columns + plan.panel - 1) / plan.panel;
    int64_t parts = std::max<int64_t>(1, (columns + plan.nBlock - 1) / plan.nBlock);
    if (!last.mustExist(columns))
      split(count, parts);
    if (last.mayExist(columns))
      split(count - 1, parts);
  }
  return tileLengths(panels, spec.inPlace ? INT64_MAX / 2 : plan.nBlock / plan.panel, tile);
}

SmallVector<int64_t> MatmulEmitter::panelCounts() const {
  SmallVector<int64_t> counts = {1}; // narrow
  for (int64_t tile : {plan.panels, plan.tallPanels, widePanels()})
    counts.append(panelCounts(tile));
  llvm::sort(counts);
  counts.erase(llvm::unique(counts), counts.end());
  llvm::erase_if(counts, [&](int64_t panels) { return rowCounts(panels).empty(); });
  return counts;
}

SmallVector<int64_t> MatmulEmitter::rowCounts(int64_t panels) const {
  auto isOf = [&](int64_t tile) { return llvm::is_contained(panelCounts(tile), panels); };
  std::optional<int64_t> far = hasTallTiles() ? getConstantIntValue(isFar()) : 0;
  bool mayBeWide = isOf(widePanels()) && far.value_or(0) == 0;
  bool mayBeNarrow = panels == 1 && far.value_or(1) != 0;
  int64_t most = std::max(mayBeWide ? wideRows() : 0, mayBeNarrow ? kAheadRows - 1 : 0);
  most = isOf(plan.panels) ? plan.rows : computedRows(most);
  SmallVector<int64_t> knownRows = known(spec.rows, ops.m);
  SmallVector<int64_t> counts = tileLengths(knownRows, plan.mBlock, plan.rows);
  llvm::erase_if(counts, [&](int64_t rows) {
    return rows > most || (rows >= leastPaired() && rows % 2 == 1);
  });
  if (!hasTallTiles() || !isOf(plan.tallPanels))
    return counts;
  for (int64_t rows = (plan.rows + 2) / 2 * 2; rows <= plan.tallRows; rows += 2)
    if (knownRows.empty() ||
        llvm::any_of(knownRows, [&](int64_t known) { return (known + 1) / 2 * 2 == rows; }))
      counts.push_back(rows);
  return counts;
}

} // namespace heddle::codegen
