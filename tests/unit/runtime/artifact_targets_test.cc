// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Artifact files with code for several CPUs.

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <vector>

#include "runtime/artifact/artifact_file.h"
#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using ::testing::HasSubstr;
using testing::Open;
using testing::ProgramBuilder;
using testing::SignTargets;
using testing::Small;

// Three targets, of which the last is the one that any CPU runs and the second the one that none
// does.
ProgramBuilder Several() {
  ProgramBuilder b = Small();
  b.targets = {{.cpu = "plain", .features = {"sse"}},
               {.cpu = "odd", .features = {"sse", "sse2", "sse3", "xop", "lwp"}},
               {.cpu = "better", .features = {"sse", "sse2"}}};
  return b;
}

ArtifactFooter FooterOf(const std::vector<uint8_t>& bytes) {
  ArtifactFooter footer;
  std::memcpy(&footer, bytes.data() + bytes.size() - sizeof(footer), sizeof(footer));
  return footer;
}

TEST(ArtifactTargets, PicksTheMostCapableTargetThatRuns) {
  ProgramBuilder b = Several();
  auto best = testing::TryLoad(b);
  ASSERT_TRUE(best.ok()) << best.status();
  EXPECT_EQ((*best)->target().cpu, "better");
  EXPECT_EQ((*best)->file().targets().size(), 3);
  EXPECT_TRUE((*best)->VerifyWeights().ok());
  auto plain = testing::TryLoad(b, {.target_cpu = "plain"});
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ((*plain)->target().cpu, "plain");
  for (const auto& model : {*best, *plain}) {
    auto session = Open(model);
    std::vector<float> x = {10, 20, 30};
    testing::Set(*session, 0, x);
    ASSERT_TRUE(session->Run().ok());
    EXPECT_EQ(testing::Floats(session->output(0)), (std::vector<float>{11, 22, 33}));
  }
  EXPECT_THAT(testing::TryLoad(b, {.target_cpu = "odd"}).status().ToString(),
              HasSubstr("artifact needs xop, this CPU has not"));
  EXPECT_THAT(testing::TryLoad(b, {.target_cpu = "none"}).status().ToString(),
              HasSubstr("no code for \"none\"; it has for \"plain\", \"odd\", \"better\""));
  ProgramBuilder none = Several();
  none.targets[0].features = none.targets[2].features = {"xop"};
  EXPECT_THAT(testing::TryLoad(none).status().ToString(),
              HasSubstr("runs none of the artifact's targets, \"plain\", \"odd\", \"better\""));
}

TEST(ArtifactTargets, ChecksTheTargetsAndTheImageThatItRuns) {
  std::vector<uint8_t> good = Several().Artifact();
  const ArtifactFooter footer = FooterOf(good);
  const uint64_t image = footer.targets_offset / 3;  // all have the same size
  std::mt19937 random(23);
  for (int i = 0; i < 600; ++i) {
    std::vector<uint8_t> bytes = good;
    size_t at = random() % footer.weights_offset;
    bytes[at] ^= 1 << random() % 8;
    auto model = Model::LoadFromMemory(bytes, {});
    bool used = at >= 2 * image;  // the third image, or the table
    EXPECT_EQ(model.ok(), !used) << at;
    if (!used) EXPECT_EQ((*model)->VerifyWeights().code(), absl::StatusCode::kDataLoss) << at;
  }
}

// What a hostile writer can do: a table whose digest fits, with images anywhere.
TEST(ArtifactTargets, SurvivesADamagedTableOfTargets) {
  std::vector<uint8_t> good = Several().Artifact();
  const ArtifactFooter footer = FooterOf(good);
  std::mt19937 random(29);
  int loaded = 0;
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint8_t> bytes = good;
    for (uint32_t flips = 1 + random() % 3; flips > 0; --flips) {
      bytes[footer.targets_offset + random() % 600] ^= 1 << random() % 8;
    }
    SignTargets(bytes);
    loaded += Model::LoadFromMemory(bytes, {}).ok();
  }
  EXPECT_GT(loaded, 0);
  EXPECT_LT(loaded, 3000);
}

}  // namespace
}  // namespace heddle
