// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <set>
#include <thread>

#include "runtime/memory/antichain.h"
#include "runtime/memory/arena_planner.h"
#include "runtime/memory/buffer_pool.h"
#include "runtime/tensor/tensor.h"

namespace heddle {
namespace {

TEST(ArenaPlanner, SharesWhatMayShare) {
  auto layout = PlanArena({256, 64, 128}, [](uint32_t a, uint32_t b) { return a != 1 && b != 1; });
  ASSERT_TRUE(layout.ok());
  EXPECT_EQ(layout->size, 320);
  EXPECT_EQ(layout->offsets[0], 0);
  EXPECT_EQ(layout->offsets[2], 0);
  EXPECT_EQ(layout->offsets[1], 256);
}

// Every set of a few elements, tried.
TEST(HeaviestAntichain, IsThatOfAllSets) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    uint32_t count = random() % 11, sparse = 2 + random() % 6;
    std::vector<uint32_t> before(count);  // sets of elements
    std::vector<int64_t> weights(count);
    for (uint32_t b = 0; b < count; ++b) {
      weights[b] = static_cast<int64_t>(random() % 5) * (1 + random() % 1000);
      for (uint32_t a = 0; a < b; ++a) {
        if (random() % sparse == 0) before[b] |= before[a] | 1u << a;
      }
    }
    int64_t heaviest = 0;
    for (uint32_t set = 0; set < 1u << count; ++set) {
      int64_t sum = 0;
      for (uint32_t i = 0; i < count; ++i) {
        if ((set >> i & 1) == 0) continue;
        sum = (before[i] & set) == 0 ? sum + weights[i] : INT64_MIN / 2;
      }
      heaviest = std::max(heaviest, sum);
    }
    EXPECT_EQ(
        HeaviestAntichain(weights, [&](uint32_t a, uint32_t b) { return before[b] >> a & 1; }),
        heaviest);
  }
}

TEST(ArenaPlanner, RefusesSizesBeyondItsLimit) {
  auto apart = [](uint32_t, uint32_t) { return false; };
  EXPECT_EQ(PlanArena({int64_t{1} << 56, 64}, apart).status().code(),
            absl::StatusCode::kResourceExhausted);
}

// Values that live from one step to another; at step 3 four of them do, 768 bytes. No order that is
// tried at first finds less than 832.
TEST(ArenaPlanner, GivesWhatEndsLastItsPlaceFirst) {
  const int first[] = {0, 2, 3, 6, 4, 3}, last[] = {3, 3, 7, 7, 7, 5};
  auto layout = PlanArena({256, 192, 192, 256, 256, 128}, [&](uint32_t a, uint32_t b) {
    return last[a] < first[b] || last[b] < first[a];
  });
  ASSERT_TRUE(layout.ok());
  EXPECT_EQ(layout->size, 768);
}

TEST(ArenaPlanner, IsLegalOnRandomGraphs) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    uint32_t count = 1 + random() % 40;
    std::vector<int64_t> sizes;
    for (uint32_t i = 0; i < count; ++i)
      sizes.push_back(static_cast<int64_t>(random() % 1000) - 50);
    std::set<std::pair<uint32_t, uint32_t>> apart;
    for (uint32_t i = 0; i < count; ++i) {
      for (uint32_t j = i + 1; j < count; ++j) {
        if (random() % 3 == 0) apart.emplace(i, j);
      }
    }
    auto layout = PlanArena(
        sizes, [&](uint32_t a, uint32_t b) { return !apart.contains(std::minmax(a, b)); });
    ASSERT_TRUE(layout.ok());
    int64_t total = 0;
    for (uint32_t i = 0; i < count; ++i) {
      ASSERT_EQ(layout->offsets[i] % 64, 0);
      if (sizes[i] > 0) {
        total += (sizes[i] + 63) / 64 * 64;
        ASSERT_LE(layout->offsets[i] + sizes[i], layout->size);
      }
    }
    ASSERT_LE(layout->size, total);
    for (auto [i, j] : apart) {
      if (sizes[i] <= 0 || sizes[j] <= 0) continue;
      bool disjoint = layout->offsets[i] + sizes[i] <= layout->offsets[j] ||
                      layout->offsets[j] + sizes[j] <= layout->offsets[i];
      ASSERT_TRUE(disjoint) << i << " " << j;
    }
  }
}

TEST(BufferPool, KeepsBlocksForAWhile) {
  auto pool = std::make_shared<BufferPool>(DefaultAllocator());
  void* data = nullptr;
  {
    BufferRef block = pool->Allocate(1000);
    data = block->data();
    EXPECT_TRUE(block->unique());
    BufferRef copy = block;
    EXPECT_FALSE(block->unique());
  }
  EXPECT_EQ(pool->Allocate(990)->data(), data);
  for (int i = 0; i < 10; ++i) pool->Trim();
  EXPECT_EQ(pool->held_bytes(), 0u);
}

TEST(BufferPool, KeepsBlocksLongerForSeveralUsers) {
  auto pool = std::make_shared<BufferPool>(DefaultAllocator());
  pool->AddUsers(1);
  pool->Allocate(1000).Reset();
  auto run_often = [&pool] {
    for (int i = 0; i < 100; ++i) pool->Trim();  // fifty runs of each
  };
  run_often();
  EXPECT_GE(pool->held_bytes(), 1000u) << "within a second";
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  pool->Trim();
  EXPECT_EQ(pool->held_bytes(), 0u);

  pool->Allocate(1000).Reset();
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  pool->Trim();
  EXPECT_GE(pool->held_bytes(), 1000u) << "within a few runs";
  run_often();
  EXPECT_EQ(pool->held_bytes(), 0u);
}

TEST(BufferPool, OutlivesItsOwner) {
  auto pool = std::make_shared<BufferPool>(DefaultAllocator());
  BufferRef block = pool->Allocate(64);
  pool.reset();
  static_cast<char*>(block->data())[63] = 1;
}

TEST(Tensor, ChecksItsMaker) {
  auto pool = std::make_shared<BufferPool>(DefaultAllocator());
  alignas(8) char bytes[16];
  EXPECT_FALSE(Tensor::Allocate(ElementType::kFloat32, {-1}, *pool).ok());
  EXPECT_FALSE(Tensor::Allocate(ElementType::kFloat32, {int64_t{1} << 40, 1 << 30}, *pool).ok());
  EXPECT_FALSE(Tensor::Allocate(ElementType::kString, {1}, *pool).ok());
  EXPECT_FALSE(Tensor::Borrow(ElementType::kFloat32, {1}, nullptr).ok());
  EXPECT_FALSE(Tensor::Borrow(ElementType::kFloat32, {1}, bytes + 1).ok());
  EXPECT_FALSE(Tensor::Borrow(ElementType::kFloat32, {5}, bytes, 16).ok());
  EXPECT_TRUE(Tensor::Borrow(ElementType::kFloat32, {4}, bytes, 16).ok());
  EXPECT_TRUE(Tensor::Borrow(ElementType::kFloat32, {0, 7}, nullptr).ok());
  EXPECT_EQ(Tensor::Borrow(ElementType::kInt4, {3}, bytes)->bytes(), 2);
}

}  // namespace
}  // namespace heddle
