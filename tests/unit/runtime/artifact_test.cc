// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Artifact files: digests, damage, imports, CPU features.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <random>

#include "runtime/artifact/artifact_file.h"
#include "runtime/artifact/artifact_writer.h"
#include "runtime/artifact/cpu_features.h"
#include "runtime/artifact/elf_check.h"
#include "runtime/artifact/sha256.h"
#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using testing::GraphBuilder;
using ::testing::HasSubstr;
using testing::kF32;
using testing::Open;
using testing::ProgramBuilder;
using testing::SignTargets;
using testing::Small;

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::vector<uint8_t>& bytes) {
    path_ = ::testing::TempDir() + "heddle_artifact_" + std::to_string(::getpid()) + "_" +
            std::to_string(count_++);
    Write(bytes);
  }
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  void Write(const std::vector<uint8_t>& bytes) {
    std::ofstream file(path_, std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  const std::string& path() const { return path_; }

 private:
  static inline int count_ = 0;
  std::string path_;
};

TEST(Artifact, LoadsFromAFileAndRuns) {
  TemporaryFile file(Small().Artifact());
  auto model = Model::Load(file.path(), {});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->inputs()[0].name, "x");
  EXPECT_EQ((*model)->inputs()[0].ShapeText(), "[3]");
  EXPECT_TRUE((*model)->VerifyWeights().ok());
  // Two copies at once, and one after the other, are independent.
  auto again = Model::Load(file.path(), {});
  ASSERT_TRUE(again.ok());
  auto session = Open(*again);
  model->reset();
  std::vector<float> x = {10, 20, 30};
  testing::Set(*session, 0, x);
  ASSERT_TRUE(session->Run().ok());
  EXPECT_EQ(testing::Floats(session->output(0)), (std::vector<float>{11, 22, 33}));
}

TEST(Artifact, DifferentArtifactsDoNotMixUp) {
  // The dynamic loader knows code by descriptor numbers, which the system hands out again.
  for (int round = 0; round < 20; ++round) {
    auto first = testing::Load(Small());
    auto second = testing::Load(Small());
    first.reset();
    auto third = testing::Load(Small());
    EXPECT_NE(second->executable().kernels[0], third->executable().kernels[0]);
  }
}

TEST(Artifact, WeightsAreCheckedOnRequest) {
  std::vector<uint8_t> bytes = Small().Artifact();
  bytes[bytes.size() - sizeof(ArtifactFooter) - 64] ^= 1;
  auto model = Model::LoadFromMemory(bytes, {});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ((*model)->VerifyWeights().code(), absl::StatusCode::kDataLoss);
}

