// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The process that kill_test.cc kills: runs a plan of 40 calls with a journal, or goes on with it. A
// write appends a line with its id, and the moment between the line and the answer is where most of
// its time passes.
//
//   plan_kill_worker run|resume JOURNAL LINES      prints the ids of calls whose status is unknown

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <random>

#include "runtime/plan/journal.h"
#include "runtime/plan/plan_run.h"
#include "runtime/tools/tool_registry.h"

namespace heddle {
namespace {

struct Pending : ToolCall {
  EventLoop::Timer timer;
};

class Appender : public Tool {
 public:
  Appender(ToolDescription description, EventLoop& loop, const char* path)
      : Tool(std::move(description)), loop_(loop), path_(path) {}

  std::unique_ptr<ToolCall> StartCall(Json arguments, const ToolCallOptions&, Done done) override {
    auto call = std::make_unique<Pending>();
    auto pause = std::chrono::microseconds(random_() % 1500);
    call->timer = loop_.After(pause, [this, &call = *call, arguments, pause, done] {
      if (description_.effects == ToolEffects::kWrite) {
        std::string line = arguments["n"].dump() + "\n";
        int file = open(path_, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (write(file, line.data(), line.size()) != static_cast<ssize_t>(line.size())) abort();
        close(file);
      }
      call.timer = loop_.After(pause, [arguments, done] { done(arguments); });
    });
    return call;
  }

 private:
  EventLoop& loop_;
  const char* path_;
  std::minstd_rand random_{static_cast<unsigned>(getpid())};
};

ToolDescription Describe(const char* name, ToolEffects effects, const char* resource) {
  ToolDescription tool;
  tool.name = name;
  tool.effects = effects;
  tool.resource = resource;
  return tool;
}

// Writes in a row, writes on their own, reads between, and references through all of it.
Plan MakePlan() {
  Plan plan;
  for (int n = 1; n <= 40; ++n) {
    PlanCall call;
    call.id = n;
    call.tool = n % 4 == 0 ? "read" : n % 2 ? "write" : "append";
    call.arguments.members.push_back({"n", {Json(n), {}}});
    if (n > 7) call.arguments.members.push_back({"before", {Reference{n - 7, {"n"}, {}}, {}}});
    plan.calls.push_back(std::move(call));
  }
  plan.join.emplace();
  return plan;
}

int Main(int argc, char** argv) {
  if (argc != 4) return 2;
  auto loop = EventLoop::Create();
  if (!loop.ok()) return 2;
  ToolRegistry registry;
  for (const ToolDescription& tool :
       {Describe("read", ToolEffects::kRead, "log"), Describe("write", ToolEffects::kWrite, "log"),
        Describe("append", ToolEffects::kWrite, "")}) {
    if (!registry.Add(std::make_unique<Appender>(tool, **loop, argv[3])).ok()) return 2;
  }
  Plan plan = MakePlan();
  bool resume = std::strcmp(argv[1], "resume") == 0;
  auto journal =
      resume ? Journal::Open(**loop, argv[2]) : Journal::Create(**loop, argv[2], {}, &plan);
  if (!journal.ok()) {
    std::fprintf(stderr, "%s\n", journal.status().ToString().c_str());
    return 2;
  }
  if (resume) plan = (*journal)->recorded().plan;
  RunOptions options;
  options.journal = journal->get();
  options.max_parallel = 6;
  PlanRun run(**loop, registry, options, nullptr);
  std::optional<RunReport> report;
  run.Start(std::move(plan), [&](RunReport r) { report = std::move(r); });
  (*loop)->RunUntil([&] { return report.has_value(); });
  for (const CallReport& call : report->calls) {
    if (call.status == CallStatus::kUnknown) std::printf("unknown %d\n", static_cast<int>(call.id));
    if (call.status == CallStatus::kSkipped) std::printf("skipped %d\n", static_cast<int>(call.id));
  }
  return report->status == RunReport::Status::kOk ? 0 : 1;
}

}  // namespace
}  // namespace heddle

int main(int argc, char** argv) { return heddle::Main(argc, argv); }
