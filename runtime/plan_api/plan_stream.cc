// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs of a PlanRunner: a whole plan, which is checked before anything starts, and one that arrives
// in pieces.

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "frontends/plan/PlanReader.h"
#include "runtime/plan/journal.h"
#include "runtime/plan_api/runner_state.h"

namespace heddle::api {
namespace {

CallState StateOf(CallStatus status) {
  switch (status) {
    case CallStatus::kOk:
    case CallStatus::kResumed:
      return CallState::kOk;
    case CallStatus::kError:
    case CallStatus::kUnknown:
      return CallState::kError;
    case CallStatus::kSkipped:
      return CallState::kSkipped;
    case CallStatus::kDeduplicated:
      return CallState::kDeduplicated;
    case CallStatus::kCancelled:
      return CallState::kCancelled;
    case CallStatus::kDenied:
      return CallState::kDenied;
  }
  return CallState::kError;
}

PlanReport Refused(std::string diagnostics) { return {.diagnostics = std::move(diagnostics)}; }

// Who waits there for the loop waits for ever.
constexpr char kOnThread[] = "the runner's own thread cannot wait for a plan";

}  // namespace

// One run. Everything in it is the loop thread's, but for `report`, which that thread makes.
struct PlanStream::State : PlanListener, RunObserver, std::enable_shared_from_this<State> {
  State(PlanRunner::State& runner, PlanOptions options)
      : runner(runner), options(std::move(options)) {}

  PlanReadOptions ReadOptions() const {
    PlanReadOptions read;
    read.maxCalls = static_cast<size_t>(options.max_calls);
    return read;
  }

  // False, with a report, where the run cannot begin.
  bool Begin(const Plan* plan, std::string_view text) {
    RunOptions run_options;
    run_options.max_parallel = options.max_parallel;
    run_options.timeout = options.timeout;
    if (!options.journal.empty()) {
      JournalHeader header;
      header.plan_text = std::string(text);
      auto made =
          Journal::Create(*runner.loop, options.journal, header, plan, runner.tools->secrets());
      if (!made.ok()) {
        report.set_value(Refused(std::string(made.status().message())));
        return false;
      }
      journal = *std::move(made);
    }
    run_options.journal = journal.get();
    run_options.costs = &runner.costs;
    run = std::make_unique<PlanRun>(*runner.loop, runner.tools->registry(), run_options, this);
    return true;
  }

  void End(RunReport ended) {
    PlanReport done;
    done.status = ended.status == RunReport::Status::kOk          ? PlanReport::Status::kOk
                  : ended.status == RunReport::Status::kCancelled ? PlanReport::Status::kCancelled
                                                                  : PlanReport::Status::kFailed;
    done.result = ToText(ended.result);
    done.diagnostics = diagnostics;
    done.json = ToText(ToJson(ended));
    // Nothing of the run is left when its caller hears of its end.
    runner.loop->Post([self = shared_from_this(), done = std::move(done)]() mutable {
      self->run.reset();
      self->journal.reset();
      self->report.set_value(std::move(done));
    });
  }

  // Text that comes before the servers have said what tools they have waits for them.
  void Feed(std::string_view piece) {
    if (!run || ended) return;
    if (loaded) {
      reader->feed(piece);
    } else {
      waiting += piece;
    }
  }
  void EndText() {
    ended = true;
    if (!run || !loaded) return;
    reader->end();
    run->Finish(join, [self = shared_from_this()](RunReport done) { self->End(std::move(done)); });
  }
  void Loaded() {
    loaded = true;
    if (!run) return;
    reader->feed(waiting);
    if (ended) EndText();
  }

  // PlanListener.
  void onCall(PlanCall call) override { run->Add(std::move(call)); }
  void onBroken(BrokenCall call) override {
    run->AddBroken(call.id, call.tool,
                   call.errors.empty() ? "it cannot be read" : call.errors[0].message);
  }
  void onJoin(PlanJoin read) override { join = std::move(read); }
  void onDiagnostic(const PlanDiagnostic& diagnostic) override {
    diagnostics += render(diagnostic, reader->source());
  }

