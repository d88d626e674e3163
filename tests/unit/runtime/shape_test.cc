// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Expressions, late symbols, and views of late sizes. Library functions are custom operators here.

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "runtime/graph/shape_plan_cache.h"
#include "runtime/support/checked_math.h"
#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using program::ExprKind;
using testing::Floats;
using testing::GraphBuilder;
using ::testing::HasSubstr;
using testing::kF32;
using testing::Load;
using testing::Open;
using testing::ProgramBuilder;

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(Expressions, RoundTowardsTheRightSide) {
  for (int64_t a : {-7, -6, -1, 0, 1, 6, 7}) {
    for (int64_t b : {-3, -2, -1, 1, 2, 3}) {
      int64_t quotient = *CheckedFloorDiv(a, b);
      int64_t rest = *CheckedMod(a, b);
      EXPECT_EQ(quotient * b + rest, a);
      EXPECT_TRUE(rest == 0 || (rest < 0) == (b < 0)) << a << " mod " << b;
      EXPECT_EQ(*CheckedCeilDiv(a, b), -*CheckedFloorDiv(-a, b));
    }
  }
}

TEST(Expressions, SayWhenTheyHaveNoNumber) {
  EXPECT_EQ(EvaluateOperation(ExprKind::kAdd, kMax, 1), kNoNumber);
  EXPECT_EQ(EvaluateOperation(ExprKind::kMul, kMax, 2), kNoNumber);
  EXPECT_EQ(EvaluateOperation(ExprKind::kFloorDiv, 1, 0), kNoNumber);
  EXPECT_EQ(EvaluateOperation(ExprKind::kCeilDiv, 1, 0), kNoNumber);
  EXPECT_EQ(EvaluateOperation(ExprKind::kMod, 1, 0), kNoNumber);
  EXPECT_EQ(EvaluateOperation(ExprKind::kMin, kNoNumber, 1), kNoNumber);
  EXPECT_FALSE(CheckedFloorDiv(kMin, -1).has_value());
  EXPECT_EQ(CheckedMod(kMin, -1), 0);
  EXPECT_EQ(EvaluateOperation(ExprKind::kMax, 3, 4), 4);
}

TEST(Expressions, LogarithmsAreRoundedUp) {
  for (auto [size, logarithm] : {std::pair(0, 0), {1, 0}, {2, 1}, {5, 3}, {8, 3}, {9, 4}}) {
    EXPECT_EQ(EvaluateOperation(ExprKind::kLog2, size, size), logarithm) << size;
  }
  EXPECT_EQ(EvaluateOperation(ExprKind::kLog2, kMax, kMax), 63);
}

TEST(Expressions, SizesOfTensors) {
  EXPECT_EQ(CheckedTensorBytes(ElementType::kFloat32, {2, 3}), 24);
  EXPECT_EQ(CheckedTensorBytes(ElementType::kInt4, {3}), 2);
  EXPECT_EQ(CheckedTensorBytes(ElementType::kFloat32, {0, kMax}), std::nullopt);
  EXPECT_EQ(CheckedTensorBytes(ElementType::kFloat32, {0, 5}), 0);
  EXPECT_EQ(CheckedTensorBytes(ElementType::kFloat32, {-1}), std::nullopt);
  EXPECT_EQ(CheckedTensorBytes(ElementType::kUint8, {int64_t{1} << 40, 1 << 20}), std::nullopt);
  EXPECT_EQ(CheckedTensorBytes(ElementType::kString, {1}), std::nullopt);
}

// Keeps the positive elements: its result's size is known only when it has run.
class Positive final : public CustomOperator {
 public:
  absl::Status Call(LibraryCall& call) const override {
    auto x = call.operand(0).elements<float>();
    std::vector<float> kept;
    for (float v : x) {
      if (v > 0) kept.push_back(v);
    }
    auto y = call.Result(0, ElementType::kFloat32,
                         {static_cast<int64_t>(kept.size()) + call.Int("extra", 0)});
    if (!y.ok()) return y.status();
    std::copy(kept.begin(), kept.end(), y->elements<float>().begin());
    return absl::OkStatus();
  }
};

