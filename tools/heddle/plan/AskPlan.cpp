// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle plan ask`: a language model plans, its calls run while it still writes, and it answers.

#include "runtime/plan/journal.h"
#include "runtime/planner/planner.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/plan/PlanCommands.h"
#include "tools/heddle/plan/PlanExecution.h"

namespace heddle::cli {
namespace {

struct AskCommand {
  std::string question, tools, url, model, keyVariable, examples;
  int maxReplans = 3;
  size_t maxCalls = 1000;
  RunFlags flags;

  int run() const;
  int ask(PlanSession &session, PlannerOptions options, ChatClient &chat) const;
};

int AskCommand::run() const {
  PlannerOptions options;
  options.max_replans = maxReplans;
  options.max_calls = maxCalls;
  if (!examples.empty()) {
    auto text = readText(examples);
    if (!text.ok())
      return fail(text.status());
    options.examples = *std::move(text);
  }
  auto session = PlanSession::open(tools, PlanSession::Purpose::Running);
  if (!session.ok())
    return failLineByLine(session.status());
  ChatOptions chatOptions;
  chatOptions.url = url;
  chatOptions.model = model;
  chatOptions.key_env = keyVariable;
  auto chat = ChatClient::Create((*session)->loop(), (*session)->tools().host().http, chatOptions);
  if (!chat.ok())
    return fail(chat.status());
  return ask(**session, std::move(options), **chat);
}

int AskCommand::ask(PlanSession &session, PlannerOptions options, ChatClient &chat) const {
  std::unique_ptr<Journal> journal;
  if (!flags.journal.empty()) {
    JournalHeader header;
    header.options = flags.recorded();
    header.tools_file = tools;
    header.tools_digest = session.fileDigest();
    auto made =
        Journal::Create(session.loop(), flags.journal, header, nullptr, session.tools().secrets());
    if (!made.ok())
      return fail(made.status());
    journal = *std::move(made);
  }
  PlanExecution execution(session, flags);
  options.run = execution.options(journal.get());
  Planner planner(session.loop(), session.registry(), chat, std::move(options), &execution.view());
  execution.onInterrupt([&] { planner.Cancel(); });
  std::optional<PlannerReport> report;
  planner.Ask(question, [&](PlannerReport done) { report = std::move(done); });
  session.loop().RunUntil([&] { return report.has_value(); });
  if (flags.json)
    return execution.finish(report->run, ToJson(*report));
  int code = execution.finish(report->run, {{"answer", report->answer}});
  if (report->status.ok() || execution.interrupted())
    return code;
  return fail(report->status) == exitBadRequest && report->run.calls.empty() ? exitBadRequest
                                                                             : exitWrong;
}

} // namespace

Command addPlanAsk(CLI::App &app) {
  auto command = std::make_shared<AskCommand>();
  app.add_option("question", command->question, "What to find out")->required();
  app.add_option("--tools", command->tools, "The tools file (docs/tools.md)")->required();
  app.add_option("--llm-url", command->url,
                 "An OpenAI-compatible endpoint, such as http://localhost:8080/v1")
      ->required();
  app.add_option("--llm-model", command->model, "The name of the model")->required();
  app.add_option("--llm-key-env", command->keyVariable,
                 "The environment variable that holds the key");
  app.add_option("--max-replans", command->maxReplans, "How often the model may plan again")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--max-calls", command->maxCalls, "The most calls of all plans together")
      ->check(CLI::Range(1, 10'000'000));
  app.add_option("--examples", command->examples,
                 "A file of example plans in place of the built-in one");
  command->flags.addTo(app, /*withJournal=*/true);
  return [command] { return command->run(); };
}

} // namespace heddle::cli
