// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random plans against a serial oracle: whatever runs beside what, and however calls arrive, statuses and
// results are those of running one call after another in the order of the text.

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/unit/plan/run_testing.h"

namespace heddle::testing {
namespace {

enum Kind { kAdd, kFail, kGet, kPut, kSlowAdd };

// What each call does: kAdd sums what it uses plus its number; kFail fails; kGet reads a resource's
// value; kPut adds its number to it and returns the new value.
struct OracleCall {
  Kind kind;
  int number, resource;
  std::vector<CallId> uses, after;
};

struct Expected {
  std::string status;
  int64_t result = 0;
};

std::vector<OracleCall> RandomCalls(std::mt19937& random, int count) {
  auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  std::vector<OracleCall> calls;
  for (int id = 0; id < count; ++id) {
    constexpr Kind kKinds[] = {kAdd, kAdd, kAdd, kSlowAdd, kGet, kGet, kPut, kFail};
    Kind kind = kKinds[below(8)];
    if (kind == kFail && below(3) != 0) kind = kSlowAdd;
    OracleCall call{kind, below(6), below(3), {}, {}};
    std::set<CallId> uses, after;
    for (int i = below(4); i > 0 && id > 0; --i) uses.insert(id - 1 - below(std::min(id, 12)));
    if (id > 0 && below(6) == 0) after.insert(below(id));
    call.uses.assign(uses.begin(), uses.end());
    call.after.assign(after.begin(), after.end());
    calls.push_back(std::move(call));
  }
  return calls;
}

// Writers of the resources that one call at a time would have made.
std::vector<Expected> RunSerially(const std::vector<OracleCall>& calls) {
  std::vector<Expected> expected;
  std::map<int, int64_t> resources;
  for (const OracleCall& call : calls) {
    Expected e{"ok", 0};
    int64_t sum = call.number;
    for (CallId used : call.uses) {
      if (expected[static_cast<size_t>(used)].status != "ok") e.status = "skipped";
      sum += expected[static_cast<size_t>(used)].result;
    }
    if (e.status == "ok" && call.kind == kFail) e.status = "error";
    if (e.status == "ok") {
      if (call.kind == kPut) resources[call.resource] = (resources[call.resource] + sum) % 1000003;
      bool reads = call.kind == kGet || call.kind == kPut;
      e.result = reads ? resources[call.resource] : sum % 1000003;
    }
    expected.push_back(e);
  }
  return expected;
}

class PlanStress : public PlanRunTest {
 protected:
  void SetUp() override { AddTools(); }

  void AddTools() {
    auto sum = [](const Json& arguments) {
      int64_t total = arguments["n"].get<int64_t>();
      for (const Json& value : arguments["uses"]) total += value.get<int64_t>();
      return total;
    };
    auto later = [this](FakeTool::UnderWay& call, std::function<void()> act) {
      call.timer = loop_->After(std::chrono::microseconds(random_() % 800), std::move(act));
    };
    AddTool(Describe("add"), [sum](const Json& a, auto&, auto done) { done(sum(a) % 1000003); });
    ToolDescription slow = Describe("slow");
    slow.max_parallel = 3;
    AddTool(slow, [=](const Json& a, auto& call, auto done) {
      later(call, [=] { done(sum(a) % 1000003); });
    });
    ToolDescription fail = Describe("fail", ToolEffects::kRead);
    fail.retries = 1;
    fail.backoff = milliseconds(1);
    AddTool(fail, [=](const Json&, auto& call, auto done) {
      later(call, [=] { done(ToolError{"broke", true, {}}); });
    });
    for (int resource = 0; resource < 3; ++resource) {
      std::string name = std::to_string(resource);
      ToolDescription get = Describe("get" + name, ToolEffects::kRead);
      ToolDescription put = Describe("put" + name, ToolEffects::kWrite);
      get.resource = put.resource = name;
      // A read sees the value when it starts, a write changes it when it ends: whatever overlaps shows.
      AddTool(get, [=, this](const Json&, auto& call, auto done) {
        int64_t value = resources_[resource];
        later(call, [=] { done(value); });
      });
      AddTool(put, [=, this](const Json& a, auto& call, auto done) {
        int64_t value = (resources_[resource] + sum(a)) % 1000003;
        later(call, [=, this] { done(resources_[resource] = value); });
      });
    }
    AddSilent(Describe("silent"));
  }

