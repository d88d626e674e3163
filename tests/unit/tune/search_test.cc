// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The search for one kernel's schedule, on kernels whose times are made up.

#include "tools/heddle/tune/Search.h"

#include <gtest/gtest.h>

#include <functional>

namespace heddle::cli {
namespace {

TunableKernel Kernel() {
  return TunableKernel::parse(nlohmann::json::parse(R"({
    "kernel": "k", "signature": "ab", "sizes": "1 2", "choices": [
      {"name": "way", "value": 0, "usual": 0, "others": [1]},
      {"name": "rows", "value": 8, "usual": 8, "others": [4, 6, 12]},
      {"name": "depth", "value": 512, "usual": 512, "others": [256, 1024]}]})"));
}

// All that can be tried, with times of `ratio`; how many tries that took.
int Search(KernelSearch& search, const std::function<double(const ScheduleNumbers&)>& ratio,
           int pairs_won = 10) {
  int tries = 0;
  while (auto candidate = search.next()) {
    search.judge(*candidate, {100, 100 * ratio(*candidate), 10, pairs_won});
    if (++tries > 100) break;
  }
  return tries;
}

int64_t Get(const ScheduleNumbers& schedule, const std::string& name, int64_t usual) {
  auto found = schedule.find(name);
  return found == schedule.end() ? usual : found->second;
}

TEST(KernelSearch, FindsTheBestOfEachNumber) {
  KernelSearch search(Kernel());
  int tries = Search(search, [](const ScheduleNumbers& schedule) {
    double ratio = Get(schedule, "way", 0) ? 0.9 : 1.0;
    if (Get(schedule, "rows", 8) == 6) ratio *= 0.8;
    if (Get(schedule, "depth", 512) == 256) ratio *= 1.5;
    return ratio;
  });
  EXPECT_EQ(search.bestSchedule(), (ScheduleNumbers{{"way", 1}, {"rows", 6}}));
  EXPECT_NEAR(search.bestRatio(), 0.72, 1e-9);
  EXPECT_LT(tries, 2 * 4 * 3) << "one number at a time, not all together";
}

TEST(KernelSearch, NumbersThatOnlyGainTogetherAreFoundByTheFirst) {
  KernelSearch search(Kernel());
  Search(search, [](const ScheduleNumbers& schedule) {
    if (!Get(schedule, "way", 0)) return 1.0;
    return Get(schedule, "rows", 8) == 12 ? 0.5 : 0.95;
  });
  EXPECT_EQ(search.bestSchedule(), (ScheduleNumbers{{"way", 1}, {"rows", 12}}));
}

TEST(KernelSearch, KeepsTheUsualWhereNothingSurelyGains) {
  KernelSearch slower(Kernel()), little(Kernel()), unsure(Kernel());
  EXPECT_EQ(Search(slower, [](const ScheduleNumbers&) { return 1.1; }), 6);
  EXPECT_FALSE(slower.found());
  Search(little, [](const ScheduleNumbers&) { return 0.99; });
  EXPECT_FALSE(little.found());
  Search(
      unsure, [](const ScheduleNumbers&) { return 0.9; }, /*pairs_won=*/6);
  EXPECT_FALSE(unsure.found());
}

TEST(KernelSearch, WhatDependsOnAChoiceIsTriedAfterIt) {
  KernelSearch search(Kernel());
  auto way = search.next();
  ASSERT_EQ(*way, (ScheduleNumbers{{"way", 1}}));
  search.judge(*way, {100, 50, 10, 10});
  TunableKernel other = Kernel();
  other.knobs[0].value = 1;
  other.knobs[1] = {"rows", 14, 14, {10}};
  search.update(other);
  EXPECT_EQ(*search.next(), (ScheduleNumbers{{"way", 1}, {"rows", 10}}));
}

}  // namespace
}  // namespace heddle::cli
