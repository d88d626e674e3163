// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Schedules as text: what is read, what is refused, whose they are.

#include <gmock/gmock.h>

#include "compiler/cache/TunedSchedules.h"
#include "tests/unit/cache/cache_testing.h"

namespace heddle {
namespace {

using ::testing::HasSubstr;

TEST(GivenSchedules, AreNumbersByNameBySignature) {
  auto given =
      GivenSchedules::parse(R"({"apart": true, "kernels": {"ab": {"rows": 6, "panels": 0}}})");
  ASSERT_TRUE(given.ok()) << given.status();
  EXPECT_TRUE(given->apart());
  EXPECT_EQ(*given->find("ab"), (ScheduleNumbers{{"panels", 0}, {"rows", 6}}));
  EXPECT_EQ(*given->find("cd"), ScheduleNumbers());
}

TEST(GivenSchedules, AnythingElseIsRefused) {
  for (const char* text :
       {"", "[]", "{}", "{\"kernels\": []}", "{\"kernels\": {}, \"apart\": 1}",
        "{\"kernels\": {\"a\": 1}}", "{\"kernels\": {\"a\": {\"rows\": 1.5}}}",
        "{\"kernels\": {\"a\": {\"rows\": -1}}}", "{\"kernels\": {\"a\": {\"rows\": 99999999}}}",
        "{\"kernels\": {\"a\": {\"rows\": 99999999999999999999999}}}"})
    EXPECT_EQ(GivenSchedules::parse(text).status().code(), absl::StatusCode::kInvalidArgument)
        << text;
}

TEST_F(CacheTest, TunedSchedulesAreOfAMachine) {
  TunedSchedules here(Open(), "here"), there(Open(), "there");
  ASSERT_TRUE(here.keep("ab", {{"rows", 6}}, {{"kernel", "conv_0"}}).ok());
  EXPECT_EQ(*here.find("ab"), (ScheduleNumbers{{"rows", 6}}));
  EXPECT_EQ(*here.find("cd"), ScheduleNumbers());
  EXPECT_EQ(*there.find("ab"), ScheduleNumbers());
  ASSERT_TRUE(here.keep("ab", {{"rows", 7}}, {}).ok());
  EXPECT_EQ(*here.find("ab"), (ScheduleNumbers{{"rows", 7}}));
  std::string before = Open().stateOf(".tuned");
  ASSERT_TRUE(here.keep("ab", {}, {}).ok());
  EXPECT_EQ(*here.find("ab"), ScheduleNumbers());
  EXPECT_EQ(Open().contents()[".tuned"].files, 0u);
  EXPECT_NE(Open().stateOf(".tuned"), before);
}

TEST_F(CacheTest, AFileThatIsNoScheduleIsRefusedByName) {
  CacheFolder folder = Open();
  TunedSchedules tuned(folder, "here");
  ASSERT_TRUE(tuned.keep("ab", {{"rows", 6}}, {}).ok());
  std::string file;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    file = entry.path().string();
  std::string good = Read(file);
  auto refused = [&](const std::string& bytes) {
    Write(file, bytes);
    absl::Status status = tuned.find("ab").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bytes;
    EXPECT_THAT(std::string(status.message()), HasSubstr(file));
  };
  refused("");
  refused("[]");
  refused("{}");
  refused(good.substr(0, good.size() / 2));
  refused(std::string(good).replace(good.find("\"ab\""), 4, "\"cd\""));
  refused(std::string(good).replace(good.find("here"), 4, "hers"));
  refused(std::string(good).replace(good.find(" 6"), 2, " \"6\""));
  Write(file, good);
  EXPECT_TRUE(tuned.find("ab").ok());
}

}  // namespace
}  // namespace heddle
