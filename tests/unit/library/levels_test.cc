// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Levels of steps that read and write rows: computed level by level, all reads of a level before its
// writes, a table is what it is after the steps in their order, whatever the indices are.

#include <algorithm>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/library/fake_call.h"

namespace heddle {
namespace {

using enum ElementType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// One table; each step writes one row and reads `each`.
FakeCall MakeCall(int64_t rows, int64_t each, const std::vector<int64_t>& writes,
                  const std::vector<int64_t>& reads) {
  FakeCall call;
  const int64_t steps = static_cast<int64_t>(writes.size());
  call.operands = {FakeTensor(kInt64, {1}, std::vector<int64_t>{rows}),
                   FakeTensor(kInt64, {steps}, writes), FakeTensor(kInt64, {steps, each}, reads)};
  call.result_types = {kInt64, kInt64, kInt64};
  call.ints["tables"] = {0, 0};
  call.ints_of_one["writes"] = 1;
  return call;
}

uint64_t Mix(uint64_t sum, uint64_t step) { return (sum ^ step) * 0x9e3779b97f4a7c15u + step; }

TEST(LevelsTest, AnyIndicesGiveWhatTheStepsGiveInOrder) {
  std::mt19937 random(11);
  for (int round = 0; round < 300; ++round) {
    const int64_t rows = 1 + random() % 12, each = random() % 4, steps = random() % 30;
    std::vector<int64_t> writes(steps), reads(steps * each);
    for (int64_t& i : writes) i = static_cast<int64_t>(random() % (2 * rows)) - rows;
    for (int64_t& i : reads) i = static_cast<int64_t>(random() % (2 * rows)) - rows;
    auto at = [&](int64_t index) { return index < 0 ? index + rows : index; };
    auto value = [&](const std::vector<uint64_t>& table, int64_t step) {
      uint64_t sum = 1;
      for (int64_t j = 0; j < each; ++j) sum += Mix(table[at(reads[step * each + j])], j);
      return Mix(sum, step);
    };
    std::vector<uint64_t> expected(rows, 5);
    for (int64_t step = 0; step < steps; ++step) expected[at(writes[step])] = value(expected, step);

    FakeCall call = MakeCall(rows, each, writes, reads);
    ASSERT_TRUE(call.Run("heddle.Levels").ok());
    auto order = call.results[0].values<int64_t>(), begins = call.results[1].values<int64_t>(),
         ends = call.results[2].values<int64_t>();
    std::vector<uint64_t> table(rows, 5);
    for (size_t level = 0; level < begins.size(); ++level) {
      EXPECT_LT(begins[level], ends[level]);
      const std::vector<uint64_t> before = table;
      for (int64_t i = begins[level]; i < ends[level]; ++i)
        table[at(writes[order[i]])] = value(before, order[i]);
    }
    EXPECT_EQ(table, expected);
    std::sort(order.begin(), order.end());
    for (int64_t step = 0; step < steps; ++step) EXPECT_EQ(order[step], step);
  }
}

TEST(LevelsTest, StepsThatWaitForNothingAreOneLevel) {
  FakeCall call = MakeCall(6, 1, {3, 4, 5}, {0, 1, 0});
  ASSERT_TRUE(call.Run("heddle.Levels").ok());
  EXPECT_THAT(call.results[1].values<int64_t>(), ElementsAre(0));
  EXPECT_THAT(call.results[2].values<int64_t>(), ElementsAre(3));
}

TEST(LevelsTest, AChainHasALevelForEachStep) {
  FakeCall call = MakeCall(4, 1, {1, 2, 3}, {0, 1, 2});
  ASSERT_TRUE(call.Run("heddle.Levels").ok());
  EXPECT_THAT(call.results[1].values<int64_t>(), ElementsAre(0, 1, 2));
}

TEST(LevelsTest, AnIndexOutsideItsTableIsNamed) {
  FakeCall call = MakeCall(4, 1, {1, 2, 3}, {0, 4, 2});
  EXPECT_THAT(std::string(call.Run("heddle.Levels").message()),
              HasSubstr("step 1 of a recurrence has index 4 into a table of 4 rows"));
}

}  // namespace
}  // namespace heddle
