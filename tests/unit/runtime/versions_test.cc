// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Caches: versions that share a block keep their contents, and a block grows by doubling.

#include <gtest/gtest.h>

#include <thread>

#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using program::ExprKind;
using program::TaskKind;
using testing::Floats;
using testing::GraphBuilder;
using ::testing::HasSubstr;
using testing::kBool;
using testing::kF32;
using testing::kI64;
using testing::Load;
using testing::Open;
using testing::ProgramBuilder;

constexpr int kWidth = 3;

// A cache of rows, to which one is appended by a run; `forks`: into memory of its own.
ProgramBuilder Growing(bool forks = false) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t past = g.Symbol("past");
  uint32_t one = g.Number(1);
  uint32_t width = g.Number(kWidth);
  uint32_t cache = g.Input("cache", kF32, {past, width});
  uint32_t row = g.Input("row", kF32, {one, width});
  uint32_t next = g.Late("next", kF32, {g.Op(ExprKind::kAdd, past, one), width});
  program::TaskT& task = g.Library("heddle.Append", {cache, row}, {next});
  if (forks) {
    task.attributes.push_back(std::make_unique<program::AttributeT>());
    task.attributes.back()->name = "forks";
    task.attributes.back()->kind = program::AttributeKind::kInt;
    task.attributes.back()->int_ = 1;
  }
  g.Output(next);
  return b;
}

// A session on an empty cache.
std::unique_ptr<Session> Start(std::shared_ptr<const Model> model) {
  auto session = Open(std::move(model));
  static float nothing = 0;
  EXPECT_TRUE(session->BindState(0, 0).ok());
  EXPECT_TRUE(
      session->SetInput(0, *Tensor::Borrow(ElementType::kFloat32, {0, kWidth}, &nothing)).ok());
  return session;
}
std::unique_ptr<Session> Empty(bool forks = false) { return Start(Load(Growing(forks))); }

Tensor Append(Session& session, float number) {
  std::vector<float> row(kWidth, number);
  EXPECT_TRUE(
      session.SetInput(1, *Tensor::Borrow(ElementType::kFloat32, {1, kWidth}, row.data())).ok());
  EXPECT_TRUE(session.Run().ok());
  return session.output(0);
}

std::vector<float> Rows(std::initializer_list<float> numbers) {
  std::vector<float> rows;
  for (float number : numbers) rows.insert(rows.end(), kWidth, number);
  return rows;
}

// How often the memory of the state moves in so many steps.
int Moves(Session& session, int steps, std::vector<float>& expected) {
  int moves = 0;
  const void* place = nullptr;
  for (int step = 0; step < steps; ++step) {
    const void* now = Append(session, 1.0f * step).data();
    expected.insert(expected.end(), kWidth, 1.0f * step);
    moves += now != place;
    place = now;
  }
  return moves;
}

TEST(Versions, TenThousandAppendsAreLinear) {
  auto session = Empty();
  std::vector<float> expected;
  EXPECT_LE(Moves(*session, 10000, expected), 16);  // it doubles
  EXPECT_EQ(Floats(session->output(0)), expected);
  // One block of at most twice the size, and the one it came from.
  EXPECT_LE(session->statistics().peak_bytes, 4 * expected.size() * sizeof(float));
}

TEST(Versions, KeepTheirContents) {
  auto session = Empty();
  Append(*session, 0);
  Tensor fork = Append(*session, 1);
  Append(*session, 2);
  Tensor longer = Append(*session, 3);
  // Another continuation of the older version must not write where the longer one has its rows.
  ASSERT_TRUE(session->SetInput(0, fork).ok());
  Append(*session, 7);
  Tensor other = Append(*session, 8);
  EXPECT_EQ(Floats(fork), Rows({0, 1}));
  EXPECT_EQ(Floats(longer), Rows({0, 1, 2, 3}));
  EXPECT_EQ(Floats(other), Rows({0, 1, 7, 8}));
  // The longest version of its block goes on in place, whoever has had it meanwhile.
  ASSERT_TRUE(session->SetInput(0, longer).ok());
  Append(*session, 9);
  EXPECT_EQ(Floats(session->output(0)), Rows({0, 1, 2, 3, 9}));
  EXPECT_EQ(Floats(longer), Rows({0, 1, 2, 3}));
}

TEST(Versions, TruncatingUsesTheMemoryAgainWhereNobodyElseHasIt) {
  auto session = Empty();
  for (float number : {0.0f, 1.0f, 2.0f, 3.0f, 4.0f}) Append(*session, number);
  const void* place = session->output(0).data();
  for (int draft = 0; draft < 10; ++draft) {
    ASSERT_TRUE(session->Truncate(0, 2).ok());
    EXPECT_EQ(Floats(session->output(0)), Rows({0, 1}));
    Append(*session, 10.0f + draft);
    EXPECT_EQ(session->output(0).data(), place);
    EXPECT_EQ(Floats(session->output(0)), Rows({0, 1, 10.0f + draft}));
  }
  // Somebody has the longer version: it stays what it is.
  Tensor kept = session->output(0);
  ASSERT_TRUE(session->Truncate(0, 1).ok());
  Tensor first = *session->Snapshot(0);
  Append(*session, 5);
  EXPECT_EQ(Floats(kept), Rows({0, 1, 19}));
  EXPECT_EQ(Floats(first), Rows({0}));
  EXPECT_EQ(Floats(session->output(0)), Rows({0, 5}));
  // To nothing, and on from there.
  ASSERT_TRUE(session->Truncate(0, 0).ok());
  Append(*session, 6);
  EXPECT_EQ(Floats(session->output(0)), Rows({6}));
}

