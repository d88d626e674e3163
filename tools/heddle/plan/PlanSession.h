// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What every command on plans needs: the loop, the tools of a file, and the texts of plans.

#ifndef HEDDLE_TOOLS_HEDDLE_PLAN_PLANSESSION_H
#define HEDDLE_TOOLS_HEDDLE_PLAN_PLANSESSION_H

#include "absl/status/statusor.h"
#include "frontends/plan/RegistryCatalog.h"
#include "runtime/tools/tool_set.h"

namespace heddle::cli {

class PlanSession {
public:
  /// Looking leaves "${NAME}" in the file as it is: checking a plan needs no keys.
  enum class Purpose { Looking, Running };
  static absl::StatusOr<std::unique_ptr<PlanSession>> open(const std::string &toolsPath,
                                                           Purpose purpose);

  /// Ends the sessions with servers, which takes seconds at most.
  ~PlanSession();

  EventLoop &loop() { return *eventLoop; }
  ToolSet &tools() { return *toolSet; }
  ToolRegistry &registry() { return toolSet->registry(); }
  const RegistryCatalog &catalog() const { return *toolCatalog; }
  /// SHA-256 of the file, in hexadecimal.
  std::string fileDigest() const;

  /// Wait for the servers that may have tools of these names, or for all servers.
  absl::Status load(const std::vector<std::string> &names);
  absl::Status loadAll();

private:
  PlanSession() = default;
  absl::Status wait(const std::function<void(std::function<void(absl::Status)>)> &start);

  // In the order of their needs: tools end before what they run on.
  std::unique_ptr<EventLoop> eventLoop;
  std::unique_ptr<ToolSet> toolSet;
  std::unique_ptr<RegistryCatalog> toolCatalog;
  std::string text;
};

/// A file, or standard input for "-".
absl::StatusOr<std::string> readText(const std::string &path);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_PLAN_PLANSESSION_H