// y = positive(x); z = 2y + 1; pairs = y as [m/2, 2]; twice = pairs + pairs
std::unique_ptr<Session> LateSession(int threads, Backend* backend, int64_t extra = 0) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t m = g.Symbol("m");
  uint32_t two = g.Number(2);
  uint32_t half = g.Op(ExprKind::kFloorDiv, m, two);
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t y = g.Late("y", kF32, {m});
  uint32_t z = g.Late("z", kF32, {m});
  uint32_t pairs = g.View("pairs", kF32, {half, two}, y);
  uint32_t second = g.View("second", kF32, {half}, pairs, g.Op(ExprKind::kMul, half, g.Number(4)));
  uint32_t twice = g.Late("twice", kF32, {half, two});
  program::TaskT& task = g.Library("custom:test:Positive", {x}, {y});
  if (extra != 0) {
    auto a = std::make_unique<program::AttributeT>();
    a->name = "extra";
    a->kind = program::AttributeKind::kInt;
    a->int_ = extra;
    task.attributes.push_back(std::move(a));
  }
  g.Kernel(testing::kScale, {y}, {z}, {}, m).cost_per_point = 1000;
  g.Kernel(testing::kAdd, {pairs, pairs}, {twice}, {}, g.Op(ExprKind::kMul, half, two));
  for (uint32_t v : {z, twice, second}) g.Output(v);
  ModelOptions options;
  options.custom_operators["test:Positive"] = std::make_shared<Positive>();
  return Open(Load(b, options), {.threads = threads, .backend = backend});
}

TEST(LateSizes, FlowThroughViewsAndKernels) {
  ThreadBackend backend(3);
  for (int threads : {1, 4}) {
    auto session = LateSession(threads, &backend);
    for (size_t pairs : {2, 500, 0, 3}) {
      std::vector<float> x, z, twice, second;
      for (size_t i = 0; i < 2 * pairs; ++i) {
        float v = 1.0f + i;
        x.insert(x.end(), {-1.0f, v});
        z.push_back(2 * v + 1);
        twice.push_back(2 * v);
        if (i >= pairs) second.push_back(v);
      }
      testing::Set(*session, 0, x);
      absl::Status status = session->Run();
      ASSERT_TRUE(status.ok()) << status;
      EXPECT_EQ(Floats(session->output(0)), z);
      EXPECT_EQ(Floats(session->output(1)), twice);
      EXPECT_EQ(Floats(session->output(2)), second);
    }
  }
}

TEST(LateSizes, MissingOperatorsAreNamed) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t x = g.Input("x", kF32, {g.Symbol("n")});
  uint32_t y = g.Late("y", kF32, {g.Symbol("m")});
  uint32_t z = g.Late("z", kF32, {g.Symbol("k")});
  g.Library("custom:test:Positive", {x}, {y});
  g.Library("NoSuchFunction", {x}, {z});
  g.Output(y);
  auto model = testing::TryLoad(b);
  EXPECT_EQ(model.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(model.status().ToString(), HasSubstr("\"NoSuchFunction\", \"custom:test:Positive\""));
}

TEST(LateSizes, AFunctionsWordIsChecked) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t y = g.Arena("y", kF32, {n});
  g.Library("custom:test:Positive", {x}, {y});
  g.Output(y);
  ModelOptions options;
  options.custom_operators["test:Positive"] = std::make_shared<Positive>();
  auto session = Open(Load(b, options));
  std::vector<float> input = {1, -1};
  testing::Set(*session, 0, input);
  EXPECT_THAT(session->Run().ToString(),
              HasSubstr("result \"y\" has shape [1], the model expects [n]"));
  input = {1, 2};
  EXPECT_TRUE(session->Run().ok());
}

TEST(ShapePlans, AreKeptForTheLastShapes) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});
  g.Output(x);
  auto model = Load(b);
  ShapePlanCache cache;
  const GraphInfo& info = *model->executable().graphs[0];
  auto plan = [&](int64_t size) {
    std::vector<float> data(size + 1);
    return *cache.Get(info, {*Tensor::Borrow(ElementType::kFloat32, {size}, data.data())});
  };
  auto first = plan(1);
  for (int64_t i = 2; i <= static_cast<int64_t>(ShapePlanCache::kPlans); ++i) plan(i);
  EXPECT_EQ(plan(1), first);
  for (int64_t i = 100; i < 100 + static_cast<int64_t>(ShapePlanCache::kPlans); ++i) plan(i);
  EXPECT_NE(plan(1), first);
}

