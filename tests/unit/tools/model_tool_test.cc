// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/model_tool.h"

#include <gmock/gmock.h>

#include <fstream>

#include "frontends/onnx/NpyFile.h"
#include "runtime/tools/tool_makers.h"
#include "tests/unit/tools/loop_testing.h"

namespace heddle {
namespace {

using testing::HasSubstr;

class ModelToolTest : public LoopTest {
 protected:
  // scale.heddle: y = 2 x + 1, of any length.
  ModelToolTest() {
    const auto file =
        ParseToolsFile(R"({"tools":[{"name":"scale","run":{"model":")" HEDDLE_TEST_ARTIFACTS
                       R"(/scale.heddle"}},{"name":"batch","heddle":{"batch":{"maxSize":3}},
           "run":{"model":")" HEDDLE_TEST_ARTIFACTS R"(/scale.heddle"}}]})",
                       "f", nullptr);
    EXPECT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE(AddTools(*file, host_, registry_, &MakeModelTool).ok());
  }
  Json Call(Json arguments, const char* tool = "scale") {
    std::optional<ToolOutcome> outcome;
    const auto call = registry_.Find(tool)->StartCall(
        std::move(arguments), {}, [&](ToolOutcome got) { outcome = std::move(got); });
    RunFor(loop(), std::chrono::seconds(20), [&] { return outcome.has_value(); });
    if (!outcome) return "the test waited 20 s";
    const auto* error = std::get_if<ToolError>(&*outcome);
    return error ? Json(error->message) : std::get<Json>(*outcome);
  }

  ToolHost host_{loop()};
  ToolRegistry registry_;
};

TEST_F(ModelToolTest, TensorsAreNestedLists) {
  EXPECT_EQ(ToText(Call({{"x", {1, 2.5, -3}}})), R"({"y":[3.0,6.0,-5.0]})");
  EXPECT_EQ(ToText(Call({{"x", {0.05}}})), R"({"y":[1.1]})");  // no digits of the float's error
  EXPECT_EQ(ToText(Call({{"x", {1.0 / 3}}})), R"({"y":[1.6666667]})");
  EXPECT_EQ(ToText(Call({{"x", Json::array()}})), R"({"y":[]})");
  EXPECT_EQ(ToText(Call({{"x", {nullptr}}})), R"({"y":[null]})");
}

TEST_F(ModelToolTest, InputsMayBeFiles) {
  const std::string path = testing::TempDir() + "/heddle_model_tool_test.npy";
  const float x[] = {1, 2};
  const HostTensor tensor{
      "x", ElementType::kFloat32, {2}, std::string(reinterpret_cast<const char*>(x), sizeof x)};
  ASSERT_TRUE(writeNpyFile(path, tensor).ok());
  EXPECT_EQ(ToText(Call({{"x", path}})), R"({"y":[3.0,5.0]})");
  EXPECT_THAT(ToPlainText(Call({{"x", "/dev/zero"}})), HasSubstr("\"/dev/zero\" is no tensor"));
  EXPECT_THAT(
      ToPlainText(Call({{"x", "/nowhere/x.npy"}})),
      HasSubstr("the input 'x' (float32[n]): \"/nowhere/x.npy\" cannot be read: No such file"));
  std::ofstream(path) << "not numpy";
  EXPECT_THAT(ToPlainText(Call({{"x", path}})), HasSubstr("not an .npy file"));
  unlink(path.c_str());
}

TEST_F(ModelToolTest, WrongInputsAreNamed) {
  EXPECT_EQ(Call(Json::object()), "the input 'x' (float32[n]) is missing");
  EXPECT_THAT(ToPlainText(Call({{"x", {{1, 2}, {3}}}})),
              HasSubstr("'x' (float32[n]): lists of one"));
  EXPECT_THAT(ToPlainText(Call({{"x", {true}}})), HasSubstr("true is no element"));
  EXPECT_THAT(ToPlainText(Call({{"x", {{1, 2}, {3, 4}}}})), HasSubstr("'x' (float32[n]): "));
}

TEST_F(ModelToolTest, TheSchemaIsTheModelsSignature) {
  const Json& schema = registry_.Find("scale")->description().input_schema;
  EXPECT_EQ(schema["required"], Json::array({"x"}));
  EXPECT_THAT(schema["properties"]["x"]["description"].get<std::string>(), HasSubstr("float32[n]"));
  EXPECT_EQ(registry_.Find("scale")->description().effects, ToolEffects::kPure);
}

TEST_F(ModelToolTest, CallsRunBesideEachOtherAndMayBeCancelled) {
  int ended = 0;
  std::vector<std::unique_ptr<ToolCall>> calls;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(
        registry_.Find("scale")->StartCall({{"x", {i}}}, {}, [&, i](ToolOutcome outcome) {
          EXPECT_EQ(std::get<Json>(outcome)["y"][0], 2.0 * i + 1);
          ++ended;
        }));
  }
  for (int i = 0; i < 50; ++i) calls.pop_back();
  HEDDLE_RUN_UNTIL(loop(), ended == 50);
}

TEST_F(ModelToolTest, ABatchIsAListOfCalls) {
  EXPECT_EQ(ToText(Call({{{"x", {1}}}, {{"x", {2, 3}}}}, "batch")),
            R"([{"y":[3.0]},{"y":[5.0,7.0]}])");
}

TEST_F(ModelToolTest, AFileThatIsNoModelIsRefusedAtOnce) {
  ToolSpec spec;
  spec.run = ModelRun{"/no/such/model.heddle"};
  EXPECT_THAT(std::string(MakeModelTool(spec, host_).status().message()),
              HasSubstr("/no/such/model.heddle"));
}

}  // namespace
}  // namespace heddle
