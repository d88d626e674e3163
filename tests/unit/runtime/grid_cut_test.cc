// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// However a grid is cut: its chunks cover it in order, and none is empty or longer than allowed.

#include <gtest/gtest.h>

#include <cmath>

#include "runtime/executor/chunks.h"

namespace heddle {
namespace {

// Half of a side is cut in each round, so there are few.
constexpr int64_t kMostChunksPerThread = 70;

TEST(GridCut, CoversTheGridInOrder) {
  for (int64_t grid : {1, 2, 3, 5, 7, 8, 28, 56, 97, 1000, 12345, 1 << 30}) {
    for (double cost : {1e4, 1.2e4, 4e4, 1e6, 1e9, 1e15}) {
      for (uint32_t grain : {0, 1, 3, 64}) {
        for (int threads : {1, 2, 3, 8, 64}) {
          SCOPED_TRACE(testing::Message() << grid << " points, " << cost << " ns, grain " << grain
                                          << ", " << threads << " threads");
          GridCut cut(cost, grid, grain, threads);
          ASSERT_GE(cut.count(), 1);
          ASSERT_LE(cut.count(), kMostChunksPerThread * threads);
          ASSERT_EQ(cut.begin(0), 0);
          for (int64_t i = 0; i < cut.count(); ++i) ASSERT_LT(cut.begin(i), cut.begin(i + 1)) << i;
          ASSERT_EQ(cut.begin(cut.count()), grid);
        }
      }
    }
  }
}

TEST(GridCut, IsLargeAtBothEndsAndSmallWhereThreadsMeet) {
  GridCut cut(/*cost=*/1e9, /*grid=*/800, /*grain=*/1, /*threads=*/2);
  auto size = [&](int64_t i) { return cut.begin(i + 1) - cut.begin(i); };
  EXPECT_EQ(size(0), 100);  // a quarter of a thread's half
  EXPECT_EQ(size(cut.count() - 1), 100);
  int64_t middle = 0;
  while (cut.begin(middle) < 400) ++middle;
  EXPECT_EQ(cut.begin(middle), 400);
  EXPECT_EQ(size(middle - 1), 1);
  EXPECT_EQ(size(middle), 1);
}

TEST(ChunkInTurn, EachOfTwoThreadsHasAnEnd) {
  for (int64_t turn = 0; turn < 5; ++turn) {
    EXPECT_EQ(ChunkInTurn(turn, 5, /*worker=*/0, /*threads=*/2), turn);
    EXPECT_EQ(ChunkInTurn(turn, 5, /*worker=*/1, /*threads=*/2), 4 - turn);
    EXPECT_EQ(ChunkInTurn(turn, 5, /*worker=*/1, /*threads=*/3), turn);
  }
}

TEST(GridCut, LeavesShortGridsWhole) {
  EXPECT_EQ(GridCut(1'500, 100, 1, 8).count(), 1);
  EXPECT_EQ(GridCut(1e9, 1, 1, 8).count(), 1);
  EXPECT_EQ(GridCut(1e9, 100, 64, 8).count(), 1);  // a grain of 64
  EXPECT_EQ(GridCut(std::nan(""), 100, 1, 8).count(), 1);
  EXPECT_EQ(GridCut(1e9, 100, 1, 1).count(), 1);
  EXPECT_EQ(GridCut(1'600, 100, 1, 8).count(), 2);
}

}  // namespace
}  // namespace heddle
