// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/unit/runtime/program_builder.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "runtime/artifact/artifact_writer.h"
#include "runtime/artifact/format.h"
#include "runtime/artifact/sha256.h"
#include "targets_generated.h"

namespace heddle::testing {

using program::ExprKind;
using program::Storage;
using program::TaskKind;

uint32_t GraphBuilder::Number(int64_t number) {
  graph.exprs.emplace_back(ExprKind::kConstant, number, 0);
  return static_cast<uint32_t>(graph.exprs.size() - 1);
}

uint32_t GraphBuilder::Symbol(const std::string& name) {
  graph.symbols.push_back(name);
  graph.exprs.emplace_back(ExprKind::kSymbol, static_cast<int64_t>(graph.symbols.size() - 1), 0);
  return static_cast<uint32_t>(graph.exprs.size() - 1);
}

uint32_t GraphBuilder::Op(ExprKind kind, uint32_t lhs, uint32_t rhs) {
  graph.exprs.emplace_back(kind, lhs, rhs);
  return static_cast<uint32_t>(graph.exprs.size() - 1);
}

uint32_t GraphBuilder::Add(const std::string& name, program::ElementType type, const Exprs& dims,
                           Storage storage) {
  auto value = std::make_unique<program::ValueT>();
  value->name = name;
  value->element_type = type;
  value->dims = dims;
  value->storage = storage;
  graph.values.push_back(std::move(value));
  return static_cast<uint32_t>(graph.values.size() - 1);
}

uint32_t GraphBuilder::Input(const std::string& name, program::ElementType type,
                             const Exprs& dims) {
  graph.inputs.push_back(Add(name, type, dims, Storage::kInput));
  return graph.inputs.back();
}
uint32_t GraphBuilder::Arena(const std::string& name, program::ElementType type,
                             const Exprs& dims) {
  return Add(name, type, dims, Storage::kArena);
}
uint32_t GraphBuilder::Late(const std::string& name, program::ElementType type, const Exprs& dims) {
  return Add(name, type, dims, Storage::kLate);
}
uint32_t GraphBuilder::View(const std::string& name, program::ElementType type, const Exprs& dims,
                            uint32_t of, uint32_t offset) {
  uint32_t v = Add(name, type, dims, Storage::kView);
  graph.values[v]->view_of = of;
  graph.values[v]->view_offset = offset;
  return v;
}
uint32_t GraphBuilder::Constant(const std::string& name, program::ElementType type,
                                const Exprs& dims, uint64_t offset) {
  uint32_t v = Add(name, type, dims, Storage::kConstant);
  graph.values[v]->weight_offset = offset;
  return v;
}
uint32_t GraphBuilder::Missing() {
  return Add("", program::ElementType::kUndefined, {}, Storage::kMissing);
}

program::TaskT& GraphBuilder::Task(TaskKind kind, const Exprs& operands, const Exprs& results) {
  auto task = std::make_unique<program::TaskT>();
  task->kind = kind;
  task->name = "task" + std::to_string(graph.tasks.size());
  task->op = "Test";
  task->operands = operands;
  task->results = results;
  graph.tasks.push_back(std::move(task));
  return *graph.tasks.back();
}

program::TaskT& GraphBuilder::Kernel(KernelId kernel, const Exprs& operands, const Exprs& results,
                                     const Exprs& dims, uint32_t grid) {
  program::TaskT& task = Task(TaskKind::kKernel, operands, results);
  task.kernel = kernel;
  task.dims = dims;
  task.grid = grid;
  return task;
}
program::TaskT& GraphBuilder::Library(const std::string& function, const Exprs& operands,
                                      const Exprs& results) {
  program::TaskT& task = Task(TaskKind::kLibrary, operands, results);
  task.function = function;
  return task;
}
program::TaskT& GraphBuilder::Control(TaskKind kind, const Exprs& operands, const Exprs& results,
                                      const Exprs& graphs, uint32_t captures) {
  program::TaskT& task = Task(kind, operands, results);
  task.graphs = graphs;
  task.captures = captures;
  return task;
}

void GraphBuilder::Finish() {
  auto root = [&](uint32_t v) {
    while (graph.values[v]->storage == Storage::kView) v = graph.values[v]->view_of;
    return v;
  };
  std::map<uint32_t, std::set<uint32_t>> writers;  // by root
  for (uint32_t t = 0; t < graph.tasks.size(); ++t) {
    std::set<uint32_t> before;
    for (uint32_t operand : graph.tasks[t]->operands) {
      const std::set<uint32_t>& w = writers[root(operand)];
      before.insert(w.begin(), w.end());
    }
    for (uint32_t p : before) graph.tasks[p]->successors.push_back(t);
    graph.tasks[t]->predecessors = static_cast<uint32_t>(before.size());
    for (uint32_t result : graph.tasks[t]->results) writers[root(result)].insert(t);
  }
}

ProgramBuilder::ProgramBuilder() {
  for (uint32_t i = 0; i < kKernels; ++i) program.kernels.push_back("kernel" + std::to_string(i));
  program.imports = {"expf", "memcpy"};
}

uint64_t ProgramBuilder::Weight(const std::vector<float>& numbers) {
  ArtifactWriter offsets;
  for (const std::vector<uint8_t>& weight : weights_) offsets.AddWeight(weight);
  std::vector<uint8_t>& bytes = weights_.emplace_back(numbers.size() * sizeof(float));
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return offsets.AddWeight(bytes);
}

void ProgramBuilder::Finish() {
  if (finished_) return;
  finished_ = true;
  for (GraphBuilder& builder : graphs_) {
    builder.Finish();
    program.graphs.push_back(std::make_unique<program::GraphT>(std::move(builder.graph)));
  }
}

std::vector<uint8_t> ProgramBuilder::Program() {
  Finish();
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(program::Program::Pack(builder, &program), program::ProgramIdentifier());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

std::vector<uint8_t> ProgramBuilder::Artifact(bool with_code) {
  if (!with_code) program.kernels.clear();
  std::vector<uint8_t> bytes = Program();
  std::vector<uint8_t> code = with_code ? KernelCode() : std::vector<uint8_t>();
  ArtifactWriter writer;
  for (const ArtifactTarget& t : targets) {
    writer.AddTarget({.cpu = t.cpu, .features = t.features, .code = code, .program = bytes});
  }
  for (const std::vector<uint8_t>& weight : weights_) writer.AddWeight(weight);
  return writer.ToBytes();
}

std::vector<uint8_t> KernelCode() {
  std::ifstream file(HEDDLE_TEST_KERNELS, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

namespace {

// The footer, where the places in it are within the file.
std::optional<ArtifactFooter> UsableFooter(const std::vector<uint8_t>& bytes) {
  ArtifactFooter footer;
  if (bytes.size() < sizeof(footer)) return std::nullopt;
  std::memcpy(&footer, bytes.data() + bytes.size() - sizeof(footer), sizeof(footer));
  if (footer.weights_offset > bytes.size() - sizeof(footer) ||
      footer.targets_offset > footer.weights_offset) {
    return std::nullopt;
  }
  return footer;
}

}  // namespace

void SignImages(std::vector<uint8_t>& artifact) {
  std::optional<ArtifactFooter> footer = UsableFooter(artifact);
  if (!footer) return;
  const std::vector<uint8_t> table(artifact.begin() + footer->targets_offset,
                                   artifact.begin() + footer->weights_offset);
  auto targets = ReadTargets(table, footer->targets_offset);
  if (!targets.ok()) return;
  // Read from the copy, which is aligned: in the artifact the table may begin anywhere.
  const auto* list = program::GetTargets(table.data())->list();
  for (uint32_t i = 0; i < list->size(); ++i) {
    const ArtifactTarget& t = (*targets)[i];
    Sha256Digest digest = Sha256Of(artifact.data() + t.image_offset, t.image_size);
    ptrdiff_t place = list->Get(i)->digest()->bytes()->Data() - table.data();
    std::copy(digest.begin(), digest.end(), artifact.begin() + footer->targets_offset + place);
  }
}

void SignTargets(std::vector<uint8_t>& artifact) {
  std::optional<ArtifactFooter> footer = UsableFooter(artifact);
  if (!footer) return;
  Sha256 hash;
  hash.Update(artifact.data() + footer->targets_offset,
              footer->weights_offset - footer->targets_offset);
  hash.Update(&*footer, offsetof(ArtifactFooter, code_digest));
  Sha256Digest digest = hash.Finish();
  std::copy(digest.begin(), digest.end(),
            artifact.end() - sizeof(ArtifactFooter) + offsetof(ArtifactFooter, code_digest));
}

ProgramBuilder Diamond() {
  ProgramBuilder b;
  GraphBuilder& g = b.AddGraph();
  uint32_t n = g.Symbol("n");
  uint32_t x = g.Input("x", kF32, {n});
  uint32_t a = g.Arena("a", kF32, {n});
  uint32_t e = g.Arena("e", kF32, {n});
  uint32_t y = g.Arena("y", kF32, {n});
  uint32_t z = g.Arena("z", kF32, {n});
  g.Kernel(kScale, {x}, {a}, {}, n);
  g.Kernel(kExp, {a}, {e}, {}, n).cost_per_point = 100;
  g.Kernel(kScale, {a}, {z}, {}, n).cost_per_point = 100;
  g.Kernel(kAdd, {e, x}, {y}, {}, n).cost_per_point = 100;
  g.Output(y);
  g.Output(z);
  return b;
}

ProgramBuilder Small() {
  ProgramBuilder b;
  uint64_t weight = b.Weight({1, 2, 3});
  GraphBuilder& g = b.AddGraph();
  uint32_t three = g.Number(3);
  uint32_t x = g.Input("x", kF32, {three});
  uint32_t w = g.Constant("w", kF32, {three}, weight);
  uint32_t y = g.Arena("y", kF32, {three});
  g.Kernel(testing::kAdd, {x, w}, {y}, {}, three);
  g.Output(y);
  return b;
}

}  // namespace heddle::testing
