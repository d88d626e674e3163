// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a kernel's grid of independent points is cut for several threads. It never changes a result.
//
// The thread that begins a grid takes chunks from the front, those that help it from the back; of
// two threads, each from its own end. What neighbouring points share is made once for each chunk,
// so chunks should be few; who has no more to do waits for the last one, so that should be small.
// Chunks are largest at both ends and get smaller towards where the threads meet:
//
//   GridCut cut(cost, grid, grain, threads);
//   for (int64_t i = 0; i < cut.count(); ++i) Run(cut.begin(i), cut.begin(i + 1));

#ifndef HEDDLE_RUNTIME_EXECUTOR_CHUNKS_H_
#define HEDDLE_RUNTIME_EXECUTOR_CHUNKS_H_

#include <algorithm>
#include <cstdint>

namespace heddle {

// A chunk that costs less than this is not worth handing to another thread that is awake (some 0.2 us
// for the hand-over, as much again for cold caches), and one of more than the other not worth cutting.
inline constexpr double kLeastChunkNanoseconds = 800;
inline constexpr double kChunkNanoseconds = 5'000;
// The largest chunk is one of so many of a thread's share: a thread may be slow, or come late.
inline constexpr int64_t kChunksPerThread = 4;

// `cost` is that of the whole grid, in nanoseconds on one core.
inline bool IsWorthCutting(double cost, int64_t grid, uint32_t grain) {
  // A NaN of a damaged estimate is not, either.
  return cost >= 2 * kLeastChunkNanoseconds && grid / std::max<int64_t>(grain, 1) >= 2;
}

class GridCut {
 public:
  GridCut(double cost, int64_t grid, uint32_t grain, int threads) : grid_(grid) {
    if (threads == 1 || !IsWorthCutting(cost, grid, grain)) {
      front_ = Side(grid, 1, grid, 1);
    } else {
      double chunk = std::clamp(cost / (2 * threads), kLeastChunkNanoseconds, kChunkNanoseconds);
      double fewest = static_cast<double>(grid) * (chunk / cost);  // at most half
      int64_t least = std::max<int64_t>({1, grain, static_cast<int64_t>(fewest)});
      int64_t useful = std::min<int64_t>(threads, grid / least);
      int64_t middle = grid / useful;
      front_ = Side(middle, 1, least, kChunksPerThread);
      back_ = Side(grid - middle, useful - 1, least, kChunksPerThread);
    }
    front_count_ = front_.count();
    count_ = front_count_ + back_.count();
  }

  int64_t count() const { return count_; }
  // Where chunk `i` begins; that of count() is the grid's end.
  int64_t begin(int64_t i) const {
    return i < front_count_ ? front_.begin(i) : grid_ - back_.begin(count_ - i);
  }

 private:
  // What some threads share: in each round every thread has a chunk, and all of them together are
  // half of what is left.
  class Side {
   public:
    Side() = default;
    Side(int64_t points, int64_t threads, int64_t least, int64_t most_parts)
        : points_(points),
          threads_(threads),
          least_(least),
          most_(std::max(least, Parts(points, threads * most_parts))) {}

    int64_t count() const {
      int64_t count = 0;
      for (int64_t done = 0; done < points_;) {
        int64_t size = SizeAfter(done), chunks = std::min(threads_, Parts(points_ - done, size));
        count += chunks;
        done = chunks < threads_ ? points_ : done + chunks * size;
      }
      return count;
    }

    int64_t begin(int64_t i) const {
      int64_t done = 0;
      while (done < points_) {
        int64_t size = SizeAfter(done);
        if (i < threads_ || Parts(points_ - done, size) <= threads_) {
          // Without overflow: beyond the last chunk is the end.
          return i >= Parts(points_ - done, size) ? points_ : done + i * size;
        }
        done += threads_ * size;
        i -= threads_;
      }
      return points_;
    }

   private:
    static int64_t Parts(int64_t size, int64_t of) { return size / of + (size % of != 0); }
    int64_t SizeAfter(int64_t done) const {
      return std::clamp(Parts(points_ - done, 2 * threads_), least_, most_);
    }

    int64_t points_ = 0;
    int64_t threads_ = 1;
    int64_t least_ = 1;
    int64_t most_ = 1;
  };

  int64_t grid_;
  Side front_;
  Side back_;
  int64_t front_count_;
  int64_t count_;
};

// Which of so many chunks a thread that begins a grid takes as the one numbered `turn`. Of two
// threads each has an end of all grids, whoever begins: what it reads is most often what it wrote,
// and in its own caches.
inline int64_t ChunkInTurn(int64_t turn, int64_t chunks, int worker, int threads) {
  return threads == 2 && worker == 1 ? chunks - 1 - turn : turn;
}

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_EXECUTOR_CHUNKS_H_
