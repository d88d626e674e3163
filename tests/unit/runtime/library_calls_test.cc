// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Library functions that a run cannot trust: exceptions end the run and nothing else.

#include <new>
#include <stdexcept>

#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using testing::GraphBuilder;
using ::testing::HasSubstr;
using testing::kF32;
using testing::kI64;
using testing::Load;
using testing::Open;
using testing::ProgramBuilder;

// Throws what its operand's first element asks for.
class Throwing final : public CustomOperator {
 public:
  absl::Status Call(LibraryCall& call) const override {
    float what = call.operand(0).elements<float>()[0];
    if (what == 1) throw std::bad_alloc();
    if (what == 2) throw std::length_error("a vector");
    if (what == 3) throw 3;
    return call.Result(0, ElementType::kFloat32, call.operand(0).dims).status();
  }
};

TEST(LibraryCalls, ExceptionsEndTheRunAndNotTheSession) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t y = g.Arena("y", kF32, {n}), z = g.Arena("z", kF32, {n});
  g.Library("custom:test:Throwing", {x}, {y});
  g.Library("custom:test:Throwing", {x}, {z});
  g.Output(y);
  g.Output(z);
  ModelOptions options;
  options.custom_operators["test:Throwing"] = std::make_shared<Throwing>();
  ThreadBackend backend(1);
  for (int threads : {1, 2}) {
    auto session = Open(Load(b, options), {.threads = threads, .backend = &backend});
    std::vector<float> what = {0};
    testing::Set(*session, 0, what);
    for (absl::StatusCode expected :
         {absl::StatusCode::kOk, absl::StatusCode::kResourceExhausted,
          absl::StatusCode::kResourceExhausted, absl::StatusCode::kInternal}) {
      absl::Status status = session->Run();
      EXPECT_EQ(status.code(), expected) << status;
      if (!status.ok()) EXPECT_THAT(status.ToString(), HasSubstr("\"custom:test:Throwing\""));
      ++what[0];
    }
    what[0] = 0;
    EXPECT_TRUE(session->Run().ok());
  }
}

constexpr int64_t kHuge = int64_t{1} << 46;

Tensor Empty(std::vector<int64_t> dims) {
  static float nothing = 0;
  return *Tensor::Borrow(ElementType::kFloat32, dims, &nothing);
}

TEST(LibraryCalls, AHugeBatchOfNothingTakesNoMemory) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t batch = g.Symbol("batch");
  uint32_t two = g.Number(2), none = g.Number(0);
  uint32_t cache = g.Input("cache", kF32, {batch, two, none});
  uint32_t update = g.Input("update", kF32, {batch, g.Number(1), none});
  uint32_t y = g.Arena("y", kF32, {batch, two, none});
  g.Library("TensorScatter", {cache, update}, {y});
  uint32_t head = g.Number(1);
  uint32_t q = g.Input("q", kF32, {batch, head, none, two});
  uint32_t attended = g.Arena("attended", kF32, {batch, head, none, two});
  g.Library("Attention", {q, q, q}, {attended});
  g.Output(y);
  g.Output(attended);
  auto session = Open(Load(b), {.threads = 1});
  ASSERT_TRUE(session->SetInput(0, Empty({kHuge, 2, 0})).ok());
  ASSERT_TRUE(session->SetInput(1, Empty({kHuge, 1, 0})).ok());
  ASSERT_TRUE(session->SetInput(2, Empty({kHuge, 1, 0, 2})).ok());
  absl::Status status = session->Run();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(session->output(0).dims()[0], kHuge);
  EXPECT_EQ(session->output(1).dims()[0], kHuge);
}

TEST(LibraryCalls, TablesOfAnySizeAreRefused) {
#if HEDDLE_SANITIZED
  GTEST_SKIP() << "what it allocates would end the process";
#endif
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t one = g.Number(1);
  uint32_t rows = g.Input("rows", kI64, {one});
  uint32_t writes = g.Input("writes", kI64, {one});
  uint32_t levels = g.Symbol("levels");
  std::vector<uint32_t> results = {g.Late("order", kI64, {g.Symbol("steps")}),
                                   g.Late("begins", kI64, {levels}),
                                   g.Late("ends", kI64, {levels})};
  program::TaskT& task = g.Library("heddle.Levels", {rows, writes}, results);
  for (std::string_view name : {"writes", "tables"}) {
    auto attribute = std::make_unique<program::AttributeT>();
    attribute->name = name;
    attribute->kind =
        name == "writes" ? program::AttributeKind::kInt : program::AttributeKind::kInts;
    attribute->int_ = 1;
    attribute->ints = {0};
    task.attributes.push_back(std::move(attribute));
  }
  g.Output(results[0]);
  auto session = Open(Load(b), {.threads = 1});
  int64_t count = kHuge, row = 0;
  ASSERT_TRUE(session->SetInput(0, *Tensor::Borrow(ElementType::kInt64, {1}, &count)).ok());
  ASSERT_TRUE(session->SetInput(1, *Tensor::Borrow(ElementType::kInt64, {1}, &row)).ok());
  EXPECT_EQ(session->Run().code(), absl::StatusCode::kResourceExhausted);
  count = 1;
  absl::Status status = session->Run();
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace heddle
