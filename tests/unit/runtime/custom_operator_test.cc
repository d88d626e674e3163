// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Custom operators through the C ABI, and what only an operator of the test's own can show: a run
// that is cancelled at a known place.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "c_api_testing.h"

namespace {

using heddle::api::Error;
using heddle::api::Model;
using heddle::api::Result;
using heddle::api::Session;
using heddle::api::Tensor;
using heddle::api::TensorView;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// An operator that repeats its operand `times` times; its user data counts calls.
int32_t RepeatShape(void*, HeddleCall* call, int32_t, int32_t* rank, int64_t* dims) {
  HeddleTensor x;
  int64_t times = 1;
  heddle_call_operand(call, 0, &x);
  heddle_call_int(call, "times", &times);
  *rank = 1;
  dims[0] = x.dims[0] * times;
  return HEDDLE_OK;
}
int32_t RepeatKernel(void* user, HeddleCall* call) {
  ++*static_cast<int*>(user);
  HeddleTensor x, y;
  if (!heddle_call_operand(call, 0, &x) || !heddle_call_result(call, 0, &y)) return HEDDLE_INTERNAL;
  if (x.dims[0] == 7) {
    heddle_call_explain(call, "seven is not supported");
    return HEDDLE_UNIMPLEMENTED;
  }
  for (int64_t i = 0; i < y.dims[0]; ++i) {
    static_cast<float*>(y.data)[i] = static_cast<const float*>(x.data)[i % x.dims[0]];
  }
  return heddle_call_scratch(call, 100) != nullptr ? HEDDLE_OK : HEDDLE_RESOURCE_EXHAUSTED;
}

TEST(CustomOperator, IsCalled) {
  std::string path = Artifact("custom.heddle");
  EXPECT_THAT(Model::Load(path).error().message(), HasSubstr("\"custom:test:Repeat\""));
  int calls = 0;
  std::string log;
  HeddleCustomOperator op = {};
  op.domain = "test";
  op.name = "Repeat";
  op.user = &calls;
  op.shape = RepeatShape;
  op.kernel = RepeatKernel;
  HeddleModelOptions options = {};
  options.log = [](void* user, HeddleLogLevel, const char* message) {
    *static_cast<std::string*>(user) += message;
  };
  options.log_user = &log;
  options.custom_operators = &op;
  options.custom_operator_count = 1;
  Result<Model> model = Model::Load(path, &options);
  ASSERT_TRUE(model) << model.error().message();
  EXPECT_THAT(log, HasSubstr("1 tasks"));
  Result<Session> session = model->MakeSession({.threads = 1});
  std::vector<float> x = {1, 2}, seven(7);
  ASSERT_FALSE(session->SetInput(0, Tensor<float>(x, {2})));
  ASSERT_FALSE(session->Run());
  EXPECT_THAT(Floats(*session->Output(0)), ElementsAre(1, 2, 1, 2, 1, 2));
  EXPECT_EQ(calls, 1);
  ASSERT_FALSE(session->SetInput(0, Tensor<float>(seven, {7})));
  Error error = session->Run();
  EXPECT_EQ(error.code(), HEDDLE_UNIMPLEMENTED);
  EXPECT_THAT(error.message(), HasSubstr("custom operator test:Repeat: seven is not supported"));
}

// What a custom operator may ask of its call.
struct Asked {
  int32_t operands = 0, results = 0, wrong_kind = 1;
  double factor = 0;
  std::string mode;
  std::vector<int64_t> order;
  std::vector<double> weights;
  std::promise<void> began;
  std::shared_future<void> go_on;
};

int32_t AskingKernel(void* user, HeddleCall* call) {
  auto& asked = *static_cast<Asked*>(user);
  asked.operands = heddle_call_operand_count(call);
  asked.results = heddle_call_result_count(call);
  heddle_call_float(call, "factor", &asked.factor);
  const char* text = nullptr;
  size_t size = 0;
  if (heddle_call_text(call, "mode", &text, &size)) asked.mode.assign(text, size);
  const int64_t* ints = nullptr;
  if (heddle_call_ints(call, "order", &ints, &size)) asked.order.assign(ints, ints + size);
  const double* floats = nullptr;
  if (heddle_call_floats(call, "weights", &floats, &size)) {
    asked.weights.assign(floats, floats + size);
  }
  asked.wrong_kind = heddle_call_float(call, "mode", &asked.factor);
  if (asked.go_on.valid()) {
    asked.began.set_value();
    asked.go_on.wait();
  }
  return HEDDLE_OK;
}

Result<Model> LoadAsking(Asked& asked) {
  HeddleCustomOperator op = {};
  op.domain = "test";
  op.name = "Repeat";
  op.user = &asked;
  op.shape = RepeatShape;
  op.kernel = AskingKernel;
  HeddleModelOptions options = {};
  options.custom_operators = &op;
  options.custom_operator_count = 1;
  return Model::Load(Artifact("custom.heddle"), &options);
}

TEST(CustomOperator, ReadsItsAttributes) {
  Asked asked;
  Result<Model> model = LoadAsking(asked);
  Result<Session> session = model->MakeSession({.threads = 1});
  std::vector<float> x = {1};
  ASSERT_FALSE(session->SetInput(0, Tensor<float>(x, {1})));
  ASSERT_EQ(session->Run().message(), "");
  EXPECT_EQ(asked.operands, 1);
  EXPECT_EQ(asked.results, 1);
  EXPECT_EQ(asked.factor, 0.5);
  EXPECT_EQ(asked.mode, "tile");
  EXPECT_THAT(asked.order, ElementsAre(4, 5));
  EXPECT_THAT(asked.weights, ElementsAre(0.25, 2));
  EXPECT_EQ(asked.wrong_kind, 0);
}

TEST(CustomOperator, MayBeCancelledAround) {
  Asked asked;
  std::promise<void> go_on;
  asked.go_on = go_on.get_future().share();
  Result<Model> model = LoadAsking(asked);
  Result<Session> session = model->MakeSession({.threads = 2});
  std::vector<float> x = {1};
  ASSERT_FALSE(session->SetInput(0, Tensor<float>(x, {1})));
  std::promise<HeddleStatusCode> done;
  ASSERT_FALSE(session->RunAsync([&](Error error) { done.set_value(error.code()); }));
  asked.began.get_future().wait();
  EXPECT_EQ(session->Run().code(), HEDDLE_FAILED_PRECONDITION);  // it is running
  session->Cancel();
  go_on.set_value();
  EXPECT_EQ(done.get_future().get(), HEDDLE_CANCELLED);
  asked.go_on = {};
  EXPECT_EQ(session->Run().message(), "");
}

}  // namespace
