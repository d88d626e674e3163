// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A Scan without states whose iterations may run apart.

#include <gtest/gtest.h>

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

constexpr int64_t kWidth = 40;

void AddInt(program::TaskT& task, const char* name, int64_t number) {
  auto a = std::make_unique<program::AttributeT>();
  a->name = name;
  a->kind = program::AttributeKind::kInt;
  a->int_ = number;
  task.attributes.push_back(std::move(a));
}

program::TaskT& Map(GraphBuilder& g, uint32_t x, uint32_t y, uint32_t body, int64_t grain) {
  program::TaskT& task = g.Control(TaskKind::kScan, {x}, {y}, {body}, 0);
  AddInt(task, "num_scan_inputs", 1);
  AddInt(task, "heddle.grain", grain);
  return task;
}

// The number of threads, iterations in a row, and whether bodies run through the scheduler.
class MapTest : public ::testing::TestWithParam<std::tuple<int, int64_t, bool>> {
 protected:
  int threads() const { return std::get<0>(GetParam()); }
  int64_t grain() const { return std::get<1>(GetParam()); }
  std::unique_ptr<Session> Make(ProgramBuilder& b) {
    b.Finish();
    b.program.graphs[0]->sequential = false;
    for (size_t i = 1; i < b.program.graphs.size(); ++i) {
      b.program.graphs[i]->sequential = !std::get<2>(GetParam());
    }
    return Open(Load(b), {.threads = threads(), .backend = &backend_});
  }
  ThreadBackend backend_{7};
};

// Two kernels in a row, each worth several chunks: y = 2 (2x + 1) + 1.
void AddBody(GraphBuilder& body) {
  uint32_t k = body.Symbol("k");
  uint32_t x = body.Input("x", kF32, {k});
  uint32_t half = body.Arena("half", kF32, {k});
  uint32_t y = body.Arena("y", kF32, {k});
  body.Kernel(testing::kScale, {x}, {half}, {}, k).cost_per_point = 1000;
  body.Kernel(testing::kScale, {half}, {y}, {}, k).cost_per_point = 1000;
  body.Output(y);
}

TEST_P(MapTest, ComputesEachIterationOnce) {
  for (bool late : {false, true}) {
    ProgramBuilder b;
    GraphBuilder& g = b.AddGraph();
    uint32_t t = g.Symbol("t");
    uint32_t n = g.Symbol("n");
    uint32_t x = g.Input("x", kF32, {t, n});
    uint32_t y = late ? g.Late("y", kF32, {t, n}) : g.Arena("y", kF32, {t, n});
    Map(g, x, y, 1, grain());
    g.Output(y);
    AddBody(b.AddGraph());
    auto session = Make(b);
    for (int64_t length : {0, 1, 2, 7, 500, 0, 3}) {
      std::vector<float> data(length * kWidth + 1), expected(length * kWidth);
      for (int64_t i = 0; i < length * kWidth; ++i) {
        data[i] = static_cast<float>(i);
        expected[i] = 4 * data[i] + 3;
      }
      auto tensor = Tensor::Borrow(ElementType::kFloat32, {length, kWidth}, data.data());
      ASSERT_TRUE(session->SetInput(0, *tensor).ok());
      absl::Status status = session->Run();
      ASSERT_TRUE(status.ok()) << status;
      EXPECT_EQ(session->output(0).dims()[0], length);
      EXPECT_EQ(Floats(session->output(0)), expected) << length;
    }
    // An arena and an output for each lane, the map's own, and what was kept of other lengths.
    int64_t whole = 500 * kWidth * 4;
    EXPECT_LT(session->statistics().peak_bytes, 3 * whole + threads() * 4 * (kWidth * 8 + 4096));
  }
}

// Iterations that run apart fill the threads already: only steps of a sequence count as repeated.
TEST(Repeats, IsWhatABodyInSequenceDoes) {
  for (int64_t grain : {0, 1}) {
    ProgramBuilder b;
    GraphBuilder& g = b.AddGraph();
    uint32_t t = g.Symbol("t"), n = g.Symbol("n");
    uint32_t x = g.Input("x", kF32, {t, n});
    uint32_t y = g.Arena("y", kF32, {t, n});
    Map(g, x, y, 1, grain);
    g.Output(y);
    AddBody(b.AddGraph());
    auto model = Load(b);
    EXPECT_FALSE(model->executable().graphs[0]->repeats);
    EXPECT_EQ(model->executable().graphs[1]->repeats, grain == 0);
  }
}

// A map of maps: lanes within lanes.
TEST_P(MapTest, Nests) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t t = g.Symbol("t"), m = g.Symbol("m"), n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {t, m, n});
  uint32_t y = g.Arena("y", kF32, {t, m, n});
  Map(g, x, y, 1, grain());
  g.Output(y);
  GraphBuilder& rows = b.AddGraph();
  uint32_t r = rows.Symbol("r"), k = rows.Symbol("k");
  uint32_t in = rows.Input("in", kF32, {r, k});
  uint32_t out = rows.Arena("out", kF32, {r, k});
  Map(rows, in, out, 2, 1);
  rows.Output(out);
  AddBody(b.AddGraph());
  auto session = Make(b);
  std::vector<float> data(9 * 5 * kWidth), expected(data.size());
  for (size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<float>(i);
    expected[i] = 4 * data[i] + 3;
  }
  auto tensor = Tensor::Borrow(ElementType::kFloat32, {9, 5, kWidth}, data.data());
  ASSERT_TRUE(session->SetInput(0, *tensor).ok());
  for (int run = 0; run < 20; ++run) {
    absl::Status status = session->Run();
    ASSERT_TRUE(status.ok()) << status;
    ASSERT_EQ(Floats(session->output(0)), expected) << run;
  }
}

// All iterations fail; the first error is the run's, nothing hangs, and the session goes on.
TEST_P(MapTest, EndsWhereIterationsFail) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t t = g.Symbol("t"), n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {t, n});
  uint32_t y = g.Arena("y", kF32, {t, n});
  Map(g, x, y, 1, grain());
  g.Output(y);
  GraphBuilder& body = b.AddGraph();
  uint32_t k = body.Symbol("k");
  uint32_t in = body.Input("in", kF32, {k});
  uint32_t out = body.Arena("out", kF32, {k});
  body.Kernel(testing::kFail, {in}, {out}, {body.Number(kWidth)}, k).cost_per_point = 1000;
  body.Output(out);
  auto session = Make(b);
  std::vector<float> data(100 * (kWidth + 1));
  for (int run = 0; run < 10; ++run) {
    // Points from kWidth on fail.
    int64_t width = run % 2 == 0 ? kWidth + 1 : kWidth;
    auto tensor = Tensor::Borrow(ElementType::kFloat32, {100, width}, data.data());
    ASSERT_TRUE(session->SetInput(0, *tensor).ok());
    absl::Status status = session->Run();
    EXPECT_EQ(status.code(), run % 2 == 0 ? absl::StatusCode::kOutOfRange : absl::StatusCode::kOk);
  }
}

INSTANTIATE_TEST_SUITE_P(All, MapTest,
                         ::testing::Combine(::testing::Values(1, 2, 8),
                                            ::testing::Values<int64_t>(0, 1, 3, 1000),
                                            ::testing::Bool()));

}  // namespace
}  // namespace heddle
