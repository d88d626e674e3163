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

/// Shows calls as every run does, and what the model is doing on lines between them.
class AskView : public PlannerObserver {
public:
  AskView(PlanExecution &execution, bool quiet) : execution(execution), quiet(quiet) {}

  void OnRound(int round, const std::string &why) override {
    if (round > 1)
      say("planning again: " + shortText(why, 200));
  }
  void OnCorrection(const std::string &errors) override {
    say("sent back to the model: " + shortText(errors, 200));
  }
  void OnChatRetry(const std::string &why, std::chrono::milliseconds pause) override {
    say("asking the model again in " + std::to_string(pause.count()) + " ms: " + shortText(why, 200));
  }

  void OnStart(CallId id, const std::string &tool, const Json &arguments, int attempt) override {
    execution.OnStart(id, tool, arguments, attempt);
  }
  void OnProgress(CallId id, double progress, const std::string &message) override {
    execution.OnProgress(id, progress, message);
  }
  void OnRetry(CallId id, const ToolError &error, std::chrono::milliseconds pause) override {
    execution.OnRetry(id, error, pause);
  }
  void OnEnd(const CallReport &report) override { execution.OnEnd(report); }
  void OnApproval(CallId id, const std::string &tool, const Json &arguments,
                  std::function<void(bool)> answer) override {
    execution.OnApproval(id, tool, arguments, std::move(answer));
  }

private:
  void say(const std::string &line) {
    if (!quiet)
      execution.view().print(line);
  }

  PlanExecution &execution;
  const bool quiet;
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
  auto chat = ChatClient::Create((*session)->loop(), (*session)->http(), chatOptions);
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
    auto made = Journal::Create(session.loop(), flags.journal, header, nullptr, session.secrets());
    if (!made.ok())
      return fail(made.status());
    journal = *std::move(made);
  }
  PlanExecution execution(session, flags);
  options.run = execution.options(journal.get());
  AskView view(execution, flags.json);
  Planner planner(session.loop(), session.registry(), chat, std::move(options), &view);
  execution.onInterrupt([&] { planner.Cancel(); });
  std::optional<PlannerReport> report;
  planner.Ask(question, [&](PlannerReport done) { report = std::move(done); });
  session.loop().RunUntil([&] { return report.has_value(); });
  if (flags.json)
    return execution.finish(report->run, ToJson(*report));
  int code = execution.finish(report->run, {{"answer", report->answer}});
  if (report->status.ok() || execution.interrupted())
    return code;
  return fail(report->status) == exitBadRequest && report->run.calls.empty() ? exitBadRequest : exitWrong;
}

} // namespace

Command addPlanAsk(CLI::App &app) {
  auto command = std::make_shared<AskCommand>();
  app.add_option("question", command->question, "What to find out")->required();
  app.add_option("--tools", command->tools, "The tools file (docs/tools.md)")->required();
  app.add_option("--llm-url", command->url, "An OpenAI-compatible endpoint, such as http://localhost:8080/v1")
      ->required();
  app.add_option("--llm-model", command->model, "The name of the model")->required();
  app.add_option("--llm-key-env", command->keyVariable, "The environment variable that holds the key");
  app.add_option("--max-replans", command->maxReplans, "How often the model may plan again")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--max-calls", command->maxCalls, "The most calls of all plans together")
      ->check(CLI::Range(1, 10'000'000));
  app.add_option("--examples", command->examples, "A file of example plans in place of the built-in one");
  command->flags.addTo(app, /*withJournal=*/true);
  return [command] { return command->run(); };
}

} // namespace heddle::cli
