// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a Winograd convolution is divided: a block of tiles, and its scratch.

#include "compiler/codegen/convolution/InputPatch.h"
#include "compiler/codegen/convolution/Winograd.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

/// Of the second cache, for transformed inputs.
constexpr int64_t kInputBytes = 480 << 10;
/// With fewer tiles, filters would be read more often than the third cache gives them; with more,
/// products would leave the second one.
constexpr int64_t kFewestTiles = 28, kMostTiles = 56;
/// So that rows of results are long enough where planes are wide.
constexpr int64_t kRowTiles = 28;

int64_t parts(int64_t size, int64_t most) { return (size + most - 1) / most; }
int64_t roundUp(int64_t size, int64_t to) { return parts(size, to) * to; }

/// Of one channel's inputs of a block, whatever its form.
int64_t mostPatchElements(const WinogradSpec &spec, const WinogradPlan &plan, int64_t lanes) {
  int64_t most = patchElements(spec.convolution, plan.rowBlock, plan.columnBlock, lanes);
  for (int64_t columns = 1; !spec.width && columns < plan.columnTiles; ++columns)
    most = std::max(
        most, patchElements(spec.convolution, plan.blockTiles() / columns * 2, columns * 2, lanes));
  return most;
}

} // namespace

WinogradPlan planWinograd(const WinogradSpec &spec, const Target &target) {
  constexpr int64_t bytes = sizeof(float), line = 64 / bytes, positions = WinogradPlan::kPositions;
  WinogradPlan plan;
  static_cast<ChannelTile &>(plan) = planChannelTile(spec.convolution, target);
  int64_t lanes = target.vectorBytes() / bytes;
  int64_t fitting = kInputBytes / (positions * spec.channels * bytes);
  int64_t tiles = target.choose("winograd.tiles", std::clamp(fitting, kFewestTiles, kMostTiles),
                                {14, 28, 56, 112});
  plan.columnTiles = std::min(tiles, kRowTiles);
  plan.rowTiles = tiles / plan.columnTiles;
  // One point is nothing to share.
  bool isOnePoint = spec.outputs <= plan.panels * plan.panel && spec.width && spec.height;
  if (spec.width) {
    int64_t across = std::max<int64_t>(1, parts(*spec.width, 2)),
            blocks = parts(across, plan.columnTiles);
    plan.columnTiles = parts(across, blocks);
    plan.rowTiles = tiles / plan.columnTiles;
    isOnePoint &= blocks == 1;
  }
  if (spec.height) {
    int64_t down = std::max<int64_t>(1, parts(*spec.height, 2)),
            blocks = parts(down, plan.rowTiles);
    isOnePoint &= blocks == 1;
    plan.rowTiles = parts(down, isOnePoint ? 2 : blocks);
  }
  plan.joined = spec.joinsRows && spec.width && parts(*spec.width, 2) == plan.columnTiles;
  plan.rowBlock = 2 * plan.rowTiles;
  plan.columnBlock = 2 * plan.columnTiles;
  plan.channelBlock = plan.panels * plan.panel;

  // A line more, lest positions meet in the same sets of the caches.
  plan.inputStep = roundUp(spec.channels * plan.blockTiles(), line) + line;
  plan.productStep = plan.blockTiles() * plan.tileRow() + line;
  plan.turnedOffset = 64; // after the number of the block that is there
  plan.patchOffset = plan.turnedOffset + lanes * lanes * bytes;
  // Vectors of tiles reach past the last row, and past the last channel.
  int64_t patch = mostPatchElements(spec, plan, lanes) + 4 * lanes;
  plan.inputOffset = plan.patchOffset + roundUp(patch, line) * bytes;
  plan.productOffset = plan.inputOffset + (positions * plan.inputStep + line) * bytes;
  plan.rowOffset = plan.productOffset + positions * plan.productStep * bytes;
  int64_t pixels = plan.rowBlock * plan.columnBlock + 2 + lanes; // whole squares are turned
  plan.scratchFixed = plan.rowOffset + pixels * plan.tileRow() * bytes;
  plan.scratchPerChannel = 0;

  int64_t filters = roundUp(spec.outputs, plan.panel) * spec.channels;
  plan.plainFilters = filters * positions;
  plan.packedElements = filters * (positions + 9);
  return plan;
}

} // namespace heddle::codegen
