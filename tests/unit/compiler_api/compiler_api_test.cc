// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// heddle/compiler.h: a model in memory becomes an artifact in memory or in a file, and errors are
// values.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <heddle/compiler.h>
#include <sys/resource.h>

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <heddle/heddle.hpp>

namespace {

using heddle::api::Model;
using heddle::api::Result;
using heddle::api::Session;
using heddle::api::Tensor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A structure of this header's size, all of it defaults.
template <typename Struct>
Struct Sized() {
  Struct all = {};
  all.struct_size = sizeof all;
  return all;
}

// The two kinds of fields of the model format that the test needs; numbers are below 128.
std::string Field(int number, const std::string& bytes) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())} + bytes;
}
std::string Field(int number, int value) {
  return {static_cast<char>(number << 3), static_cast<char>(value)};
}

std::string FloatValue(const std::string& name) {
  std::string dim = Field(1, Field(2, std::string("n")));
  return Field(1, name) + Field(2, Field(1, Field(1, 1) + Field(2, dim)));
}

// y = op(x), for floats of shape [n]
std::string UnaryModel(const std::string& op) {
  std::string node = Field(1, std::string("x")) + Field(2, std::string("y")) + Field(4, op);
  std::string graph = Field(1, node) + Field(2, std::string("g")) + Field(11, FloatValue("x")) +
                      Field(12, FloatValue("y"));
  return Field(1, 10) + Field(7, graph) + Field(8, Field(2, 21));
}

struct Compiled {
  Compiled(const std::string& model, const HeddleCompileOptions* options,
           const char* output = nullptr)
      : result(heddle_compile_memory(model.data(), model.size(), "unary.onnx", output, options)) {}
  ~Compiled() { heddle_compilation_free(result); }
  std::string message() const { return heddle_compilation_message(result); }
  int code() const { return heddle_compilation_code(result); }
  std::span<const uint8_t> bytes() const {
    size_t size = 0;
    const void* data = heddle_compilation_data(result, &size);
    return {static_cast<const uint8_t*>(data), size};
  }
  HeddleCompilation* result;
};

std::vector<float> RunOn(Model& model, std::vector<float> x) {
  Result<Session> session = model.MakeSession({.threads = 1});
  EXPECT_FALSE(session->SetInput(0, Tensor<float>(x, {static_cast<int64_t>(x.size())})));
  EXPECT_EQ(session->Run().message(), "");
  std::span<const float> y = session->Output(0)->elements<float>();
  return {y.begin(), y.end()};
}

TEST(CompilerApi, CompilesFromMemoryToMemory) {
  Compiled compiled(UnaryModel("Relu"), nullptr);
  ASSERT_EQ(compiled.code(), HEDDLE_OK) << compiled.message();
  auto statistics = Sized<HeddleCompileStatistics>();
  heddle_compilation_statistics(compiled.result, &statistics);
  EXPECT_EQ(statistics.kernels, 1u);
  Result<Model> model = Model::LoadMemory(compiled.bytes());
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_THAT(RunOn(*model, {-1, 2}), ElementsAre(0, 2));
  EXPECT_THAT(RunOn(*model, {3, -4, 5}), ElementsAre(3, 0, 5));
}

TEST(CompilerApi, CompilesToAFileAndFixesDimensions) {
  HeddleDim dim = {"n", 2};
  auto options = Sized<HeddleCompileOptions>();
  options.dims = &dim;
  options.dim_count = 1;
  options.cores = 1;
  std::string path = ::testing::TempDir() + "heddle_unary.heddle";
  Compiled compiled(UnaryModel("Neg"), &options, path.c_str());
  ASSERT_EQ(compiled.code(), HEDDLE_OK) << compiled.message();
  EXPECT_TRUE(compiled.bytes().empty());
  Result<Model> model = Model::Load(path);
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_EQ(model->Inputs()[0].dims[0].size, 2);
  EXPECT_THAT(RunOn(*model, {-1, 2}), ElementsAre(1, -2));
}

TEST(CompilerApi, CompilesForSeveralTargets) {
  auto options = Sized<HeddleCompileOptions>();
  options.target_cpu = "x86-64-v2,native";
  Compiled compiled(UnaryModel("Relu"), &options);
  ASSERT_EQ(compiled.code(), HEDDLE_OK) << compiled.message();
  auto cpu_of = [&](const char* wanted) -> std::string {
    auto load = Sized<HeddleModelOptions>();
    load.target_cpu = wanted;
    Result<Model> model = Model::LoadMemory(compiled.bytes(), &load);
    if (!model) return model.error().message();
    EXPECT_THAT(RunOn(*model, {-1, 2}), ElementsAre(0, 2));
    auto info = Sized<HeddleModelInfo>();
    EXPECT_EQ(heddle_model_info(model->handle(), &info), nullptr);
    EXPECT_THAT(info.target_cpus, HasSubstr(",x86-64-v2"));  // the best one first
    return info.target_cpu;
  };
  EXPECT_EQ(cpu_of("x86-64-v2"), "x86-64-v2");
  EXPECT_NE(cpu_of(nullptr), "x86-64-v2");
  EXPECT_THAT(cpu_of("x86-64-v4"), HasSubstr("no code for \"x86-64-v4\""));
}

