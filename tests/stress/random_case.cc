// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tests/stress/random_case.h"

#include <algorithm>
#include <string>
#include <utility>

#include "tests/unit/runtime/test_util.h"

namespace heddle::testing {
namespace {

// The kernel kMix as a library function: compiled with the test, so that ThreadSanitizer sees what
// it reads and writes.
class MixOperator final : public CustomOperator {
 public:
  absl::Status Call(LibraryCall& call) const override {
    absl::StatusOr<MutableTensorView> result =
        call.Result(0, ElementType::kUint32, call.operand(0).dims);
    if (!result.ok()) return result.status();
    absl::Span<uint32_t> out = result->elements<uint32_t>();
    for (size_t i = 0; i < out.size(); ++i) {
      uint32_t h =
          static_cast<uint32_t>(call.Int("salt", 0)) * 2654435761u + static_cast<uint32_t>(i);
      for (int k = 0; k < call.operand_count(); ++k) {
        h = (h ^ call.operand(k).elements<uint32_t>()[i]) * 16777619u;
      }
      out[i] = h;
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::shared_ptr<const Model> LoadCase(ProgramBuilder& b) {
  ModelOptions options;
  options.custom_operators["test:Mix"] = std::make_shared<MixOperator>();
  return Load(b, options);
}

RandomCase MakeCase(std::mt19937& random) {
  RandomCase c;
  GraphBuilder& g = c.builder.AddGraph();
  uint32_t n = g.Symbol("n");
  g.Input("x", kU32, {n});
  uint32_t count = 1 + random() % 60;
  for (uint32_t t = 0; t < count; ++t) {
    MixTask task;
    task.salt = random();
    for (uint32_t k = 1 + random() % 4; k > 0; --k) {
      // Mostly recent values, so that graphs are deep as well as wide.
      uint32_t reach = random() % 3 == 0 ? t + 1 : std::min<uint32_t>(t + 1, 4);
      task.operands.push_back(t - random() % reach);
    }
    c.tasks.push_back(task);
    std::string name = "v" + std::to_string(t + 1);
    if (random() % 4 == 0) {
      g.Late(name, kU32, {n});
    } else {
      g.Arena(name, kU32, {n});
    }
  }
  for (uint32_t t = 0; t < count; ++t) {
    const MixTask& task = c.tasks[t];
    if (random() % 2 == 0) {
      auto salt = std::make_unique<program::AttributeT>();
      salt->name = "salt";
      salt->int_ = task.salt;
      g.Library("custom:test:Mix", task.operands, {t + 1}).attributes.push_back(std::move(salt));
      continue;
    }
    uint32_t operands = g.Number(static_cast<int64_t>(task.operands.size()));
    program::TaskT& made =
        g.Kernel(kMix, task.operands, {t + 1}, {operands, g.Number(task.salt)}, n);
    made.cost_per_point = static_cast<float>(random() % 400);
    made.grain = 1 + random() % 8;
  }
  for (uint32_t v = 1; v <= count; ++v) {
    if (random() % 5 == 0 || v == count) {
      g.Output(v);
      c.outputs.push_back(v);
    }
  }
  c.builder.Finish();
  program::GraphT& graph = *c.builder.program.graphs[0];
  for (auto& task : graph.tasks)
    std::shuffle(task->successors.begin(), task->successors.end(), random);
  c.width = random() % 800;
  return c;
}

std::vector<std::vector<uint32_t>> Oracle(const RandomCase& c, const std::vector<uint32_t>& x) {
  std::vector<std::vector<uint32_t>> values = {x};
  for (const MixTask& task : c.tasks) {
    std::vector<uint32_t>& out = values.emplace_back(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      uint32_t h = task.salt * 2654435761u + static_cast<uint32_t>(i);
      for (uint32_t v : task.operands) h = (h ^ values[v][i]) * 16777619u;
      out[i] = h;
    }
  }
  return values;
}

}  // namespace heddle::testing
