// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where tools come from, and their names.

#include "runtime/tools/tool_registry.h"

#include <gmock/gmock.h>

#include "runtime/tools/tools_file.h"

namespace heddle {
namespace {

using testing::ElementsAre;

// What a server has, told when the test says so.
class TestSource : public ToolSource {
 public:
  TestSource(std::string name, std::vector<std::string> tools, absl::Status status = {})
      : name_(std::move(name)), tools_(std::move(tools)), status_(std::move(status)) {}
  const std::string& name() const override { return name_; }
  void Load(Loaded done) override {
    ++asked;
    std::vector<std::unique_ptr<Tool>> made;
    for (const std::string& name : tools_) made.push_back(Named(name));
    done(status_, std::move(made));
  }
  static std::unique_ptr<Tool> Named(const std::string& name) {
    ToolSpec spec;
    spec.description.name = name;
    struct Nothing : Tool {
      using Tool::Tool;
      std::unique_ptr<ToolCall> StartCall(Json, const ToolCallOptions&, Done) override {
        return nullptr;
      }
    };
    return std::make_unique<Nothing>(spec.description);
  }
  int asked = 0;

 private:
  const std::string name_;
  const std::vector<std::string> tools_;
  const absl::Status status_;
};

class ToolRegistryTest : public testing::Test {
 protected:
  TestSource* Add(std::string name, std::vector<std::string> tools, absl::Status status = {}) {
    auto source =
        std::make_unique<TestSource>(std::move(name), std::move(tools), std::move(status));
    TestSource* added = source.get();
    registry.AddSource(std::move(source));
    return added;
  }
  absl::Status Load(const std::vector<std::string>& names) {
    absl::Status result = absl::InternalError("not called back");
    registry.Load(names, [&](absl::Status status) { result = std::move(status); });
    return result;
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (Tool* tool : registry.tools()) names.push_back(tool->description().name);
    return names;
  }
  ToolRegistry registry;
};

TEST_F(ToolRegistryTest, SourcesAreAskedOnceAndOnlyWhenNeeded) {
  EXPECT_TRUE(registry.Add(TestSource::Named("search")).ok());
  EXPECT_EQ(registry.Add(TestSource::Named("search")).code(), absl::StatusCode::kAlreadyExists);
  TestSource* files = Add("files", {"read", "write"});
  TestSource* memory = Add("memory", {"store"});
  EXPECT_TRUE(Load({"search"}).ok());
  EXPECT_EQ(files->asked + memory->asked, 0);
  EXPECT_TRUE(Load({"search", "files.read"}).ok());
  EXPECT_EQ(files->asked, 1);
  EXPECT_EQ(memory->asked, 0);
  EXPECT_TRUE(Load({"store"}).ok());
  EXPECT_TRUE(Load({"nothing"}).ok());
  EXPECT_EQ(files->asked + memory->asked, 2);
  EXPECT_THAT(Names(), ElementsAre("search", "read", "write", "store"));
  EXPECT_EQ(registry.Find("files.read"), registry.Find("read"));
  EXPECT_EQ(registry.Find("nothing"), nullptr);
}

TEST_F(ToolRegistryTest, NamesThatCollideBecomeLong) {
  EXPECT_TRUE(registry.Add(TestSource::Named("mine")).ok());
  Tool* mine = registry.Find("mine");
  Add("a", {"read", "mine"});
  Add("b", {"read"});
  Add("c", {"read"});
  EXPECT_TRUE(Load({"read"}).ok());
  EXPECT_THAT(Names(), ElementsAre("mine", "a.read", "a.mine", "b.read", "c.read"));
  EXPECT_EQ(registry.Find("read"), nullptr);
  EXPECT_EQ(registry.Find("mine"), mine);
  EXPECT_NE(registry.Find("a.mine"), nullptr);
}

TEST_F(ToolRegistryTest, ASourceThatFailsCountsOnlyWhereANameIsMissing) {
  Add("bad", {}, absl::UnavailableError("bad: does not start"));
  Add("good", {"read"});
  EXPECT_TRUE(Load({"read"}).ok());
  EXPECT_EQ(Load({"read", "other"}).message(), "bad: does not start");
  EXPECT_TRUE(Load({"good.read"}).ok());
  absl::Status all;
  registry.LoadAll([&](absl::Status status) { all = status; });
  EXPECT_EQ(all.message(), "bad: does not start");
}

}  // namespace
}  // namespace heddle