TEST(CompilerApi, ReadsOlderStructures) {
  HeddleCompileOptions options = {};
  options.struct_size = offsetof(HeddleCompileOptions, emit);
  options.emit = 77;  // beyond what this caller knows: not read
  EXPECT_EQ(Compiled(UnaryModel("Relu"), &options).message(), "");
}

TEST(CompilerApi, TakesNoSizeForTheFirstVersion) {
  HeddleCompileOptions options = {};
  options.precision = "f8";  // beyond the first version: not read
  Compiled compiled(UnaryModel("Relu"), &options);
  EXPECT_EQ(compiled.message(), "");
  HeddleCompileStatistics statistics = {};
  statistics.cached_kernels = 77;
  heddle_compilation_statistics(compiled.result, &statistics);
  EXPECT_EQ(statistics.kernels, 1u);
  EXPECT_EQ(statistics.cached_kernels, 77u);
  options.struct_size = sizeof(size_t) - 1;
  EXPECT_THAT(Compiled(UnaryModel("Relu"), &options).message(), HasSubstr("struct_size"));
  heddle_compilation_statistics(compiled.result, nullptr);
}

TEST(CompilerApi, RefusesByName) {
  EXPECT_THAT(Compiled("not a model", nullptr).message(), HasSubstr("unary.onnx"));
  Compiled unknown(UnaryModel("Nonsense"), nullptr);
  EXPECT_EQ(unknown.code(), HEDDLE_UNIMPLEMENTED);
  EXPECT_THAT(unknown.message(), HasSubstr("Nonsense"));
  EXPECT_TRUE(unknown.bytes().empty());
  auto options = Sized<HeddleCompileOptions>();
  options.emit = 77;
  EXPECT_THAT(Compiled(UnaryModel("Relu"), &options).message(), HasSubstr("77"));
  options = Sized<HeddleCompileOptions>();
  options.cores = -1;
  EXPECT_THAT(Compiled(UnaryModel("Relu"), &options).message(), HasSubstr("-1 cores"));
  options = Sized<HeddleCompileOptions>();
  options.precision = "f8";
  EXPECT_THAT(Compiled(UnaryModel("Relu"), &options).message(), HasSubstr("precision 'f8'"));
  options = Sized<HeddleCompileOptions>();
  options.target_cpu = "x86-64-v2,x86-64-v2";
  EXPECT_THAT(Compiled(UnaryModel("Relu"), &options).message(), HasSubstr("given twice"));
  options.target_cpu = "x86-64-v2,z80";
  EXPECT_THAT(Compiled(UnaryModel("Relu"), &options).message(), HasSubstr("no target CPU 'z80'"));
  options = Sized<HeddleCompileOptions>();
  const char* no_domain = nullptr;
  options.custom_domains = &no_domain;
  options.custom_domain_count = 1;
  EXPECT_THAT(Compiled(UnaryModel("Relu"), &options).message(), HasSubstr("domain without a name"));
  EXPECT_EQ(heddle_compilation_code(nullptr), HEDDLE_RESOURCE_EXHAUSTED);
}

TEST(CompilerApi, NoExceptionLeaves) {
  auto options = Sized<HeddleCompileOptions>();
  options.progress = [](void*, const char*) { throw 5; };
  Compiled compiled(UnaryModel("Relu"), &options);
  EXPECT_EQ(compiled.code(), HEDDLE_INTERNAL);
  EXPECT_EQ(compiled.message(), "unexpected exception");
}

// What was there stays until all of the new result is.
TEST(CompilerApi, AFailureLeavesTheFile) {
  std::string folder = ::testing::TempDir() + "heddle_kept";
  std::filesystem::create_directories(folder);
  std::string path = folder + "/kept.heddle";
  std::ofstream(path) << "good";
  auto contents = [&]() -> std::string {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  };
  EXPECT_NE(Compiled(UnaryModel("Nonsense"), nullptr, path.c_str()).code(), HEDDLE_OK);
  EXPECT_EQ(contents(), "good");
  // A file may be as long as half an artifact.
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit little = {64, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &little), 0);
  auto options = Sized<HeddleCompileOptions>();
  options.emit = HEDDLE_EMIT_HEDDLE;  // nothing else is written
  std::string message = Compiled(UnaryModel("Relu"), &options, path.c_str()).message();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, HasSubstr("File too large"));
  EXPECT_EQ(contents(), "good");
  std::filesystem::remove_all(folder);
}

}  // namespace
