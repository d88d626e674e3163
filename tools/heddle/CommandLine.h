// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the subcommands have in common: options, and how they are put into a CLI11 application.

#ifndef HEDDLE_TOOLS_HEDDLE_COMMANDLINE_H
#define HEDDLE_TOOLS_HEDDLE_COMMANDLINE_H

#include "absl/status/status.h"
#include "tools/heddle/CompilerLibrary.h"

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace heddle::cli {

/// Sets up a subcommand and gives the function to call when it is the one: it returns the exit
/// code.
using Command = std::function<int()>;

/// The subcommands of a command, of which the command line names one.
class Subcommands {
public:
  explicit Subcommands(CLI::App &app) : app(app) { app.require_subcommand(1); }
  void add(const char *name, const char *what, Command (*setUp)(CLI::App &));
  /// "compile, run, ..."
  std::string names() const;
  bool has(const std::string &name) const;
  /// Runs the one that was parsed.
  int run() const;

private:
  CLI::App &app;
  std::vector<std::pair<CLI::App *, Command>> commands;
};

Command addCompile(CLI::App &app);
Command addRun(CLI::App &app);
Command addVerify(CLI::App &app);
Command addBench(CLI::App &app);
Command addInspect(CLI::App &app);
Command addExplain(CLI::App &app);
Command addCache(CLI::App &app);
Command addTune(CLI::App &app);
Command addPlan(CLI::App &app);

/// The options that say how to compile, as they are typed.
struct CompileFlags {
  std::vector<std::string> dims; ///< NAME=N
  std::string cpu = "native";
  int optLevel = 3;
  int cores = 2;
  uint64_t maxConstantMb = 2048;
  bool noCache = false;
  bool noTuned = false;
  bool caches = false;
  bool noScans = false;
  bool noWinograd = false;
  bool verifyAssociativity = false;
  std::string scanForm;
  std::string precision = "f32";

  void addTo(CLI::App &app);
  /// The request for a model with these options; without output.
  absl::StatusOr<CompileRequest> request(const std::string &model) const;
};

/// "--random-inputs" and "-O" take their values in ways that CLI11 does not: the arguments in a
/// form it understands.
std::vector<std::string> normalized(int argc, char **argv);

/// NAME=VALUE, split at the last '=' for numbers.
absl::Status parseDims(const std::vector<std::string> &texts, std::map<std::string, int64_t> &dims);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_COMMANDLINE_H
