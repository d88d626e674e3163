// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a kernel's grid of independent points is cut for several threads. It never changes a result.

#ifndef HEDDLE_RUNTIME_EXECUTOR_CHUNKS_H_
#define HEDDLE_RUNTIME_EXECUTOR_CHUNKS_H_

#include <algorithm>
#include <cstdint>

namespace heddle {

// A chunk that costs less than this is not worth handing to another thread (some 0.2 us for the
// hand-over, as much again for cold caches).
inline constexpr double kChunkNanoseconds = 5'000;
// More than one chunk per thread evens out unequal speed, many more only cost.
inline constexpr int64_t kChunksPerThread = 4;

// `cost` is that of the whole grid, in nanoseconds on one core.
inline int64_t CountChunks(double cost, int64_t grid, uint32_t grain, int threads) {
  // Negated, so that a NaN of a damaged estimate means one chunk, too.
  if (threads == 1 || !(cost >= 2 * kChunkNanoseconds)) return 1;
  int64_t chunks = kChunksPerThread * threads;
  chunks = std::min(chunks, grid / std::max<int64_t>(grain, 1));
  if (cost < kChunkNanoseconds * static_cast<double>(chunks)) {
    chunks = static_cast<int64_t>(cost / kChunkNanoseconds);
  }
  return std::max<int64_t>(chunks, 1);
}

// Where chunk `i` of `count` begins; without overflow for any grid.
inline int64_t ChunkBegin(int64_t grid, int64_t count, int64_t i) {
  return grid / count * i + std::min(i, grid % count);
}

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_CHUNKS_H_
