// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle plan run`: a whole plan, checked before anything runs, or with --stream one whose calls
// start while its text still arrives.

#include "frontends/plan/PlanReader.h"
#include "runtime/plan/journal.h"
#include "runtime/support/status_macros.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/plan/PlanCommands.h"
#include "tools/heddle/plan/PlanExecution.h"
#include "tools/heddle/plan/PlanText.h"
#include "tools/heddle/plan/TextStream.h"

#include <cstdio>

namespace heddle::cli {
namespace {

struct RunCommand {
  PlanTextFlags text;
  RunFlags flags;
  bool stream = false;

  int run() const;
  int runWhole(PlanSession &session) const;
  int runStream(PlanSession &session) const;
  absl::StatusOr<std::unique_ptr<Journal>> makeJournal(PlanSession &session, const Plan *plan,
                                                       std::string_view planText) const;
};

absl::StatusOr<std::unique_ptr<Journal>>
RunCommand::makeJournal(PlanSession &session, const Plan *plan, std::string_view planText) const {
  if (flags.journal.empty())
    return nullptr;
  JournalHeader header;
  header.plan_text = std::string(planText);
  header.options = flags.recorded();
  header.tools_file = text.tools;
  header.tools_digest = session.fileDigest();
  return Journal::Create(session.loop(), flags.journal, header, plan, session.tools().secrets());
}

int RunCommand::run() const {
  auto session = PlanSession::open(text.tools, PlanSession::Purpose::Running);
  if (!session.ok())
    return failLineByLine(session.status());
  return stream ? runStream(**session) : runWhole(**session);
}

int RunCommand::runWhole(PlanSession &session) const {
  auto checked = text.read(session);
  if (!checked.ok())
    return fail(checked.status());
  printDiagnostics(*checked);
  if (!checked->ok())
    return exitBadRequest;
  auto journal = makeJournal(session, &checked->plan, checked->source.text());
  if (!journal.ok())
    return fail(journal.status());
  PlanExecution execution(session, flags);
  PlanRun run(session.loop(), session.registry(), execution.options(journal->get()),
              &execution.view());
  execution.onInterrupt([&] { run.Cancel(); });
  std::optional<RunReport> report;
  run.Start(std::move(checked->plan), [&](RunReport done) { report = std::move(done); });
  session.loop().RunUntil([&] { return report.has_value(); });
  return execution.finish(*report);
}

/// Adds calls to a run as they are read.
class StreamedPlan : public PlanListener {
public:
  StreamedPlan(PlanRun &run, PlanExecution &execution) : run(run), execution(execution) {}

  void onCall(PlanCall call) override {
    anything = true;
    run.Add(std::move(call));
  }
  void onBroken(heddle::BrokenCall call) override {
    std::string message = call.errors.empty() ? "it cannot be read" : call.errors.front().message;
    run.AddBroken(call.id, call.tool, message);
  }
  void onJoin(PlanJoin read) override { join = std::move(read); }
  void onDiagnostic(const PlanDiagnostic &diagnostic) override {
    std::string text = render(diagnostic, *source);
    while (!text.empty() && text.back() == '\n')
      text.pop_back();
    execution.view().print(text);
    errors |= diagnostic.severity == PlanDiagnostic::Severity::Error;
  }

  PlanRun &run;
  PlanExecution &execution;
  const SourceText *source = nullptr;
  std::optional<PlanJoin> join;
  bool anything = false, errors = false;
};

int RunCommand::runStream(PlanSession &session) const {
  // Which tools the text will name is not known yet.
  if (absl::Status status = session.loadAll(); !status.ok())
    note(messageOf(status));
  auto journal = makeJournal(session, nullptr, "");
  if (!journal.ok())
    return fail(journal.status());
  PlanExecution execution(session, flags);
  PlanRun run(session.loop(), session.registry(), execution.options(journal->get()),
              &execution.view());
  StreamedPlan streamed(run, execution);
  PlanStream plan(text.plan == "-" ? "<stdin>" : text.plan, session.catalog(), text.options(),
                  streamed);
  streamed.source = &plan.source();

  std::optional<RunReport> report;
  bool ended = false;
  auto end = [&] {
    if (std::exchange(ended, true))
      return;
    plan.end();
    run.Finish(streamed.join, [&](RunReport done) { report = std::move(done); });
  };
  TextStream input(session.loop());
  absl::Status opened = input.open(text.plan, [&](std::string_view piece) {
    if (ended)
      return;
    plan.feed(piece);
    if (piece.empty() || plan.complete())
      end();
  });
  if (!opened.ok())
    return fail(opened);
  execution.onInterrupt([&] {
    run.Cancel();
    end();
  });
  session.loop().RunUntil([&] { return report.has_value(); });
  // All that ran may be well, and the plan is not.
  if (streamed.errors && report->status == RunReport::Status::kOk)
    report->status = RunReport::Status::kFailed;
  int code = execution.finish(*report);
  return code != exitDone && code != exitInterrupted && !streamed.anything ? exitBadRequest : code;
}

} // namespace

Command addPlanRun(CLI::App &app) {
  auto command = std::make_shared<RunCommand>();
  command->text.addTo(app);
  command->flags.addTo(app, /*withJournal=*/true);
  app.add_flag("--stream", command->stream, "Start each call as soon as its text is complete");
  return [command] { return command->run(); };
}

} // namespace heddle::cli