TEST(Versions, TruncateSaysWhatIsWrong) {
  auto session = Open(Load(Growing()));
  EXPECT_THAT(session->Truncate(0, 0).ToString(), HasSubstr("\"cache\" is not bound as a state"));
  session = Empty();
  EXPECT_THAT(session->Truncate(0, 1).ToString(), HasSubstr("\"cache\" has 0 entries, not 1"));
  EXPECT_THAT(session->Truncate(0, -1).ToString(), HasSubstr("not -1"));
}

TEST(Versions, ForksGoOnAtTheSameTime) {
  auto session = Empty();
  for (int step = 0; step < 50; ++step) Append(*session, 0);
  std::vector<std::unique_ptr<Session>> beams;
  for (int beam = 0; beam < 4; ++beam) beams.push_back(*session->Fork());
  session.reset();
  std::vector<std::thread> threads;
  for (int beam = 0; beam < 4; ++beam) {
    threads.emplace_back([&, beam] {
      for (int step = 0; step < 200; ++step) {
        Append(*beams[beam], 1.0f + beam);
        if (step % 7 == 0) EXPECT_TRUE(beams[beam]->Truncate(0, 50 + step / 2).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int beam = 0; beam < 4; ++beam) {
    std::vector<float> rows = Floats(beams[beam]->output(0));
    ASSERT_GT(rows.size(), 100u * kWidth);
    for (size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(rows[i], i < 50 * kWidth ? 0 : 1.0f + beam) << beam << " " << i;
    }
  }
}

TEST(Versions, AForkInTheProgramHasMemoryOfItsOwn) {
  auto session = Empty(/*forks=*/true);
  Tensor before = Append(*session, 0);
  Tensor after = Append(*session, 1);
  EXPECT_NE(before.data(), after.data());
  EXPECT_EQ(Floats(after), Rows({0, 1}));
}

// A run appends, and then a task fails where `x` has more than 100 elements.
TEST(Versions, ARunThatFailsLeavesTheCache) {
  ProgramBuilder b = Growing();
  GraphBuilder& g = b.graph(0);
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t a = g.Arena("a", kF32, {n});
  g.Kernel(testing::kFail, {x}, {a}, {g.Number(100)}, n);
  g.Output(a);
  auto session = Start(Load(b));
  std::vector<float> good(100, 1.0f);
  std::vector<float> bad(101, 1.0f);
  testing::Set(*session, 2, good);
  Append(*session, 0);
  Append(*session, 1);
  testing::Set(*session, 2, bad);
  std::vector<float> row(kWidth, 9.0f);
  auto lost = Tensor::Borrow(ElementType::kFloat32, {1, kWidth}, row.data());
  ASSERT_TRUE(session->SetInput(1, *lost).ok());
  EXPECT_FALSE(session->Run().ok());
  testing::Set(*session, 2, good);
  Append(*session, 2);
  EXPECT_EQ(Floats(session->output(0)), Rows({0, 1, 2}));
}

// The carried cache grows by a row in each iteration, from `start`.
TEST(Versions, ALoopGrowsWhatItCarries) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t width = g.Number(kWidth);
  uint32_t m = g.Input("m", kI64, {});
  uint32_t start = g.Input("start", kF32, {g.Symbol("rows"), width});
  uint32_t row = g.Input("row", kF32, {g.Number(1), width});
  uint32_t grown = g.Late("grown", kF32, {g.Symbol("grown_rows"), width});
  g.Control(TaskKind::kLoop, {m, g.Missing(), start, row}, {grown}, {1}, 1);
  g.Output(grown);
  GraphBuilder& body = b.AddGraph();
  uint32_t k = body.Symbol("k");
  uint32_t one = body.Number(1);
  uint32_t w = body.Number(kWidth);
  body.Input("i", kI64, {});
  uint32_t cond = body.Input("cond", kBool, {});
  uint32_t in = body.Input("in", kF32, {k, w});
  uint32_t r = body.Input("r", kF32, {one, w});
  uint32_t out = body.Late("out", kF32, {body.Op(ExprKind::kAdd, k, one), w});
  body.Library("heddle.Append", {in, r}, {out});
  body.Output(cond);
  body.Output(out);
  auto session = Open(Load(b));
  std::vector<float> rows = Rows({5, 6});
  std::vector<float> added = Rows({7});
  for (int64_t trips : {0, 1, 2, 1000}) {
    ASSERT_TRUE(session->SetInput(0, *Tensor::Borrow(ElementType::kInt64, {}, &trips)).ok());
    ASSERT_TRUE(
        session->SetInput(1, *Tensor::Borrow(ElementType::kFloat32, {2, kWidth}, rows.data()))
            .ok());
    ASSERT_TRUE(
        session->SetInput(2, *Tensor::Borrow(ElementType::kFloat32, {1, kWidth}, added.data()))
            .ok());
    ASSERT_TRUE(session->Run().ok());
    std::vector<float> expected = rows;
    expected.insert(expected.end(), trips * kWidth, 7.0f);
    EXPECT_EQ(Floats(session->output(0)), expected);
    EXPECT_EQ(rows, Rows({5, 6}));  // what the caller lent is the caller's
    // A result that the loop made is a version like any other.
    EXPECT_EQ(trips > 0, session->output(0).buffer()->holds_versions());
  }
}

}  // namespace
}  // namespace heddle