TEST(Artifact, RefusesOtherFiles) {
  EXPECT_EQ(Model::Load("/no/such/file", {}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(Model::Load("/", {}).ok());
  EXPECT_FALSE(Model::Load("/dev/zero", {}).ok());
  TemporaryFile empty({});
  EXPECT_THAT(Model::Load(empty.path(), {}).status().ToString(), HasSubstr("too short"));
  TemporaryFile text(std::vector<uint8_t>(5000, 'x'));
  EXPECT_THAT(Model::Load(text.path(), {}).status().ToString(), HasSubstr("not a Heddle artifact"));
}

TEST(Artifact, RefusesOtherVersions) {
  std::vector<uint8_t> bytes = Small().Artifact();
  ArtifactFooter footer;
  uint8_t* at = bytes.data() + bytes.size() - sizeof(footer);
  std::memcpy(&footer, at, sizeof(footer));
  footer.version = 99;
  std::memcpy(at, &footer, sizeof(footer));
  EXPECT_THAT(Model::LoadFromMemory(bytes, {}).status().ToString(),
              HasSubstr("artifact format version 99"));
}

TEST(Artifact, RefusesEveryTruncation) {
  std::vector<uint8_t> good = Small().Artifact();
  std::mt19937 random(11);
  for (int i = 0; i < 400; ++i) {
    size_t size = i < 300 ? good.size() - 1 - i : random() % good.size();
    std::vector<uint8_t> bytes(good.begin(), good.begin() + size);
    EXPECT_FALSE(Model::LoadFromMemory(bytes, {}).ok()) << size;
  }
}

TEST(Artifact, RefusesEveryBitFlipOutsideTheWeights) {
  std::vector<uint8_t> good = Small().Artifact();
  ArtifactFooter footer;
  std::memcpy(&footer, good.data() + good.size() - sizeof(footer), sizeof(footer));
  std::mt19937 random(13);
  for (int i = 0; i < 500; ++i) {
    std::vector<uint8_t> bytes = good;
    size_t at =
        i % 2 == 0 ? random() % footer.weights_offset : good.size() - 1 - random() % sizeof(footer);
    bytes[at] ^= 1 << random() % 8;
    EXPECT_FALSE(Model::LoadFromMemory(bytes, {}).ok()) << at;
  }
}

// What a hostile writer can do: every section damaged, with a digest that fits.
TEST(Artifact, SurvivesDamageWithAFittingDigest) {
  ProgramBuilder b = Small();
  std::vector<uint8_t> program = b.Program();
  std::vector<uint8_t> code = testing::KernelCode();
  std::mt19937 random(17);
  for (int i = 0; i < 3000; ++i) {
    std::vector<uint8_t> damaged = program;
    for (uint32_t flips = 1 + random() % 3; flips > 0; --flips) {
      damaged[random() % damaged.size()] ^= 1 << random() % 8;
    }
    ArtifactWriter writer;
    writer.AddTarget({.cpu = "any", .features = {}, .code = code, .program = damaged});
    std::vector<uint8_t> weight(64);
    writer.AddWeight(weight);
    Model::LoadFromMemory(writer.ToBytes(), {}).status().IgnoreError();
  }
}

TEST(Artifact, ChecksElfHeaders) {
  std::vector<uint8_t> code = testing::KernelCode();
  EXPECT_TRUE(CheckElf(code).ok());
  std::mt19937 random(19);
  for (int i = 0; i < 20000; ++i) {
    std::vector<uint8_t> damaged = code;
    damaged[random() % 512] ^= 1 << random() % 8;
    CheckElf(damaged).IgnoreError();
  }
  for (size_t size = 0; size < 1000; ++size) {
    CheckElf(absl::MakeConstSpan(code).subspan(0, size)).IgnoreError();
  }
  // A library that needs others, such as the test program's own loader.
  std::ifstream self("/proc/self/exe", std::ios::binary);
  std::vector<uint8_t> other{std::istreambuf_iterator<char>(self), {}};
  EXPECT_FALSE(CheckElf(other).ok());
}

TEST(Artifact, NamesUnknownImportsAndFeatures) {
  ProgramBuilder imports = Small();
  imports.program.imports = {"expf", "system", "execve"};
  EXPECT_THAT(testing::TryLoad(imports).status().ToString(), HasSubstr("\"system\", \"execve\""));
  ProgramBuilder features = Small();
  features.targets[0].features = {"sse2", "warp-drive"};
  EXPECT_THAT(testing::TryLoad(features).status().ToString(), HasSubstr("\"warp-drive\""));
  ProgramBuilder missing = Small();
  missing.targets[0].features = {"sse2", "xop"};
  EXPECT_THAT(testing::TryLoad(missing).status().ToString(),
              HasSubstr("artifact needs xop, this CPU has not"));
  ProgramBuilder kernels = Small();
  kernels.program.kernels.resize(100);
  EXPECT_THAT(testing::TryLoad(kernels).status().ToString(), HasSubstr("shorter"));
}

TEST(Artifact, NeedsNoCodeWithoutKernels) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  g.Output(g.Input("x", kF32, {g.Symbol("n")}));
  b.program.imports.clear();
  auto model = Model::LoadFromMemory(b.Artifact(false), {});
  ASSERT_TRUE(model.ok()) << model.status();
  auto session = Open(*model);
  std::vector<float> x = {1, 2};
  testing::Set(*session, 0, x);
  ASSERT_TRUE(session->Run().ok());
  EXPECT_EQ(testing::Floats(session->output(0)), x);
}

TEST(Artifact, WriterReplacesTheFileAtOnce) {
  TemporaryFile file({1, 2, 3});
  ProgramBuilder b = Small();
  std::vector<uint8_t> program = b.Program();
  ArtifactWriter writer;
  writer.AddTarget({.cpu = "any", .features = {}, .code = {}, .program = program});
  ASSERT_TRUE(writer.WriteFile(file.path()).ok());
  std::ifstream stream(file.path(), std::ios::binary);
  std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_EQ(bytes, writer.ToBytes());
  EXPECT_FALSE(writer.WriteFile("/no/such/folder/file").ok());
}

}  // namespace
}  // namespace heddle
