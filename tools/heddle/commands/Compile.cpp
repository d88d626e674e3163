// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/CommandLine.h"
#include "tools/heddle/Console.h"

#include <cstdio>
#include <filesystem>
#include <unistd.h>

namespace heddle::cli {

namespace {

struct CompileCommand {
  std::string model, output;
  HeddleEmit emit = HEDDLE_EMIT_ARTIFACT;
  CompileFlags flags;

  int run() const;
};

const std::map<std::string, HeddleEmit> emitKinds = {
    {"artifact", HEDDLE_EMIT_ARTIFACT}, {"program", HEDDLE_EMIT_PROGRAM},
    {"heddle", HEDDLE_EMIT_HEDDLE},     {"task", HEDDLE_EMIT_TASK},
    {"llvm", HEDDLE_EMIT_LLVM},         {"object", HEDDLE_EMIT_OBJECT},
    {"header", HEDDLE_EMIT_HEADER}};

/// The number that CLI11 reads in place of a kind's name.
std::string emitKindNumber(const std::string &name) {
  auto found = emitKinds.find(name);
  if (found == emitKinds.end())
    throw CLI::ValidationError("there is no kind '" + name +
                               "'; there are artifact, "
                               "program, heddle, task, llvm, object and header");
  return std::to_string(static_cast<int>(found->second));
}

int CompileCommand::run() const {
  auto request = flags.request(model);
  if (!request.ok())
    return fail(request.status());
  request->output = output;
  request->emit = emit;
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
    std::fprintf(stderr, "%s: %llu tasks, %llu kernels (%llu from the cache), %.2f s\n",
                 output.c_str(), static_cast<unsigned long long>(summary->tasks),
                 static_cast<unsigned long long>(summary->kernels),
                 static_cast<unsigned long long>(summary->cachedKernels), summary->seconds);
  return exitDone;
}

} // namespace

Command addCompile(CLI::App &app) {
  auto command = std::make_shared<CompileCommand>();
  app.add_option("MODEL", command->model, "An ONNX model, or .mlir in Heddle's dialect")
      ->required();
  app.add_option("-o,--output", command->output, "The file to write")->required();
  app.add_option("--emit", command->emit, "artifact, program, heddle, task, llvm, object or header")
      ->transform(emitKindNumber)
      ->type_name("KIND");
  command->flags.addTo(app);
  return [command] { return command->run(); };
}

} // namespace heddle::cli