  // RunObserver.
  void OnStart(CallId id, const std::string& tool, const heddle::Json& arguments,
               int attempt) override {
    if (options.on_event) {
      options.on_event({.id = id,
                        .tool = tool,
                        .state = CallState::kStarted,
                        .attempt = attempt,
                        .text = ToText(arguments)});
    }
  }
  void OnRetry(CallId id, const ToolError& error, std::chrono::milliseconds) override {
    if (options.on_event) {
      options.on_event({.id = id, .state = CallState::kRetried, .text = error.message});
    }
  }
  void OnEnd(const CallReport& call) override {
    if (!options.on_event) return;
    options.on_event({.id = call.id,
                      .tool = call.tool,
                      .state = StateOf(call.status),
                      .attempt = call.attempts,
                      .start_ms = call.start_ms,
                      .end_ms = call.end_ms,
                      .text = call.error.empty() ? ToText(call.result) : call.error});
  }
  void OnApproval(CallId id, const std::string& tool, const heddle::Json& arguments,
                  std::function<void(bool)> answer) override {
    answer(options.approve && options.approve(id, tool, ToText(arguments)));
  }

  PlanRunner::State& runner;
  const PlanOptions options;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<heddle::PlanStream> reader;
  std::unique_ptr<PlanRun> run;
  std::optional<PlanJoin> join;
  std::string diagnostics;
  std::string waiting;
  bool loaded = false, ended = false;
  std::atomic<bool> asked{false};  // for the report
  std::promise<PlanReport> report;
};

PlanReport PlanRunner::Run(std::string_view plan, const PlanOptions& options) {
  if (state_->OnThread()) return Refused(kOnThread);
  auto stream = std::make_shared<PlanStream::State>(*state_, options);
  std::future<PlanReport> report = stream->report.get_future();
  // Servers are asked for tools that nothing else has; then the plan is checked.
  state_->loop->Post([stream, text = std::string(plan)] {
    stream->runner.tools->registry().Load(toolsNamedIn(text), [stream, text](absl::Status loaded) {
      if (!loaded.ok()) return stream->report.set_value(Refused(std::string(loaded.message())));
      CheckedPlan checked = parsePlan(text, "plan", *stream->runner.catalog, stream->ReadOptions());
      for (const PlanDiagnostic& diagnostic : checked.diagnostics) {
        stream->diagnostics += render(diagnostic, checked.source);
      }
      if (!checked.ok()) return stream->report.set_value(Refused(stream->diagnostics));
      if (!stream->Begin(&checked.plan, text)) return;
      stream->run->Start(std::move(checked.plan),
                         [stream](RunReport ended) { stream->End(std::move(ended)); });
    });
  });
  return report.get();
}

PlanStream PlanRunner::Start(const PlanOptions& options) {
  auto stream = std::make_shared<PlanStream::State>(*state_, options);
  state_->Call([&] {
    stream->reader = std::make_unique<heddle::PlanStream>("plan", *state_->catalog,
                                                          stream->ReadOptions(), *stream);
    bool began = stream->Begin(nullptr, "");
    // What a server says is wrong with it is found again by the calls that need it.
    state_->tools->registry().LoadAll([stream](absl::Status) { stream->Loaded(); });
    return began;
  });
  return PlanStream(std::move(stream));
}

PlanStream::PlanStream(std::shared_ptr<State> state) : state_(std::move(state)) {}
PlanStream::PlanStream(PlanStream&&) noexcept = default;

PlanStream::~PlanStream() {
  if (!state_) return;
  state_->runner.Call([this] {
    state_->run.reset();
    state_->reader.reset();
    state_->journal.reset();
    return true;
  });
}

void PlanStream::Feed(std::string_view text) {
  state_->runner.loop->Post([state = state_, piece = std::string(text)] { state->Feed(piece); });
}

void PlanStream::Cancel() {
  state_->runner.loop->Post([state = state_] {
    if (state->run) state->run->Cancel();
  });
}

PlanReport PlanStream::Finish() {
  if (state_->runner.OnThread()) return Refused(kOnThread);
  if (state_->asked.exchange(true)) return Refused("the plan has been finished before");
  std::future<PlanReport> report = state_->report.get_future();
  state_->runner.loop->Post([state = state_] { state->EndText(); });
  return report.get();
}

}  // namespace heddle::api
