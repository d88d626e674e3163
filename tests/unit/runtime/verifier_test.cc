// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A good program is accepted, each way of breaking it is refused.

#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "absl/strings/str_cat.h"
#include "runtime/artifact/program_verifier.h"
#include "tests/unit/runtime/test_util.h"

namespace heddle {
namespace {

using program::ExprKind;
using program::TaskKind;
using testing::GraphBuilder;
using ::testing::HasSubstr;
using testing::kBool;
using testing::kF32;
using testing::kI64;
using testing::ProgramBuilder;

constexpr uint64_t kWeights = 4096;

// One of everything: views, constants, late values, a branch, a loop, a scan.
ProgramBuilder Good() {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t four = g.Number(4);
  uint32_t twice = g.Op(ExprKind::kMul, n, four);
  uint32_t x = g.Input("x", kF32, {n, four});                         // value 0
  uint32_t c = g.Input("c", kBool, {});                               // 1
  uint32_t w = g.Constant("w", kF32, {four}, 64);                     // 2
  uint32_t a = g.Arena("a", kF32, {n, four});                         // 3
  uint32_t flat = g.View("flat", kF32, {twice}, a);                   // 4
  uint32_t late = g.Late("late", kF32, {g.Symbol("m")});              // 5
  uint32_t y = g.Late("y", kF32, {twice});                            // 6
  uint32_t z = g.Late("z", kF32, {n, four});                          // 7
  uint32_t s = g.Late("s", kF32, {n, four});                          // 8
  uint32_t missing = g.Missing();                                     // 9
  g.Kernel(testing::kScale, {x}, {a}, {four}, twice).scratch = four;  // task 0
  g.Library("custom:test:F", {flat, w, missing}, {late});             // 1
  g.Control(TaskKind::kBranch, {c, flat}, {y}, {1, 2}, 1);            // 2
  g.Control(TaskKind::kLoop, {missing, c, x}, {z}, {3}, 0);           // 3
  auto attribute = std::make_unique<program::AttributeT>();
  attribute->name = "num_scan_inputs";
  attribute->int_ = 1;
  g.Control(TaskKind::kScan, {x}, {s}, {4}, 0).attributes.push_back(std::move(attribute));  // 4
  for (uint32_t v : {y, z, s, late}) g.Output(v);
  auto construct = std::make_unique<program::ConstructT>();
  construct->kind = "scan";
  construct->work = twice;
  b.program.constructs.push_back(std::move(construct));
  for (int branch = 0; branch < 2; ++branch) {
    GraphBuilder& body = b.AddGraph();
    body.Output(body.Input("v", kF32, {body.Symbol("k")}));
  }
  GraphBuilder& loop = b.AddGraph();
  loop.Input("i", kI64, {});
  uint32_t cond = loop.Input("cond", kBool, {});
  uint32_t carried = loop.Input("v", kF32, {loop.Symbol("k"), loop.Number(4)});
  loop.Output(cond);
  loop.Output(carried);
  GraphBuilder& scan = b.AddGraph();
  scan.Output(scan.Input("row", kF32, {scan.Number(4)}));
  return b;
}

absl::Status Verify(ProgramBuilder& b) {
  std::vector<uint8_t> bytes = b.Program();
  absl::StatusOr<DecodedProgram> program = DecodeProgram(bytes);
  return program.ok() ? VerifyProgram(*program, kWeights) : program.status();
}

TEST(Verifier, AcceptsAGoodProgram) {
  ProgramBuilder b = Good();
  absl::Status status = Verify(b);
  EXPECT_TRUE(status.ok()) << status;
}

struct Damage {
  const char* name;
  std::function<void(program::ProgramT&)> apply;
};

class VerifierTest : public ::testing::TestWithParam<Damage> {};

TEST_P(VerifierTest, RefusesDamage) {
  ProgramBuilder b = Good();
  b.Finish();
  GetParam().apply(b.program);
  absl::Status status = Verify(b);
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(status.ToString(), HasSubstr("damaged program"));
}

program::GraphT& Main(program::ProgramT& p) { return *p.graphs[0]; }

const Damage kDamages[] = {
    {"NoGraphs", [](auto& p) { p.graphs.clear(); }},
    {"UnknownExpression",
     [](auto& p) { Main(p).exprs[2] = program::Expr(static_cast<ExprKind>(99), 0, 1); }},
    {"WorkWithoutExpression", [](auto& p) { p.constructs[0]->work = 10000; }},
    {"SpanWithoutExpression", [](auto& p) { p.constructs[0]->span = 10000; }},
    {"UnknownEquivalence",
     [](auto& p) { p.constructs[0]->equivalence = static_cast<program::Equivalence>(4); }},
    {"ForwardExpression", [](auto& p) { Main(p).exprs[2] = program::Expr(ExprKind::kAdd, 0, 2); }},
    {"NegativeExpression",
     [](auto& p) { Main(p).exprs[2] = program::Expr(ExprKind::kAdd, -1, 0); }},
    {"UnknownSymbol", [](auto& p) { Main(p).exprs[0] = program::Expr(ExprKind::kSymbol, 2, 0); }},
    {"DimOutOfRange", [](auto& p) { Main(p).values[0]->dims[0] = 1000; }},
    {"RankTooLarge", [](auto& p) { Main(p).values[0]->dims.assign(40, 1); }},
    {"UnknownElementType",
     [](auto& p) { Main(p).values[0]->element_type = static_cast<program::ElementType>(77); }},
    {"UndefinedElementType",
     [](auto& p) { Main(p).values[0]->element_type = program::ElementType::kUndefined; }},
    {"Strings", [](auto& p) { Main(p).values[3]->element_type = program::ElementType::kString; }},
    {"UnknownStorage",
     [](auto& p) { Main(p).values[0]->storage = static_cast<program::Storage>(50); }},
    {"InputNotListed", [](auto& p) { Main(p).inputs.pop_back(); }},
    {"InputTwice", [](auto& p) { Main(p).inputs.push_back(0); }},
    {"InputOutOfRange", [](auto& p) { Main(p).inputs.push_back(1000); }},
    {"InputIsNoInput", [](auto& p) { Main(p).inputs.push_back(3); }},
    {"OutputOutOfRange", [](auto& p) { Main(p).outputs.push_back(1000); }},
    {"OutputMissing", [](auto& p) { Main(p).outputs.push_back(9); }},
    {"OutputNameTwice", [](auto& p) { Main(p).values[7]->name = Main(p).values[6]->name; }},
    {"OutputNameEmpty", [](auto& p) { Main(p).values[7]->name = ""; }},
    {"ConstantMisaligned", [](auto& p) { Main(p).values[2]->weight_offset = 4; }},
    {"ConstantPastTheEnd", [](auto& p) { Main(p).values[2]->weight_offset = 4096; }},
    {"ConstantOverflow", [](auto& p) { Main(p).values[2]->weight_offset = 0xffffffffffffffc0; }},
    {"ConstantOfUnknownSize", [](auto& p) { Main(p).values[2]->dims[0] = 0; }},
    {"ConstantTooLarge",
     [](auto& p) { Main(p).exprs[1] = program::Expr(ExprKind::kConstant, 1 << 20, 0); }},
    {"ViewOfLater", [](auto& p) { Main(p).values[4]->view_of = 5; }},
    {"ViewOfItself", [](auto& p) { Main(p).values[4]->view_of = 4; }},
    {"ViewOffsetOutOfRange", [](auto& p) { Main(p).values[4]->view_offset = 1000; }},
    {"ArenaOfLateSize", [](auto& p) { Main(p).values[3]->dims[0] = Main(p).values[5]->dims[0]; }},
    {"UnknownTask", [](auto& p) { Main(p).tasks[0]->kind = static_cast<TaskKind>(9); }},
    {"UnknownKernel", [](auto& p) { Main(p).tasks[0]->kernel = 1000; }},
    {"GridOutOfRange", [](auto& p) { Main(p).tasks[0]->grid = 1000; }},
    {"TaskDimOutOfRange", [](auto& p) { Main(p).tasks[0]->dims[0] = 1000; }},
    {"ScratchOutOfRange", [](auto& p) { Main(p).tasks[0]->scratch = 1000; }},
    {"OperandOutOfRange", [](auto& p) { Main(p).tasks[0]->operands[0] = 1000; }},
    {"KernelOperandMissing", [](auto& p) { Main(p).tasks[0]->operands[0] = 9; }},
    {"OperandNotWritten", [](auto& p) { Main(p).tasks[0]->operands[0] = 5; }},
    {"ResultIsInput", [](auto& p) { Main(p).tasks[0]->results[0] = 0; }},
    {"ResultIsConstant", [](auto& p) { Main(p).tasks[0]->results[0] = 2; }},
    {"ResultOutOfRange", [](auto& p) { Main(p).tasks[0]->results[0] = 1000; }},
    {"ResultWrittenTwice", [](auto& p) { Main(p).tasks[1]->results[0] = 3; }},
    {"NoFunction", [](auto& p) { Main(p).tasks[1]->function = ""; }},
    {"SuccessorOutOfRange", [](auto& p) { Main(p).tasks[0]->successors.push_back(1000); }},
    {"SuccessorIsEarlier", [](auto& p) { Main(p).tasks[1]->successors.push_back(0); }},
    {"SuccessorIsItself", [](auto& p) { Main(p).tasks[1]->successors.push_back(1); }},
    {"SuccessorTwice", [](auto& p) { Main(p).tasks[0]->successors.push_back(1); }},
    {"WrongPredecessors", [](auto& p) { ++Main(p).tasks[2]->predecessors; }},
    {"SubgraphIsItself", [](auto& p) { Main(p).tasks[2]->graphs[0] = 0; }},
    {"SubgraphOutOfRange", [](auto& p) { Main(p).tasks[2]->graphs[0] = 1000; }},
    {"OneSidedBranch", [](auto& p) { Main(p).tasks[2]->graphs.pop_back(); }},
    {"BranchOnFloat", [](auto& p) { Main(p).tasks[2]->operands[0] = 0; }},
    {"TooManyCaptures", [](auto& p) { Main(p).tasks[2]->captures = 5; }},
    {"CapturesDiffer", [](auto& p) { Main(p).tasks[2]->operands[1] = 0; }},
    {"BranchOutputsDiffer", [](auto& p) { p.graphs[1]->outputs.clear(); }},
    {"BodyOutputOutOfRange", [](auto& p) { p.graphs[1]->outputs[0] = 1000; }},
    {"BodyInputOutOfRange", [](auto& p) { p.graphs[1]->inputs[0] = 1000; }},
    {"LoopConditionIsFloat", [](auto& p) { Main(p).tasks[3]->operands[1] = 0; }},
    {"LoopCarriedMissing", [](auto& p) { Main(p).tasks[3]->operands[2] = 9; }},
    {"LoopWithoutCondition",
     [](auto& p) { p.graphs[3]->outputs.erase(p.graphs[3]->outputs.begin()); }},
    {"LoopChangesRank", [](auto& p) { p.graphs[3]->values[2]->dims.pop_back(); }},
    {"ScanWithoutInputs", [](auto& p) { Main(p).tasks[4]->attributes.clear(); }},
    {"ScanOfTooMany", [](auto& p) { Main(p).tasks[4]->attributes[0]->int_ = 2; }},
    {"ScanAxisOutOfRange",
     [](auto& p) {
       auto a = std::make_unique<program::AttributeT>();
       a->name = "scan_input_axes";
       a->ints = {2};
       Main(p).tasks[4]->attributes.push_back(std::move(a));
     }},
    {"ScanDirectionUnknown",
     [](auto& p) {
       auto a = std::make_unique<program::AttributeT>();
       a->name = "scan_output_directions";
       a->ints = {7};
       Main(p).tasks[4]->attributes.push_back(std::move(a));
     }},
};

INSTANTIATE_TEST_SUITE_P(All, VerifierTest, ::testing::ValuesIn(kDamages),
                         [](const auto& info) { return info.param.name; });

TEST(Verifier, BoundsNesting) {
  ProgramBuilder b;
  constexpr uint32_t kLevels = 100;
  for (uint32_t i = 0; i < kLevels; ++i) {
    GraphBuilder& g = b.AddGraph();
    if (i > 0) g.Input("i", kI64, {});
    uint32_t c = g.Input("c", kBool, {});
    if (i + 1 < kLevels) g.Control(TaskKind::kLoop, {g.Missing(), c}, {}, {i + 1}, 0);
    if (i > 0) g.Output(c);
  }
  EXPECT_THAT(Verify(b).ToString(), HasSubstr("nests too deep"));
}

// Few graphs, each with two branches of two sides into the next: 4^20 frames.
TEST(Verifier, BoundsUnfolding) {
  ProgramBuilder b;
  constexpr uint32_t kLevels = 20;
  for (uint32_t i = 0; i < kLevels; ++i) {
    GraphBuilder& g = b.AddGraph();
    uint32_t c = g.Input("c", kBool, {});
    for (int k = 0; i + 1 < kLevels && k < 2; ++k) {
      g.Control(TaskKind::kBranch, {c, c}, {}, {i + 1, i + 1}, 1);
    }
  }
  EXPECT_THAT(Verify(b).ToString(), HasSubstr("unfold"));
}

// Whatever the bytes are, the answer is a status.
TEST(Verifier, SurvivesRandomBitFlips) {
  ProgramBuilder b = Good();
  std::vector<uint8_t> good = b.Program();
  std::mt19937 random(7);
  for (int i = 0; i < 20000; ++i) {
    std::vector<uint8_t> bytes = good;
    for (uint32_t flips = 1 + random() % 4; flips > 0; --flips) {
      bytes[random() % bytes.size()] ^= 1 << random() % 8;
    }
    absl::StatusOr<DecodedProgram> program = DecodeProgram(bytes);
    if (program.ok()) VerifyProgram(*program, kWeights).IgnoreError();
  }
}

TEST(Verifier, SurvivesTruncation) {
  ProgramBuilder b = Good();
  std::vector<uint8_t> good = b.Program();
  for (size_t size = 0; size < good.size(); ++size) {
    std::vector<uint8_t> bytes(good.begin(), good.begin() + size);
    absl::StatusOr<DecodedProgram> program = DecodeProgram(bytes);
    if (program.ok()) VerifyProgram(*program, kWeights).IgnoreError();
  }
}

}  // namespace
}  // namespace heddle
