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
  app.set_version_flag("--version", "heddle " HEDDLE_VERSION);
  app.failure_message([](const CLI::App *, const CLI::Error &error) {
    return std::string("heddle: ") + oneLine(error.what()) + "\n";
  });

  Subcommands commands(app);
  commands.add("compile", "Compile a model to an artifact", addCompile);
  commands.add("run", "Run a model or an artifact", addRun);
  commands.add("verify", "Check models against the outputs they should have", addVerify);
  commands.add("bench", "Measure how long a model or an artifact takes", addBench);
  commands.add("inspect", "Show what a model or an artifact is", addInspect);
  commands.add("plan", "Run plans of function calls in parallel", addPlan);
  commands.add("explain", "Show what was found, and what runs beside what, for how long",
               addExplain);
  commands.add("tune", "Find the best schedules of a model's kernels on this machine", addTune);
  commands.add("cache", "Show what is kept between compilations, or remove it", addCache);

  // CLI11 would only miss a subcommand, and not say what it met instead.
  if (argc < 2)
    return badRequest("give a command: " + commands.names() + "; heddle COMMAND --help says more");
  if (argv[1][0] != '-' && !commands.has(argv[1]))
    return badRequest(std::string("there is no command '") + argv[1] + "'; there are " +
                      commands.names());
  try {
    app.parse(normalized(argc, argv));
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? exitDone : exitBadRequest;
  }
  return commands.run();
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
