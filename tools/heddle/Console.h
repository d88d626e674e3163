// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a person sees beside the results: errors, notes and progress, all on standard error, and
// the exit codes.

#ifndef HEDDLE_TOOLS_HEDDLE_CONSOLE_H
#define HEDDLE_TOOLS_HEDDLE_CONSOLE_H

#include "absl/status/status.h"

#include <chrono>
#include <string>
#include <string_view>

namespace heddle::cli {

enum ExitCode {
  exitDone = 0,
  exitWrong = 1,      ///< the result is wrong, or the run failed
  exitBadRequest = 2, ///< the request or its input is at fault
};

/// What a status means for the exit code: whose fault it was.
ExitCode exitCodeOf(const absl::Status &status);

/// The text on one line, with control characters replaced: it may come from a model file.
std::string oneLine(std::string_view text);

/// The status' message on one line; the name of its code where it has none.
std::string messageOf(const absl::Status &status);

/// Prints "heddle: MESSAGE", and returns the exit code.
int fail(const absl::Status &status);
/// The same for a status with a line for each of several errors.
int failLineByLine(const absl::Status &status);
int badRequest(const std::string &message);

/// Prints "heddle: note: MESSAGE".
void note(const std::string &message);

/// Whether standard output is a terminal that wants colours.
bool colours();
std::string red(const std::string &text);
std::string green(const std::string &text);
std::string yellow(const std::string &text);

/// A line that says what is going on, on a terminal only and after a second only.
class Progress {
public:
  Progress();
  ~Progress() { clear(); }
  void show(const std::string &text);
  /// Takes the line away, so that something else can be printed.
  void clear();

private:
  std::chrono::steady_clock::time_point start;
  bool onTerminal;
  bool shown = false;
};

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_CONSOLE_H
