// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which values are alive together, and which tasks of the same bytes nothing orders.

#include "runtime/artifact/memory_order.h"

#include <gtest/gtest.h>

#include "runtime/artifact/program_verifier.h"
#include "runtime/graph/lifetimes.h"
#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using program::ExprKind;
using testing::GraphBuilder;
using ::testing::HasSubstr;
using testing::kF32;
using testing::ProgramBuilder;

constexpr uint64_t kWeights = 4096;

// x -> a -> b -> y and x -> c, which nothing orders with a and b.
program::ProgramT Diamond() {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});  // value 0
  uint32_t a = g.Arena("a", kF32, {n});  // 1
  uint32_t m = g.Arena("b", kF32, {n});  // 2
  uint32_t c = g.Arena("c", kF32, {n});  // 3
  uint32_t y = g.Late("y", kF32, {n});   // 4
  g.Kernel(testing::kScale, {x}, {a}, {}, n);
  g.Kernel(testing::kScale, {a}, {m}, {}, n);
  g.Kernel(testing::kScale, {x}, {c}, {}, n);
  g.Kernel(testing::kAdd, {m, c}, {y}, {}, n);
  g.Output(y);
  b.Finish();
  return std::move(b.program);
}

std::string MemoryOrderOf(const program::ProgramT& program) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(program::Program::Pack(builder, &program), program::ProgramIdentifier());
  absl::StatusOr<DecodedProgram> decoded =
      DecodeProgram({builder.GetBufferPointer(), builder.GetSize()});
  EXPECT_TRUE(decoded.ok() && VerifyProgram(*decoded, kWeights).ok());
  return decoded.ok() ? std::string(VerifyMemoryOrder(*decoded).message()) : "malformed";
}

TEST(MemoryOrder, AcceptsEdges) { EXPECT_EQ(MemoryOrderOf(Diamond()), ""); }

// Two tasks that nothing orders make parts of a value, the second one where the first one ends or
// not.
program::ProgramT Parts(bool overlap) {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n"), m = g.Symbol("m"), four = g.Number(4);
  uint32_t x = g.Input("x", kF32, {n}), y = g.Input("y", kF32, {m});
  uint32_t all = g.Arena("all", kF32, {g.Op(ExprKind::kAdd, n, m)});
  uint32_t left = g.View("left", kF32, {n}, all);
  uint32_t right = g.View("right", kF32, {m}, all, g.Op(ExprKind::kMul, overlap ? m : n, four));
  g.Kernel(testing::kScale, {x}, {left}, {}, n);
  g.Kernel(testing::kScale, {y}, {right}, {}, m);
  uint32_t result = g.Late("result", kF32, {n});
  g.Kernel(testing::kScale, {all}, {result}, {}, n);
  g.Output(result);
  b.Finish();
  return std::move(b.program);
}

TEST(MemoryOrder, KnowsPartsThatFollowOneAnother) {
  EXPECT_EQ(MemoryOrderOf(Parts(/*overlap=*/false)), "");
  EXPECT_THAT(MemoryOrderOf(Parts(/*overlap=*/true)), HasSubstr("nothing orders task"));
}

// For each pair of blocks, whether the graph lets them share bytes.
std::vector<bool> SharingOf(const program::ProgramT& program) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(program::Program::Pack(builder, &program), program::ProgramIdentifier());
  absl::StatusOr<DecodedProgram> decoded =
      DecodeProgram({builder.GetBufferPointer(), builder.GetSize()});
  if (!decoded.ok()) return {};
  Lifetimes lifetimes(decoded->graphs[0]);
  std::vector<bool> sharing;
  for (uint32_t b = 0; b < lifetimes.blocks().size(); ++b) {
    for (uint32_t a = 0; a < b; ++a) sharing.push_back(lifetimes.MayShare(a, b));
  }
  return sharing;
}

TEST(Lifetimes, EndBeforeOthersBeginUnderEveryOrder) {
  program::ProgramT program = Diamond();
  // a and b meet in a task, and nothing orders c with either.
  EXPECT_EQ(SharingOf(program), (std::vector<bool>{false, false, false}));
  // c is made when b was: a is dead by then.
  program::GraphT& graph = *program.graphs[0];
  graph.tasks[1]->successors.push_back(2);
  graph.tasks[2]->predecessors = 1;
  EXPECT_EQ(SharingOf(program), (std::vector<bool>{false, true, false}));
  // Unless it is an output.
  graph.outputs.push_back(1);
  EXPECT_EQ(SharingOf(program), (std::vector<bool>{false, false, false}));
}

TEST(Lifetimes, CountViews) {
  program::ProgramT program = Diamond();
  program::GraphT& graph = *program.graphs[0];
  graph.tasks[1]->successors.push_back(2);
  graph.tasks[2]->predecessors = 1;
  // The last task reads a, by way of a view.
  auto view = std::make_unique<program::ValueT>(*graph.values[1]);
  view->storage = program::Storage::kView;
  view->view_of = 1;
  graph.values.push_back(std::move(view));
  graph.tasks[3]->operands.push_back(static_cast<uint32_t>(graph.values.size() - 1));
  EXPECT_EQ(SharingOf(program), (std::vector<bool>{false, false, false}));
}

TEST(MemoryOrder, NeedsAnEdgeFromWriterToReader) {
  program::ProgramT program = Diamond();
  program::GraphT& graph = *program.graphs[0];
  std::erase(graph.tasks[2]->successors, 3u);
  graph.tasks[3]->predecessors = 1;
  EXPECT_THAT(MemoryOrderOf(program),
              HasSubstr("nothing orders task 2 (task2) and task 3 (task3)"));
}

}  // namespace
}  // namespace heddle
