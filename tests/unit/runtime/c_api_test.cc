// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C ABI and its C++ layer, against the shared library as an embedding program links it. The
// artifacts come from files that another program wrote (write_test_artifacts).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <iterator>
#include <thread>

#include "c_api_testing.h"

extern "C" int heddle_c_smoke(const char* path);

namespace {

using heddle::api::Error;
using heddle::api::Model;
using heddle::api::Result;
using heddle::api::Session;
using heddle::api::Tensor;
using heddle::api::TensorView;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Take(HeddleStatus* status) { return Error(status).message(); }

TEST(CApi, WorksFromC) { EXPECT_EQ(heddle_c_smoke(Artifact("scale.heddle").c_str()), 0); }

TEST(CApi, KnowsVersions) {
  EXPECT_STREQ(heddle_version(), "0.1.0");
  EXPECT_EQ(heddle_version_number(), 100u);
  EXPECT_EQ(heddle_artifact_version(), 4u);
  EXPECT_STREQ(heddle_element_type_name(HEDDLE_BFLOAT16), "bfloat16");
  EXPECT_EQ(heddle_element_type_bits(HEDDLE_INT4), 4);
}

TEST(CApi, RunsFromFileAndMemory) {
  std::ifstream file(Artifact("scale.heddle"), std::ios::binary);
  std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  for (bool memory : {false, true}) {
    Result<Model> model = memory ? Model::LoadMemory(bytes) : Model::Load(Artifact("scale.heddle"));
    ASSERT_TRUE(model) << model.error().message();
    ASSERT_EQ(model->Inputs().size(), 1u);
    EXPECT_EQ(model->Inputs()[0].name, "x");
    EXPECT_EQ(model->Inputs()[0].element_type, HEDDLE_FLOAT32);
    EXPECT_EQ(model->Inputs()[0].dims[0].size, -1);
    EXPECT_EQ(model->Inputs()[0].dims[0].symbol, "n");
    EXPECT_EQ(model->FindOutput("y"), 0);
    EXPECT_EQ(model->FindOutput("z"), std::nullopt);
    Result<Session> session = model->MakeSession({.threads = 2});
    ASSERT_TRUE(session);
    std::vector<float> x = {1, 2, 3};
    EXPECT_FALSE(session->SetInput(0, Tensor<float>(x, {3})));
    EXPECT_FALSE(session->Run());
    EXPECT_THAT(Floats(*session->Output(0)), ElementsAre(3, 5, 7));
    EXPECT_FALSE(model->VerifyWeights());
  }
}

TEST(CApi, RunsAsynchronously) {
  Result<Model> model = Model::Load(Artifact("scale.heddle"));
  Result<Session> session = model->MakeSession({.threads = 2, .trace = true});
  std::vector<float> x(1000, 1.0f);
  ASSERT_FALSE(session->SetInput(0, Tensor<float>(x, {1000})));
  std::promise<std::string> done;
  ASSERT_FALSE(session->RunAsync([&](Error error) { done.set_value(error.message()); }));
  EXPECT_EQ(done.get_future().get(), "");
  EXPECT_EQ(Floats(*session->Output(0)), std::vector<float>(1000, 3.0f));
  EXPECT_EQ(session->Statistics()->runs, 1u);
  std::string path = ::testing::TempDir() + "heddle_trace.json";
  EXPECT_FALSE(session->WriteTrace(path));
  std::ifstream file(path);
  std::string json{std::istreambuf_iterator<char>(file), {}};
  EXPECT_THAT(json, HasSubstr("traceEvents"));
}

TEST(CApi, KeepsStateAndShares) {
  Result<Model> model = Model::Load(Artifact("append.heddle"));
  ASSERT_TRUE(model) << model.error().message();
  Result<Session> session = model->MakeSession();
  std::vector<float> none, row = {1, 2};
  ASSERT_FALSE(session->BindState(0, 0));
  ASSERT_FALSE(session->SetInput(0, Tensor<float>(none, {0, 2})));
  ASSERT_FALSE(session->SetInput(1, Tensor<float>(row, {1, 2})));
  ASSERT_FALSE(session->Run());
  std::optional<heddle::api::SharedTensor> first = *session->ShareOutput(0);
  row = {3, 4};
  ASSERT_FALSE(session->Run());
  EXPECT_THAT(Floats(*session->Output(0)), ElementsAre(1, 2, 3, 4));
  session = Error();
  EXPECT_THAT(Floats(*first), ElementsAre(1, 2));
  EXPECT_EQ(first->dims().size(), 2u);
}

// A beam: a prefix that two continuations share, one of which goes back to it.
TEST(CApi, ForksAndGoesBack) {
  Result<Model> model = Model::Load(Artifact("append.heddle"));
  Result<Session> session = model->MakeSession();
  std::vector<float> none, row = {1, 2};
  auto append = [&](Session& to, float number) {
    row = {number, -number};
    ASSERT_FALSE(to.SetInput(1, Tensor<float>(row, {1, 2})));
    ASSERT_FALSE(to.Run());
  };
  EXPECT_THAT(session->Snapshot(0).error().message(), HasSubstr("not bound as a state"));
  ASSERT_FALSE(session->BindState(0, 0));
  EXPECT_THAT(session->Snapshot(0).error().message(), HasSubstr("is not set"));
  ASSERT_FALSE(session->SetInput(0, Tensor<float>(none, {0, 2})));
  append(*session, 1);
  append(*session, 2);
  Result<heddle::api::Version> prefix = session->Snapshot(0);
  Result<Session> beam = session->Fork();
  append(*session, 3);
  append(*beam, 4);
  EXPECT_THAT(Floats(*session->Output(0)), ElementsAre(1, -1, 2, -2, 3, -3));
  EXPECT_THAT(Floats(*beam->Output(0)), ElementsAre(1, -1, 2, -2, 4, -4));
  ASSERT_FALSE(session->Truncate(0, 1));
  EXPECT_THAT(Floats(*session->Output(0)), ElementsAre(1, -1));
  append(*session, 5);
  EXPECT_THAT(Floats(*session->Output(0)), ElementsAre(1, -1, 5, -5));
  ASSERT_FALSE(session->Restore(0, *prefix));
  append(*session, 6);
  EXPECT_THAT(Floats(*session->Output(0)), ElementsAre(1, -1, 2, -2, 6, -6));
  EXPECT_THAT(Floats(*beam->Output(0)), ElementsAre(1, -1, 2, -2, 4, -4));
  EXPECT_THAT(session->Truncate(0, 4).message(), HasSubstr("has 3 entries, not 4"));
  EXPECT_THAT(session->Truncate(1, 0).message(), HasSubstr("not bound as a state"));
  EXPECT_THAT(session->Truncate(7, 0).message(), HasSubstr("no input 7"));
  // A version outlives the session whose memory it has.
  Result<heddle::api::Version> last = session->Snapshot(0);
  session = Error();
  ASSERT_FALSE(beam->Restore(0, *last));
  append(*beam, 7);
  EXPECT_THAT(Floats(*beam->Output(0)), ElementsAre(1, -1, 2, -2, 6, -6, 7, -7));
}

TEST(CApi, RefusesWrongValuesByName) {
  Result<Model> model = Model::Load(Artifact("scale.heddle"));
  Result<Session> session = model->MakeSession({.threads = 1});
  float data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  int64_t dims[] = {4};
  int64_t strides[] = {2};
  HeddleValue value = {};
  auto refused = [&] { return session->SetInput(0, value).message(); };
  EXPECT_THAT(refused(), HasSubstr("input 0 is nothing"));
  value.kind = HEDDLE_VALUE_SEQUENCE;
  EXPECT_THAT(refused(), HasSubstr("input 0 is a sequence, only tensors are supported"));
  value.kind = HEDDLE_VALUE_TENSOR;
  value.as.tensor.data = data;
  value.as.tensor.element_type = HEDDLE_FLOAT32;
  value.as.tensor.rank = 1;
  value.as.tensor.dims = dims;
  value.as.tensor.strides = strides;
  EXPECT_THAT(refused(), HasSubstr("strides [2] of shape [4] are not dense"));
  strides[0] = 1;
  EXPECT_EQ(refused(), "");
  value.as.tensor.byte_offset = 16;
  EXPECT_EQ(refused(), "");
  EXPECT_FALSE(session->Run());
  EXPECT_THAT(Floats(*session->Output(0)), ElementsAre(11, 13, 15, 17));
  value.as.tensor.capacity = 12;
  EXPECT_THAT(refused(), HasSubstr("needs 16 bytes, the memory given has 12"));
  value.as.tensor.capacity = 0;
  value.as.tensor.rank = 33;
  EXPECT_THAT(refused(), HasSubstr("rank 33"));
  value.as.tensor.rank = 2;
  value.as.tensor.strides = nullptr;
  int64_t two[] = {2, 2};
  value.as.tensor.dims = two;
  EXPECT_THAT(refused(), HasSubstr("input \"x\" has shape [2,2], expected [n]"));
  value.as.tensor.element_type = 99;
  EXPECT_THAT(refused(), HasSubstr("no element type 99"));
  EXPECT_NE(Take(heddle_session_set_input(nullptr, 0, &value)), "");
  EXPECT_NE(Take(heddle_session_set_input(session->handle(), 0, nullptr)), "");
  EXPECT_NE(Take(heddle_session_output(session->handle(), 5, &value)), "");
  EXPECT_NE(Take(heddle_model_load(nullptr, nullptr, nullptr)), "");
  HeddleModel* none = nullptr;
  EXPECT_THAT(Take(heddle_model_load("/no/such/file", nullptr, &none)), HasSubstr("/no/such/file"));
  EXPECT_FALSE(model->MakeSession({.threads = -3}));
}

TEST(CApi, UsesTheCallersAllocator) {
  struct Count {
    int live = 0, total = 0;
    bool fail = false;
  } count;
  HeddleAllocator allocator = {&count,
                               [](void* user, size_t bytes, size_t alignment) -> void* {
                                 auto* c = static_cast<Count*>(user);
                                 if (c->fail) return nullptr;
                                 ++c->live;
                                 ++c->total;
                                 return std::aligned_alloc(
                                     alignment, (bytes + alignment - 1) / alignment * alignment);
                               },
                               [](void* user, void* data, size_t) {
                                 --static_cast<Count*>(user)->live;
                                 std::free(data);
                               }};
  Result<Model> model = Model::Load(Artifact("scale.heddle"));
  {
    Result<Session> session = model->MakeSession({.threads = 1, .allocator = allocator});
    std::vector<float> x(10, 1.0f), large(100000, 1.0f);
    ASSERT_FALSE(session->SetInput(0, Tensor<float>(x, {10})));
    ASSERT_FALSE(session->Run());
    EXPECT_GT(count.total, 0);
    count.fail = true;
    ASSERT_FALSE(session->SetInput(0, Tensor<float>(large, {100000})));
    EXPECT_EQ(session->Run().code(), HEDDLE_RESOURCE_EXHAUSTED);
    count.fail = false;
    EXPECT_FALSE(session->Run());
  }
  EXPECT_EQ(count.live, 0);
}

TEST(CApi, RefusesEveryKindOfValueButTensors) {
  Result<Model> model = Model::Load(Artifact("scale.heddle"));
  Result<Session> session = model->MakeSession({.threads = 1});
  const std::pair<HeddleValueKind, const char*> kinds[] = {
      {HEDDLE_VALUE_STRING_TENSOR, "a string tensor"},
      {HEDDLE_VALUE_SEQUENCE, "a sequence"},
      {HEDDLE_VALUE_MAP, "a map"},
      {HEDDLE_VALUE_OPTIONAL, "an optional"}};
  for (auto [kind, name] : kinds) {
    HeddleValue value = {};
    value.kind = kind;
    EXPECT_THAT(session->SetInput(0, value).message(), HasSubstr(name));
  }
}

TEST(CApi, OneModelServesManyThreads) {
  Result<Model> model = Model::Load(Artifact("scale.heddle"));
  std::vector<std::thread> threads;
  std::vector<float> results(8);
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      Result<Session> session = model->MakeSession({.threads = 2});
      std::vector<float> x(100, static_cast<float>(i));
      for (int run = 0; run < 20; ++run) {
        if (session->SetInput(0, Tensor<float>(x, {100})) || session->Run()) return;
      }
      results[i] = Floats(*session->Output(0))[99];
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(results, ElementsAre(1, 3, 5, 7, 9, 11, 13, 15));
}

}  // namespace
