// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes small graph programs and artifacts for tests. Edges are derived from who writes and reads
// what.
//
//   ProgramBuilder b;
//   GraphBuilder& g = b.AddGraph();
//   uint32_t n = g.Symbol("n");
//   uint32_t x = g.Input("x", kF32, {n});
//   uint32_t y = g.Arena("y", kF32, {n});
//   g.Kernel(kScale, {x}, {y}, {}, n);
//   g.Output(y);
//   std::vector<uint8_t> artifact = b.Artifact();

#ifndef HEDDLE_TESTS_UNIT_RUNTIME_PROGRAM_BUILDER_H_
#define HEDDLE_TESTS_UNIT_RUNTIME_PROGRAM_BUILDER_H_

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "program_generated.h"
#include "runtime/artifact/program.h"
#include "runtime/artifact/target_table.h"

namespace heddle::testing {

// In the order of kernels.c.
enum KernelId : uint32_t {
  kAdd,
  kScale,
  kExp,
  kFail,
  kAppend,
  kLess,
  kReverse,
  kMix,
  kShift,
  kNothing,
  kKernels
};

inline constexpr auto kF32 = program::ElementType::kFloat32;
inline constexpr auto kI64 = program::ElementType::kInt64;
inline constexpr auto kU32 = program::ElementType::kUint32;
inline constexpr auto kBool = program::ElementType::kBool;

// Tables as FlatBuffers' object API has them; tests change them at will before they are written.
class GraphBuilder {
 public:
  using Exprs = std::vector<uint32_t>;

  // Expressions.
  uint32_t Number(int64_t number);
  uint32_t Symbol(const std::string& name);  // a new symbol and its expression
  uint32_t Op(program::ExprKind kind, uint32_t lhs, uint32_t rhs);

  // Values.
  uint32_t Input(const std::string& name, program::ElementType type, const Exprs& dims);
  uint32_t Arena(const std::string& name, program::ElementType type, const Exprs& dims);
  uint32_t Late(const std::string& name, program::ElementType type, const Exprs& dims);
  uint32_t View(const std::string& name, program::ElementType type, const Exprs& dims, uint32_t of,
                uint32_t offset = kNoExpression);
  uint32_t Constant(const std::string& name, program::ElementType type, const Exprs& dims,
                    uint64_t offset);
  uint32_t Missing();
  void Output(uint32_t value) { graph.outputs.push_back(value); }

  // Tasks; the result may be changed until the next one is added.
  program::TaskT& Kernel(KernelId kernel, const Exprs& operands, const Exprs& results,
                         const Exprs& dims, uint32_t grid);
  program::TaskT& Library(const std::string& function, const Exprs& operands, const Exprs& results);
  program::TaskT& Control(program::TaskKind kind, const Exprs& operands, const Exprs& results,
                          const Exprs& graphs, uint32_t captures);

  // Derives edges.
  void Finish();

  program::GraphT graph;

 private:
  uint32_t Add(const std::string& name, program::ElementType type, const Exprs& dims,
               program::Storage storage);
  program::TaskT& Task(program::TaskKind kind, const Exprs& operands, const Exprs& results);
};

class ProgramBuilder {
 public:
  ProgramBuilder();
  GraphBuilder& AddGraph() { return graphs_.emplace_back(); }
  GraphBuilder& graph(size_t i) { return graphs_[i]; }
  // Offset of the weight.
  uint64_t Weight(const std::vector<float>& numbers);

  // Finishes the graphs at the first call only, so that a test can break them afterwards.
  void Finish();
  std::vector<uint8_t> Program();
  std::vector<uint8_t> Artifact(bool with_code = true);

  program::ProgramT program;
  // Whose images are all the same; of an artifact's targets, name and features are the tests' own.
  std::vector<ArtifactTarget> targets = {{.cpu = "any", .features = {"sse2"}}};

 private:
  std::deque<GraphBuilder> graphs_;
  std::vector<std::vector<uint8_t>> weights_;
  bool finished_ = false;
};

// The shared object made of kernels.c.
std::vector<uint8_t> KernelCode();

// Make the digests of a changed artifact right: of the images that its table of targets names, and
// of the table. They leave alone what lies where an artifact cannot have it.
void SignImages(std::vector<uint8_t>& artifact);
void SignTargets(std::vector<uint8_t>& artifact);

// y = exp(2x + 1) + x, z = 2(2x + 1) + 1
ProgramBuilder Diamond();
// y = x + [1, 2, 3], which are weights
ProgramBuilder Small();

}  // namespace heddle::testing

#endif  // HEDDLE_TESTS_UNIT_RUNTIME_PROGRAM_BUILDER_H_
