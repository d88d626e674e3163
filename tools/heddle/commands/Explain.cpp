// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle explain`: what was found, and what runs, beside what, for how long, in which memory.

#include "runtime/support/whole_file.h"
#include "tools/heddle/CommandLine.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/Inputs.h"
#include "tools/heddle/LoadedModel.h"
#include "tools/heddle/TensorExchange.h"
#include "tools/heddle/explain/Page.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace heddle::cli {

namespace {

struct ExplainCommand {
  std::string model, dot, html, trace;
  InputRequest inputs;
  CompileFlags flags;
  bool json = false;

  int run();

private:
  absl::StatusOr<Explanation> make();
};

/// The sizes that a trace gives to dimensions which the model leaves open.
std::map<std::string, int64_t> dimsOfTrace(const Trace &trace, const Model &model) {
  std::map<std::string, int64_t> dims;
  for (const TensorSignature &input : model.inputs())
    for (size_t axis = 0; axis < input.dims.size(); ++axis) {
      std::string name = std::string(input.name) + ":" + std::to_string(axis);
      if (auto found = trace.dims.find(name);
          input.dims[axis].size < 0 && found != trace.dims.end())
        dims[name] = found->second;
    }
  return dims;
}

absl::StatusOr<Explanation> ExplainCommand::make() {
  auto request = flags.request(model);
  if (!request.ok())
    return request.status();
  Trace measured;
  if (!trace.empty()) {
    auto read = readTrace(trace);
    if (!read.ok())
      return read.status();
    measured = *std::move(read);
  }
  auto loaded = loadModel(*request, !flags.noCache);
  if (!loaded.ok())
    return loaded.status();
  inputs.random = true;
  if (loaded->fromArtifact)
    inputs.dims = request->dims;
  // Measured costs belong to the sizes of the run that was measured.
  if (inputs.dims.empty() && inputs.files.empty())
    inputs.dims = dimsOfTrace(measured, *loaded->model);
  auto made = makeInputs(*loaded->model, inputs);
  if (!made.ok())
    return made.status();
  auto tensors = borrowAll(*made);
  if (!tensors.ok())
    return tensors.status();
  auto explanation = explain(*loaded->model, *tensors, measured.spans);
  if (explanation.ok())
    explanation->model = std::filesystem::path(model).filename().string();
  return explanation;
}

void printTask(const ExplainedGraph &all, uint32_t index) {
  const ExplainedTask &task = all.tasks[index];
  std::printf("  #%-5u %-22s %10s  %5.1f %%", index, oneLine(task.op).substr(0, 22).c_str(),
              timeText(task.us()).c_str(), all.totalUs > 0 ? 100 * task.us() / all.totalUs : 0);
  if (task.measuredUs >= 0)
    std::printf("  (estimated %s)", timeText(task.estimatedUs).c_str());
  std::printf("  level %u, beside %u  %s\n", task.level, task.beside,
              oneLine(task.name).substr(0, 60).c_str());
  std::printf("         its work: %s%s%s\n", task.split.c_str(), task.alone.empty() ? "" : "; ",
              task.alone.c_str());
}

void printLevels(const ExplainedGraph &all) {
  size_t wide = 0;
  for (size_t level = 0; level < all.levels.size(); ++level) {
    const auto &tasks = all.levels[level];
    if (tasks.size() < 2 || ++wide > 12)
      continue;
    std::printf("%slevel %zu:", wide == 1 ? "beside each other\n  " : "  ", level);
    for (size_t i = 0; i < std::min<size_t>(tasks.size(), 8); ++i)
      std::printf(" #%u %s", tasks[i], oneLine(all.tasks[tasks[i]].op).c_str());
    std::printf("%s\n", tasks.size() > 8 ? " ..." : "");
  }
  if (wide > 12)
    std::printf("  and %zu more levels\n", wide - 12);
}

void printArena(const ExplainedGraph &all) {
  if (!all.sized) {
    std::printf("arena: its size is known only during the run\n");
    return;
  }
  int64_t bytes = 0;
  for (const ArenaBlock &block : all.blocks)
    bytes += block.bytes;
  std::printf(
      "arena: %s for %zu values of %s%s\n", bytesText(all.arenaBytes).c_str(), all.blocks.size(),
      bytesText(bytes).c_str(),
      all.arenaLowerBound < 0
          ? ""
          : ("; at least " + bytesText(all.arenaLowerBound) + " are alive at once").c_str());
  std::vector<ArenaBlock> blocks = all.blocks;
  std::sort(blocks.begin(), blocks.end(), [](const ArenaBlock &a, const ArenaBlock &b) {
    return std::pair(-a.bytes, a.offset) < std::pair(-b.bytes, b.offset);
  });
  for (size_t i = 0; i < std::min<size_t>(blocks.size(), 8); ++i)
    std::printf("  %10s at %-12lld live from #%u to #%u  %s\n", bytesText(blocks[i].bytes).c_str(),
                static_cast<long long>(blocks[i].offset), blocks[i].firstTask, blocks[i].lastTask,
                oneLine(blocks[i].name).substr(0, 60).c_str());
}

void print(const ExplainedGraph &all, const std::string &name) {
  std::printf("%s: %zu tasks in %zu levels, at most %zu beside each other%s\n",
              oneLine(name).c_str(), all.tasks.size(), all.levels.size(), all.widest(),
              all.sequential ? "; too small to spread, it runs as a list" : "");
  std::printf("%s: %s of work, %s on the critical path, ratio %.2f\n",
              all.measured ? "measured" : "estimated", timeText(all.totalUs).c_str(),
              timeText(all.criticalUs).c_str(), all.parallelism());
  std::vector<uint32_t> order = all.byCost();
  std::printf("most expensive tasks\n");
  for (size_t i = 0; i < std::min<size_t>(order.size(), 12); ++i)
    printTask(all, order[i]);
  std::printf("critical path: %zu tasks;", all.criticalPath.size());
  for (size_t i = 0; i < std::min<size_t>(all.criticalPath.size(), 16); ++i)
    std::printf(" #%u", all.criticalPath[i]);
  std::printf("%s\n", all.criticalPath.size() > 16 ? " ..." : "");
  printLevels(all);
  printArena(all);
}

void print(const Explanation &all) {
  std::printf("code for %s", oneLine(all.targetCpu).c_str());
  if (all.targetCpus.size() > 1) {
    std::printf(", of");
    for (const std::string &cpu : all.targetCpus)
      std::printf(" %s", oneLine(cpu).c_str());
  }
  std::printf("\n");
  std::fputs(constructsText(all).c_str(), stdout);
  print(all.main(), all.model);
  for (size_t i = 1; i < all.graphs.size(); ++i) {
    std::printf("\n");
    print(all.graphs[i], all.graphs[i].title);
  }
}

int ExplainCommand::run() {
  auto explanation = make();
  if (!explanation.ok())
    return fail(explanation.status());
  for (const auto &[path, text] : {std::pair(dot, dot.empty() ? "" : dotText(*explanation)),
                                   std::pair(html, html.empty() ? "" : htmlPage(*explanation))})
    if (!path.empty())
      if (absl::Status status = WriteWholeFile(path, {text}); !status.ok())
        return fail(absl::InvalidArgumentError(messageOf(status)));
  if (json)
    std::printf("%s\n", explanationJson(*explanation)
                            .dump(1, ' ', false, nlohmann::json::error_handler_t::replace)
                            .c_str());
  else if (dot.empty() && html.empty())
    print(*explanation);
  return exitDone;
}

} // namespace

Command addExplain(CLI::App &app) {
  auto command = std::make_shared<ExplainCommand>();
  app.add_option("MODEL", command->model, "A model, or an artifact made by heddle compile")
      ->required();
  app.add_option("--dot", command->dot, "Write the task graph for Graphviz")->type_name("FILE");
  app.add_option("--html", command->html, "Write a page with the graph, timeline and memory")
      ->type_name("FILE");
  app.add_option("--trace", command->trace, "Measured costs, from heddle run --trace")
      ->type_name("FILE.json");
  app.add_option("--input", command->inputs.files, "An input that gives sizes")
      ->type_name("NAME=FILE")
      ->allow_extra_args(false);
  app.add_flag("--json", command->json, "Print as JSON");
  command->flags.addTo(app);
  return [command] { return command->run(); };
}

} // namespace heddle::cli
