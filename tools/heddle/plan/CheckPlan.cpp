// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle plan check`: everything that is wrong with a plan, at once.

#include "frontends/plan/PlanReader.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/plan/PlanCommands.h"
#include "tools/heddle/plan/PlanText.h"

#include <cstdio>

namespace heddle::cli {
namespace {

struct CheckCommand {
  PlanTextFlags flags;
  bool json = false;

  int run() const {
    auto session = PlanSession::open(flags.tools, PlanSession::Purpose::Looking);
    if (!session.ok())
      return failLineByLine(session.status());
    auto checked = flags.read(**session);
    if (!checked.ok())
      return fail(checked.status());
    if (json)
      std::printf("%s\n", toJson(*checked).dump(1).c_str());
    printDiagnostics(*checked);
    if (checked->ok() && !json)
      std::printf("%zu calls, nothing wrong\n", checked->plan.calls.size());
    return checked->ok() ? exitDone : exitBadRequest;
  }
};

} // namespace

Command addPlanCheck(CLI::App &app) {
  auto command = std::make_shared<CheckCommand>();
  command->flags.addTo(app);
  app.add_flag("--json", command->json, "Print {ok, calls, diagnostics}");
  return [command] { return command->run(); };
}

} // namespace heddle::cli