  PlanCall ToPlanCall(CallId id, const OracleCall& call) {
    std::string resource = std::to_string(call.resource);
    std::string tool = call.kind == kAdd    ? "add"
                       : call.kind == kFail ? "fail"
                       : call.kind == kGet  ? "get" + resource
                       : call.kind == kPut  ? "put" + resource
                                            : "slow";
    Template::List uses;
    for (CallId used : call.uses) uses.elements.push_back(Ref(used));
    return Call(id, tool, {{"n", Value(call.number)}, {"uses", {std::move(uses), {}}}}, call.after);
  }

  RunReport RunCalls(const std::vector<OracleCall>& calls, bool streamed, RunOptions options) {
    Plan plan;
    for (size_t id = 0; id < calls.size(); ++id) {
      plan.calls.push_back(ToPlanCall(static_cast<CallId>(id), calls[id]));
    }
    plan.join = Join();
    if (!streamed) return Run(std::move(plan), options);
    PlanRun run(*loop_, *registry_, options, nullptr);
    std::optional<RunReport> report;
    size_t next = 0;
    std::function<void()> feed = [&] {
      for (int burst = static_cast<int>(random_() % 5); burst >= 0 && next < plan.calls.size();
           --burst) {
        run.Add(plan.calls[next++]);
      }
      if (next < plan.calls.size()) return loop_->Post(feed);
      run.Finish(plan.join, [&](RunReport r) { report = std::move(r); });
    };
    feed();
    Wait([&] { return report.has_value(); });
    return *report;
  }

  std::mt19937 random_{1};
  std::map<int, int64_t> resources_;
};

TEST_F(PlanStress, EveryOrderGivesTheResultsOfOneAfterAnother) {
  for (int round = 0; round < 120; ++round) {
    random_.seed(static_cast<unsigned>(round));
    resources_.clear();
    std::vector<OracleCall> calls = RandomCalls(random_, 5 + round % 60);
    std::vector<Expected> expected = RunSerially(calls);
    RunOptions options;
    options.max_parallel = round % 3 == 0 ? 0 : round % 7 + 1;
    options.merge_duplicates = round % 5 != 0;
    RunReport report = RunCalls(calls, round % 2 == 1, options);
    ASSERT_EQ(report.calls.size(), calls.size());
    for (size_t id = 0; id < calls.size(); ++id) {
      const CallReport& call = report.calls[id];
      std::string status =
          call.status == CallStatus::kDeduplicated ? "ok" : std::string(ToText(call.status));
      ASSERT_EQ(status, expected[id].status) << "round " << round << ", call " << id;
      if (status == "ok") {
        ASSERT_EQ(call.result, expected[id].result)
            << "round " << round << ", call " << id << " of " << call.tool;
      }
    }
    ASSERT_LE(report.critical_path_ms, report.makespan_ms);
  }
}

TEST_F(PlanStress, WheneverItIsCancelledEveryCallHasAnEnd) {
  for (int round = 0; round < 60; ++round) {
    random_.seed(static_cast<unsigned>(1000 + round));
    std::vector<OracleCall> calls = RandomCalls(random_, 40);
    RunOptions options;
    options.max_parallel = round % 4;
    if (round % 2) options.timeout = milliseconds(1 + round % 7);
    Plan plan;
    for (size_t id = 0; id < calls.size(); ++id) {
      plan.calls.push_back(ToPlanCall(static_cast<CallId>(id), calls[id]));
    }
    plan.calls.push_back(Call(1000, "silent"));  // never ends by itself
    plan.join = Join();
    PlanRun run(*loop_, *registry_, options, nullptr);
    std::optional<RunReport> report;
    run.Start(plan, [&](RunReport r) { report = std::move(r); });
    auto cancel = loop_->After(std::chrono::microseconds(random_() % 6000), [&] {
      if (round % 2 == 0) run.Cancel();
    });
    Wait([&] { return report.has_value(); });
    ASSERT_EQ(report->calls.size(), calls.size() + 1);
    ASSERT_EQ(report->calls.back().status, CallStatus::kCancelled);
    ASSERT_NE(report->status, RunReport::Status::kOk);
    for (const CallReport& call : report->calls) ASSERT_GE(call.end_ms, call.start_ms);
  }
}

}  // namespace
}  // namespace heddle::testing
