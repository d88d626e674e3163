// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// heddle: compiles models, runs them, checks them, measures them, explains them.

#include "tools/heddle/CommandLine.h"
#include "tools/heddle/Console.h"

#include <cstdio>
#include <new>

namespace heddle::cli {

static int run(int argc, char **argv) {
  CLI::App app("Compiles ONNX models to parallel native programs and runs them.", "heddle");
  app.require_subcommand(1);
  app.set_version_flag("--version", "heddle " HEDDLE_VERSION);
  app.failure_message([](const CLI::App *, const CLI::Error &error) {
    return std::string("heddle: ") + oneLine(error.what()) + "\n";
  });

  std::vector<std::pair<CLI::App *, Command>> commands;
  auto add = [&](const char *name, const char *what, Command (*setUp)(CLI::App &)) {
    CLI::App *command = app.add_subcommand(name, what);
    commands.emplace_back(command, setUp(*command));
  };
  add("compile", "Compile a model to an artifact", addCompile);
  add("run", "Run a model or an artifact", addRun);
  add("verify", "Check models against the outputs they should have", addVerify);
  add("bench", "Measure how long a model or an artifact takes", addBench);
  add("inspect", "Show what a model or an artifact is", addInspect);
  add("plan", "Run plans of function calls in parallel", addPlan);
  add("explain", "Show what runs, beside what, for how long, in which memory", addExplain);

  // CLI11 would only miss a subcommand, and not say what it met instead.
  std::string names;
  bool known = argc < 2 || argv[1][0] == '-';
  for (auto &[command, execute] : commands) {
    names += (names.empty() ? "" : ", ") + command->get_name();
    known = known || command->get_name() == argv[1];
  }
  if (argc < 2)
    return badRequest("give a command: " + names + "; heddle COMMAND --help says more");
  if (!known)
    return badRequest(std::string("there is no command '") + argv[1] + "'; there are " + names);
  try {
    app.parse(normalized(argc, argv));
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? exitDone : exitBadRequest;
  }
  for (auto &[command, execute] : commands)
    if (command->parsed())
      return execute();
  return exitBadRequest;
}

} // namespace heddle::cli

int main(int argc, char **argv) {
  try {
    return heddle::cli::run(argc, argv);
  } catch (const std::bad_alloc &) {
    std::fputs("heddle: out of memory\n", stderr);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "heddle: internal error: %s\n", error.what());
  }
  return heddle::cli::exitWrong;
}
