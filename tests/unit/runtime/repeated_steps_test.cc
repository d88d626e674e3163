// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Steps of a scan that are not prepared anew: which are, where their states are, and what comes out.

#include "runtime/executor/repeated_steps.h"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using program::TaskKind;
using testing::Floats;
using testing::GraphBuilder;
using testing::kF32;
using testing::Load;
using testing::Open;
using testing::ProgramBuilder;
using testing::Set;

enum class Body { kComputes, kPassesOn, kIsLate };

// (a, b, sums) = scan of x: a' = a + x, b' = 2b + 1 or a; sums are the a'.
ProgramBuilder Scan(Body kind) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t t = g.Symbol("t"), one = g.Number(1);
  uint32_t a0 = g.Input("a0", kF32, {one}), b0 = g.Input("b0", kF32, {one});
  uint32_t x = g.Input("x", kF32, {t});
  std::vector<uint32_t> results;
  for (const char* name : {"a", "b"}) results.push_back(g.Late(name, kF32, {one}));
  results.push_back(g.Late("sums", kF32, {t, one}));
  uint32_t steps = g.View("steps", kF32, {t, one}, x);
  program::TaskT& task = g.Control(TaskKind::kScan, {a0, b0, steps}, results, {1}, 0);
  auto scanned = std::make_unique<program::AttributeT>();
  scanned->name = "num_scan_inputs";
  scanned->kind = program::AttributeKind::kInt;
  scanned->int_ = 1;
  task.attributes.push_back(std::move(scanned));
  for (uint32_t v : results) g.Output(v);

  GraphBuilder& body = b.AddGraph();
  uint32_t n = body.Number(1);
  uint32_t a = body.Input("a", kF32, {n}), c = body.Input("b", kF32, {n});
  uint32_t slice = body.Input("slice", kF32, {n});
  uint32_t sum = kind == Body::kIsLate ? body.Late("sum", kF32, {n}) : body.Arena("sum", kF32, {n});
  body.Kernel(testing::kAdd, {a, slice}, {sum}, {}, n);
  uint32_t next = a;
  if (kind != Body::kPassesOn) {
    next = body.Arena("next", kF32, {n});
    body.Kernel(testing::kScale, {c}, {next}, {}, n);
  }
  for (uint32_t v : {sum, next, sum}) body.Output(v);
  b.Finish();
  return b;
}

TEST(RepeatedSteps, StatesTakeTurnsInTwoBlocks) {
  for (Body kind : {Body::kComputes, Body::kPassesOn, Body::kIsLate}) {
    ProgramBuilder b = Scan(kind);
    auto model = Load(b);
    RunContext context(model->executable(), std::make_shared<BufferPool>(DefaultAllocator()),
                       nullptr, std::make_shared<Scheduler>(&ArenaBackend(), 1));
    Frame frame(context, 1, {});
    float numbers[3] = {1, 10, 5};
    std::vector<Tensor> inputs;
    for (float& number : numbers) {
      inputs.push_back(*Tensor::Borrow(ElementType::kFloat32, {1}, &number));
    }
    ASSERT_TRUE(frame.Prepare(inputs).ok());
    RepeatedSteps steps;
    EXPECT_EQ(steps.Begin(frame, 2), kind == Body::kComputes);
    EXPECT_EQ(steps.active(), kind == Body::kComputes);
    if (!steps.active()) continue;

    auto result = [&](size_t i) { return static_cast<float*>(steps.result(i).data); };
    float *places[2] = {}, sum = 1, scaled = 10;
    for (int step = 0; step < 6; ++step) {
      if (step > 0) ASSERT_TRUE(steps.Advance().ok());
      frame.RunStraight(context.scheduler->caller());
      sum += 5;
      scaled = 2 * scaled + 1;
      EXPECT_EQ(*result(0), sum);
      EXPECT_EQ(*result(1), scaled);
      EXPECT_EQ(result(2), result(0));
      if (step >= 2) EXPECT_EQ(result(0), places[step % 2]);
      if (step >= 1) EXPECT_NE(result(0), places[(step + 1) % 2]);
      places[step % 2] = result(0);
    }
    Tensor kept = steps.state(1);
    steps.End();
    frame.Clear();
    EXPECT_EQ(Floats(kept), std::vector<float>{scaled});
  }
}

TEST(RepeatedSteps, ComputeWhatPreparedOnesDo) {
  for (Body kind : {Body::kComputes, Body::kPassesOn, Body::kIsLate}) {
    ProgramBuilder b = Scan(kind);
    auto session = Open(Load(b), {.threads = 1});
    for (int length : {0, 1, 2, 7, 1}) {
      std::vector<float> a0 = {1}, b0 = {10}, x(length, 5.0f), sums(length);
      std::iota(x.begin(), x.end(), 1.0f);
      Set(*session, 0, a0);
      Set(*session, 1, b0);
      Set(*session, 2, x);
      Tensor before = length == 1 ? Tensor() : session->output(1);
      std::vector<float> kept = before.defined() ? Floats(before) : std::vector<float>();
      absl::Status status = session->Run();
      ASSERT_TRUE(status.ok()) << status;
      float a = 1, c = 10;
      for (int i = 0; i < length; ++i) {
        c = kind == Body::kPassesOn ? a : 2 * c + 1;
        sums[i] = a += x[i];
      }
      EXPECT_EQ(Floats(session->output(0)), std::vector<float>{a});
      EXPECT_EQ(Floats(session->output(1)), std::vector<float>{c});
      EXPECT_EQ(Floats(session->output(2)), sums);
      // Whoever keeps a state keeps its memory.
      if (before.defined()) EXPECT_EQ(Floats(before), kept);
    }
  }
}

}  // namespace
}  // namespace heddle
