// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle plan resume`: goes on with a run whose process ended. What finished is not repeated, and a
// write that had started is not either, unless a person says so.

#include "runtime/plan/journal.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/plan/PlanCommands.h"
#include "tools/heddle/plan/PlanExecution.h"
#include "tools/heddle/plan/PlanText.h"

namespace heddle::cli {
namespace {

struct ResumeCommand {
  std::string journal, tools;
  RunFlags flags;
  bool retryUnknown = false;

  int run();
};

int ResumeCommand::run() {
  // The tools file is named in the journal, whose secrets are those of the tools file.
  std::string toolsFile = tools;
  if (toolsFile.empty()) {
    auto header = Journal::ReadHeader(journal);
    if (!header.ok())
      return fail(header.status());
    toolsFile = header->tools_file;
  }
  auto opened = PlanSession::open(toolsFile, PlanSession::Purpose::Running);
  if (!opened.ok())
    return failLineByLine(opened.status());
  PlanSession &session = **opened;
  auto record = Journal::Open(session.loop(), journal, session.tools().secrets());
  if (!record.ok())
    return fail(record.status());
  const JournalRecord &recorded = (*record)->recorded();
  if (recorded.header.tools_digest != session.fileDigest())
    note(toolsFile + " is not as it was when the run began");
  if (!recorded.complete)
    note("the plan's text was cut off: going on with the " +
         std::to_string(recorded.plan.calls.size()) + " calls that were read");
  flags.takeRecorded(recorded.header.options);

  std::vector<std::string> names;
  for (const PlanCall &call : recorded.plan.calls)
    names.push_back(call.tool);
  if (absl::Status status = session.load(names); !status.ok())
    return fail(status);
  PlanExecution execution(session, flags);
  RunOptions options = execution.options(record->get());
  options.retry_unknown = retryUnknown;
  PlanRun run(session.loop(), session.registry(), options, &execution.view());
  execution.onInterrupt([&] { run.Cancel(); });
  std::optional<RunReport> report;
  auto done = [&](RunReport ended) { report = std::move(ended); };
  if (recorded.broken.empty()) {
    run.Start(recorded.plan, done);
  } else { // a stream: its broken calls failed alone, and do so again
    for (const PlanCall &call : recorded.plan.calls)
      run.Add(call);
    for (const RecordedBrokenCall &call : recorded.broken)
      run.AddBroken(call.id, call.tool, call.error);
    run.Finish(recorded.plan.join, done);
  }
  session.loop().RunUntil([&] { return report.has_value(); });
  int code = execution.finish(*report);
  return code == exitDone && !recorded.complete ? exitWrong : code;
}

} // namespace

Command addPlanResume(CLI::App &app) {
  auto command = std::make_shared<ResumeCommand>();
  app.add_option("journal", command->journal, "What `heddle plan run --journal` wrote")->required();
  app.add_option("--tools", command->tools, "The tools file, where it is elsewhere now");
  command->flags.addTo(app, /*withJournal=*/false);
  app.add_flag("--retry-unknown", command->retryUnknown,
               "Run writes again that had started when the process ended");
  return [command] { return command->run(); };
}

} // namespace heddle::cli
