// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/explain/ArenaBound.h"

#include "runtime/memory/antichain.h"

namespace heddle::cli {

int64_t arenaLowerBound(const GraphInfo &info, const ShapePlan &plan) {
  constexpr size_t mostValues = 20000; // 50 MB of bits
  absl::Span<const uint32_t> values = info.arena.blocks();
  if (values.size() > mostValues)
    return -1;
  std::vector<uint32_t> blocks; // with bytes in the arena
  std::vector<int64_t> bytes;
  for (uint32_t block = 0; block < values.size(); ++block)
    if (int64_t size = plan.bytes[values[block]]; size > 0 && !plan.direct[values[block]]) {
      blocks.push_back(block);
      bytes.push_back((size + 63) / 64 * 64);
    }
  return HeaviestAntichain(
      bytes, [&](uint32_t a, uint32_t b) { return info.arena.DeadBefore(blocks[a], blocks[b]); });
}

} // namespace heddle::cli
