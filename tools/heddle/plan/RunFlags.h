// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The options of everything that runs calls: `heddle plan run`, `ask` and `resume`.

#ifndef HEDDLE_TOOLS_HEDDLE_PLAN_RUNFLAGS_H
#define HEDDLE_TOOLS_HEDDLE_PLAN_RUNFLAGS_H

#include "runtime/plan/json.h"
#include "tools/heddle/CommandLine.h"

#include <optional>

namespace heddle::cli {

enum class ApprovalPolicy { All, None, Ask };

struct RunFlags {
  bool json = false;
  std::string journal, trace;
  int maxParallel = 0;
  std::optional<double> timeoutSeconds;
  std::optional<std::string> approve;

  /// All of them, or without --journal, which `resume` has as its argument.
  void addTo(CLI::App &app, bool withJournal);
  /// As asked for; else ask on a terminal and none elsewhere.
  ApprovalPolicy approvalPolicy() const;
  /// For a journal, and back, where the command line says nothing else.
  Json recorded() const;
  void takeRecorded(const Json &options);
};

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_PLAN_RUNFLAGS_H
