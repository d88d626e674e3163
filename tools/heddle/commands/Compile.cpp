// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/CommandLine.h"
#include "tools/heddle/Console.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace heddle::cli {

namespace {

struct CompileCommand {
  std::string model, output, schedules;
  HeddleEmit emit = HEDDLE_EMIT_ARTIFACT;
  CompileFlags flags;

  int run() const;
};

const std::map<std::string, HeddleEmit> emitKinds = {
    {"artifact", HEDDLE_EMIT_ARTIFACT}, {"program", HEDDLE_EMIT_PROGRAM},
    {"heddle", HEDDLE_EMIT_HEDDLE},     {"task", HEDDLE_EMIT_TASK},
    {"llvm", HEDDLE_EMIT_LLVM},         {"object", HEDDLE_EMIT_OBJECT},
    {"header", HEDDLE_EMIT_HEADER},     {"schedules", HEDDLE_EMIT_SCHEDULES}};

/// The number that CLI11 reads in place of a kind's name.
std::string emitKindNumber(const std::string &name) {
  auto found = emitKinds.find(name);
  if (found == emitKinds.end())
    throw CLI::ValidationError("there is no kind '" + name +
                               "'; there are artifact, "
                               "program, heddle, task, llvm, object, header and schedules");
  return std::to_string(static_cast<int>(found->second));
}

int CompileCommand::run() const {
  auto request = flags.request(model);
  if (!request.ok())
    return fail(request.status());
  request->output = output;
  request->emit = emit;
  if (!schedules.empty()) {
    std::ifstream file(schedules);
    request->schedules.assign(std::istreambuf_iterator<char>(file), {});
    if (!file || request->schedules.empty())
      return badRequest(schedules + ": cannot be read");
  }
  std::error_code error;
  std::filesystem::path folder = std::filesystem::path(output).parent_path();
  if (std::filesystem::is_directory(output, error))
    return badRequest(output + ": is a folder, not a file to write");
  if (!folder.empty() && !std::filesystem::is_directory(folder, error))
    return badRequest(output + ": there is no folder " + folder.string());
  auto summary = compileApart(*request);
  if (!summary.ok())
    return fail(summary.status());
  if (isatty(STDERR_FILENO))
    std::fprintf(stderr, "%s: %llu tasks, %llu kernels (%llu from the cache, %llu tuned), %.2f s\n",
                 output.c_str(), static_cast<unsigned long long>(summary->tasks),
                 static_cast<unsigned long long>(summary->kernels),
                 static_cast<unsigned long long>(summary->cachedKernels),
                 static_cast<unsigned long long>(summary->tunedKernels), summary->seconds);
  else if (summary->tunedKernels)
    note(output + ": " + std::to_string(summary->tunedKernels) +
         " kernels have tuned schedules; --no-tuned goes without");
  return exitDone;
}

} // namespace

Command addCompile(CLI::App &app) {
  auto command = std::make_shared<CompileCommand>();
  app.add_option("MODEL", command->model, "An ONNX model, or .mlir in Heddle's dialect")
      ->required();
  app.add_option("-o,--output", command->output, "The file to write")->required();
  app.add_option("--emit", command->emit,
                 "artifact, program, heddle, task, llvm, object, header or schedules")
      ->transform(emitKindNumber)
      ->type_name("KIND");
  app.add_option("--schedules", command->schedules,
                 "What kernels get otherwise than usual, in the place of what was tuned")
      ->type_name("FILE.json");
  command->flags.addTo(app);
  return [command] { return command->run(); };
}

} // namespace heddle::cli