// Two tasks from one input, then one that reads both; how long they take is given.
bool RunsAsList(float first, float second, bool may_be_list = true) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t a = g.Arena("a", kF32, {n});
  uint32_t c = g.Arena("c", kF32, {n});
  uint32_t y = g.Arena("y", kF32, {n});
  g.Kernel(testing::kScale, {x}, {a}, {}, n).cost_per_point = first;
  g.Kernel(testing::kScale, {x}, {c}, {}, n).cost_per_point = second;
  g.Kernel(testing::kAdd, {a, c}, {y}, {}, n).cost_per_point = 10;
  g.Output(y);
  b.Finish();
  b.program.graphs[0]->sequential = may_be_list;
  auto model = Load(b);
  std::vector<float> data(1);
  auto plan = MakeShapePlan(*model->executable().graphs[0],
                            {*Tensor::Borrow(ElementType::kFloat32, {1}, data.data())});
  return (*plan)->sequential;
}

// Nanoseconds: a second thread has to save 6 us, which a long chain beside a short one does not.
TEST(ShapePlans, AreListsWhereASecondThreadDoesNotPay) {
  EXPECT_FALSE(RunsAsList(8000, 8000));
  EXPECT_TRUE(RunsAsList(5000, 5000));
  EXPECT_TRUE(RunsAsList(30000, 5000));
  EXPECT_FALSE(RunsAsList(5, 5, /*may_be_list=*/false));
}

// One grid of so many nanoseconds, which a loop repeats or not.
bool GridIsWhole(float cost, bool repeats) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t y = g.Arena("y", kF32, {n});
  g.Kernel(testing::kScale, {x}, {y}, {}, n).cost_per_point = cost / 8;
  g.Output(y);
  b.Finish();
  b.program.graphs[0]->sequential = true;
  auto model = Load(b);
  std::vector<float> data(8);
  auto plan = MakeShapePlan(GraphInfo(model->executable().program.graphs[0], repeats),
                            {*Tensor::Borrow(ElementType::kFloat32, {8}, data.data())});
  return (*plan)->sequential;
}

// The second thread of a loop is awake from the step before: it has to save 2 us.
TEST(ShapePlans, OfBodiesAskForLess) {
  EXPECT_TRUE(GridIsWhole(8000, /*repeats=*/false));
  EXPECT_FALSE(GridIsWhole(8000, /*repeats=*/true));
  EXPECT_TRUE(GridIsWhole(4000, /*repeats=*/true));
  EXPECT_FALSE(GridIsWhole(20000, /*repeats=*/false));
}

// Values that grow from plan to plan: layouts have room, so most plans share one, and none is much
// larger than it has to be.
TEST(ShapePlans, ShareLayoutsWhileSomethingGrows) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t a = g.Arena("a", kF32, {n});
  uint32_t c = g.Arena("c", kF32, {n});
  uint32_t y = g.Arena("y", kF32, {n});
  g.Kernel(testing::kScale, {x}, {a}, {}, n);
  g.Kernel(testing::kScale, {a}, {c}, {}, n);
  g.Kernel(testing::kAdd, {a, c}, {y}, {}, n);
  g.Output(y);
  auto model = Load(b);
  ShapePlanCache cache;
  const GraphInfo& info = *model->executable().graphs[0];
  auto arena_bytes = [&](int64_t size) {
    std::vector<float> data(size + 1);
    auto plan = *cache.Get(info, {*Tensor::Borrow(ElementType::kFloat32, {size}, data.data())});
    EXPECT_GE(std::abs(plan->offset[a] - plan->offset[c]), 4 * size);
    EXPECT_GE(plan->arena_bytes, 8 * size);
    return plan->arena_bytes;
  };
  EXPECT_EQ(arena_bytes(100000), 800000);  // the first one is exact
  int64_t last = 0;
  int layouts = 0;
  for (int64_t size = 100001; size < 400000; size += 997) {
    int64_t bytes = arena_bytes(size);
    EXPECT_LE(bytes, 2 * 8 * size);
    layouts += bytes != last;
    last = bytes;
  }
  EXPECT_LE(layouts, 6);
  EXPECT_EQ(arena_bytes(100), last);
  EXPECT_GE(arena_bytes(4000000), 32000000);
  EXPECT_LE(arena_bytes(101), 2048);  // that would be much too large
}

}  // namespace
}  // namespace heddle
