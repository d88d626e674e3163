// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is read and written of a caller's memory at the C ABI: of structures that have other sizes in
// other versions, and of tensors, no more than there is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>

#include "c_api_testing.h"

namespace {

using heddle::api::Error;
using heddle::api::Model;
using heddle::api::Result;
using heddle::api::Session;
using heddle::api::Tensor;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CApiMemory, ReadsOlderAndNewerStructures) {
  Result<Model> model = Model::Load(Artifact("scale.heddle"));
  HeddleSessionOptions options = {};
  options.struct_size = offsetof(HeddleSessionOptions, trace);
  options.threads = 1;
  options.trace = 1;  // beyond what this caller knows: not read
  HeddleSession* session = nullptr;
  ASSERT_EQ(heddle_session_create(model->handle(), &options, &session), nullptr);
  EXPECT_THAT(Error(heddle_session_write_trace(session, "/tmp/x")).message(),
              HasSubstr("option trace"));
  struct {
    HeddleStatistics statistics;
    uint64_t canary;
  } out = {{}, 5};
  out.statistics.struct_size = offsetof(HeddleStatistics, tasks);
  out.statistics.tasks = 77;
  ASSERT_EQ(heddle_session_statistics(session, &out.statistics), nullptr);
  EXPECT_EQ(out.statistics.tasks, 77u);
  out.statistics.struct_size = sizeof(out);  // a newer caller
  ASSERT_EQ(heddle_session_statistics(session, &out.statistics), nullptr);
  EXPECT_EQ(out.statistics.tasks, 1u);
  EXPECT_EQ(out.canary, 5u);
  heddle_session_free(session);
}

// A caller that names no size has the first version at least, and perhaps nothing behind it.
TEST(CApiMemory, TakesNoSizeForTheFirstVersion) {
  HeddleModelOptions options = {};
  options.target_cpu = "x86-64-v9";  // beyond the first version: not read
  Result<Model> model = Model::Load(Artifact("scale.heddle"), &options);
  ASSERT_TRUE(model) << model.error().message();
  options.struct_size = sizeof(options);
  EXPECT_FALSE(Model::Load(Artifact("scale.heddle"), &options));
  HeddleModelInfo info = {};
  info.target_cpus = "untouched";
  ASSERT_EQ(heddle_model_info(model->handle(), &info), nullptr);
  EXPECT_EQ(info.tasks, 1u);
  EXPECT_STREQ(info.target_cpus, "untouched");
  info.struct_size = sizeof(info);
  ASSERT_EQ(heddle_model_info(model->handle(), &info), nullptr);
  EXPECT_STREQ(info.target_cpus, "any");
}

TEST(CApiMemory, WritesToBoundMemory) {
  Result<Model> model = Model::Load(Artifact("scale.heddle"));
  Result<Session> session = model->MakeSession({.threads = 1});
  std::vector<float> x = {1, 2}, y(4, 0.0f);
  ASSERT_FALSE(session->SetInput(0, Tensor<float>(x, {2})));
  ASSERT_FALSE(session->BindOutput(0, std::span<float>(y)));
  ASSERT_FALSE(session->Run());
  EXPECT_THAT(y, ElementsAre(3, 5, 0, 0));
  EXPECT_EQ(session->Output(0)->data(), y.data());
  ASSERT_FALSE(session->UnbindOutput(0));
  ASSERT_FALSE(session->Run());
  EXPECT_NE(session->Output(0)->data(), y.data());
  // Of no bytes, for a result of none, and not more: a sanitizer sees what is read besides.
  ASSERT_FALSE(session->BindOutput(0, std::span<float>(y).first(0)));
  EXPECT_THAT(session->Run().message(), HasSubstr("8 bytes"));
  std::vector<float> none;
  ASSERT_FALSE(session->SetInput(0, Tensor<float>(none, {0})));
  EXPECT_EQ(session->Run().message(), "");
}

TEST(CApiMemory, ReadsNoMoreThanThereIs) {
  Result<Model> model = Model::Load(Artifact("scale.heddle"));
  Result<Session> session = model->MakeSession({.threads = 1});
  std::vector<float> x = {1, 2};
  EXPECT_THAT(session->SetInput(0, Tensor<float>(x, {3})).message(), HasSubstr("needs 12 bytes"));
  // Whatever is behind memory of no bytes.
  std::span<float> nothing = std::span<float>(x).last(0);
  EXPECT_THAT(session->SetInput(0, Tensor<float>(nothing, {1000})).message(),
              HasSubstr("shape [1000]"));
  x.clear();
  EXPECT_THAT(session->SetInput(0, Tensor<float>(x, {1})).message(), HasSubstr("shape [1]"));
  EXPECT_EQ(session->SetInput(0, Tensor<float>(x, {0})).message(), "");
}

}  // namespace
