// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a direct convolution is divided: the register tile, a grid point, and its scratch.

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/convolution/Convolution.h"
#include "compiler/codegen/convolution/InputPatch.h"

using namespace mlir;

namespace heddle::codegen {

Type ConvolutionSpec::accumulator() const {
  return element.isInteger(8) ? Type(IntegerType::get(element.getContext(), 32)) : element;
}

int64_t ConvolutionSpec::panel() const { return 64 * 8 / accumulator().getIntOrFloatBitWidth(); }

// Accumulators, the panels' weights and a broadcast pixel fill the registers.
ChannelTile planChannelTile(const ConvolutionSpec &spec, const Target &target) {
  ChannelTile tile;
  tile.panel = spec.panel();
  TileMath math(target, spec.accumulator(), spec.pairs);
  int64_t perPanel = tile.panel / math.columns();
  bool sums = spec.element.isInteger(8) && !spec.filterCentered;
  tile.panels = target.choose("convolution.panels", perPanel == 1 ? 2 : 1, {1, 2, 3, 4});
  int64_t mostPixels = math.broadcastsInRegisters(target, tile.panels * perPanel, sums);
  SmallVector<int64_t> fewerPixels;
  for (int64_t pixels : {mostPixels - 1, mostPixels - 2, mostPixels / 2})
    if (pixels > 0)
      fewerPixels.push_back(pixels);
  tile.pixels = target.choose("convolution.pixels", mostPixels, fewerPixels);
  return tile;
}

ConvolutionPlan planConvolution(const ConvolutionSpec &spec, const Target &target) {
  ConvolutionPlan plan;
  static_cast<ChannelTile &>(plan) = planChannelTile(spec, target);
  int64_t bytes = spec.accumulator().getIntOrFloatBitWidth() / 8;
  plan.bytes = spec.element.isInteger(8);
  plan.pairs = spec.pairs;
  plan.rowBlock = target.choose("convolution.rowBlock", 8, {2, 4, 14});
  int64_t phases = spec.transposed ? spec.stride[2] : 1;
  int64_t columns = target.choose("convolution.columnBlock", 56, {28, 112});
  plan.tileColumns = std::min<int64_t>(plan.pixels * phases, columns);
  plan.columnBlock = columns / plan.tileColumns * plan.tileColumns;
  if (spec.narrowWidth != 0) { // as many pixels
    plan.rowBlock = 64 / spec.narrowWidth;
    plan.tileColumns = plan.columnBlock = spec.narrowWidth;
  }
  plan.channelBlock = plan.panels * plan.panel * target.choose("convolution.panelBlock", 1, {2, 4});
  int64_t lanes = std::min(target.vectorBytes() / bytes, plan.panel);
  // The phases of the last tile have equally many pixels, some of them past the row.
  int64_t pixels = (spec.narrowWidth != 0 ? plan.rowBlock : 1) * plan.columnBlock + phases - 1;
  int64_t rowPixels = (pixels + lanes - 1) / lanes * lanes;
  int64_t tileRow = plan.panels * plan.panel + (spec.filterCentered ? 0 : plan.panel);
  plan.turnedOffset = ConvolutionPlan::kRowOffset + rowPixels * tileRow * bytes;
  plan.patchOffset = plan.scratchFixed = plan.turnedOffset + lanes * lanes * bytes;
  plan.scratchPerChannel = 0;
  if (plan.bytes) {
    // Four channels to an element of the patch, however many are left.
    plan.scratchPerChannel = patchElements(spec, plan.rowBlock, plan.columnBlock, 16);
    plan.scratchFixed += 3 * plan.scratchPerChannel;
  } else if (plan.pairs) {
    // The last channel may be alone; copied rows end with a whole vector.
    plan.scratchPerChannel = 2 * patchElements(spec, plan.rowBlock, plan.columnBlock, 16);
    plan.scratchFixed += plan.scratchPerChannel + 64;
  } else if (spec.copiesInput()) {
    // All phases of a transposed convolution are computed for as many pixels as the longest.
    // Copied rows end with a whole vector.
    plan.scratchFixed += spec.transposed || spec.narrowWidth != 0 ? 64 : 0;
    plan.scratchPerChannel = patchElements(spec, plan.rowBlock, plan.columnBlock, lanes) * bytes;
  }
  return plan;
}

} // namespace heddle::codegen
