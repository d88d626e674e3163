// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Replays the questions of plan data sets with tools of random latency: a plan for each question, run
// one call after another, level by level (what parallel tool calling does), by Heddle, and by Heddle
// while its text still arrives. All four ways see the same latencies, in one run.
//
//   plan_replay FILE.json... [--scale S] [--at-once N]
//
// A file is an array of questions. One with a "branch" becomes so many look-ups, a calculation on each and
// one over all; any other the eight look-ups of a film question. A look-up takes 0.61 s on average and
// the slowest of eight 1.13 s, as published for those questions; S scales all times.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "benchmarks/plan_questions.h"
#include "benchmarks/synthetic_tool.h"
#include "runtime/plan/critical_path.h"
#include "runtime/plan/plan_run.h"
#include "runtime/tools/tool_registry.h"

namespace heddle {
namespace {

using Clock = EventLoop::Clock;

enum Way { kSequential, kLevels, kWhole, kStreamed, kWays };
constexpr const char *kNames[] = {"one after another", "level by level", "Heddle",
                                  "Heddle, streamed"};

double Milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// The longest way, by the latencies that were drawn, and by how long the tools really slept: on a busy
// machine a sleep is longer, and no executor can help it.
struct Result {
  size_t set;
  double makespan_ms, drawn_ms, measured_ms;
  std::vector<double> late_us; // from being ready to starting, of each call
};

// One question done in one way.
class Replay {
public:
  Replay(EventLoop &loop, const Question &question, Way way, std::function<void(Result)> done)
      : loop_(loop), set_(question.set), question_(question.steps), way_(way),
        done_(std::move(done)), started_(question_.size()), ended_(question_.size()) {
    for (const char *name : {"search", "math"}) {
      ToolDescription tool;
      tool.name = name;
      tool.effects = ToolEffects::kRead;
      auto duration_of = [this](const Json &arguments) {
        auto ms = std::chrono::duration<double, std::milli>(question_[Index(arguments)].ms);
        return std::chrono::duration_cast<Clock::duration>(ms);
      };
      auto watch = [this](const Json &arguments, bool ends) { Watch(Index(arguments), ends); };
      (void)registry_.Add(std::make_unique<SyntheticTool>(tool, loop, duration_of, watch));
    }
    began_ = Clock::now();
    run_.emplace(loop_, registry_, RunOptions{}, nullptr);
    arrived_.assign(question_.size(), began_);
    ready_ = arrived_;
    if (way == kStreamed) {
      Feed(0);
    } else {
      Plan plan;
      for (uint32_t i = 0; i < question_.size(); ++i)
        plan.calls.push_back(CallOf(i));
      plan.join.emplace();
      run_->Start(std::move(plan), [this](RunReport) { End(); });
    }
  }

private:
  static uint32_t Index(const Json &arguments) { return arguments["i"].get<uint32_t>(); }

  void Watch(uint32_t index, bool ends) {
    auto now = Clock::now();
    if (!ends) {
      started_[index] = now;
      return;
    }
    ended_[index] = now;
    for (uint32_t i = index + 1; i < question_.size(); ++i) {
      const auto &uses = question_[i].uses;
      if (std::find(uses.begin(), uses.end(), index) != uses.end())
        ready_[i] = std::max(ready_[i], now);
    }
  }

  PlanCall CallOf(uint32_t index) {
    const Step &step = question_[index];
    PlanCall call;
    call.id = index;
    call.tool = step.tool;
    call.arguments.members.push_back({"i", {Json(index), {}}});
    Template::List uses;
    for (uint32_t used : step.uses)
      uses.elements.push_back({Reference{used, {}, {}}, {}});
    call.arguments.members.push_back({"uses", {std::move(uses), {}}});
    for (uint32_t earlier = 0; earlier < index; ++earlier) {
      bool before = way_ == kSequential ? earlier + 1 == index
                                        : way_ == kLevels && Level(earlier) + 1 == Level(index);
      if (before)
        call.after.push_back(earlier);
    }
    return call;
  }

  int Level(uint32_t index) const {
    int level = 0;
    for (uint32_t used : question_[index].uses)
      level = std::max(level, Level(used) + 1);
    return level;
  }

  void Feed(uint32_t index) {
    if (index == question_.size()) {
      run_->Finish(PlanJoin{}, [this](RunReport) { End(); });
      return;
    }
    auto when =
        began_ + std::chrono::duration_cast<Clock::duration>(
                     std::chrono::duration<double, std::milli>(question_[index].arrives_ms));
    timer_ = loop_.At(when, [this, index] {
      arrived_[index] = Clock::now();
      ready_[index] = std::max(ready_[index], arrived_[index]);
      run_->Add(CallOf(index));
      Feed(index + 1);
    });
  }

  void End() {
    Result result{set_, Milliseconds(Clock::now() - began_), 0, 0, {}};
    result.drawn_ms =
        LongestWay([&](size_t i) { return way_ == kStreamed ? question_[i].arrives_ms : 0; },
                   [&](size_t i) { return question_[i].ms; });
    result.measured_ms =
        LongestWay([&](size_t i) { return Milliseconds(arrived_[i] - began_); },
                   [&](size_t i) { return Milliseconds(ended_[i] - started_[i]); });
    for (size_t i = 0; i < question_.size(); ++i) {
      result.late_us.push_back(1000 * Milliseconds(started_[i] - ready_[i]));
    }
    done_(std::move(result));
  }

  template <typename Arrival, typename Duration>
  double LongestWay(Arrival arrival, Duration duration) const {
    std::vector<double> ends;
    for (size_t i = 0; i < question_.size(); ++i) {
      double start = arrival(i);
      for (uint32_t used : question_[i].uses)
        start = std::max(start, ends[used]);
      ends.push_back(start + duration(i));
    }
    return ends.empty() ? 0 : *std::max_element(ends.begin(), ends.end());
  }

  EventLoop &loop_;
  const size_t set_;
  const std::vector<Step> &question_;
  const Way way_;
  const std::function<void(Result)> done_;
  Clock::time_point began_;
  std::vector<Clock::time_point> arrived_, ready_, started_, ended_;
  ToolRegistry registry_;
  EventLoop::Timer timer_;
  std::optional<PlanRun> run_;
};

std::vector<Result> RunAll(EventLoop &loop, const std::vector<Question> &questions, Way way,
                           size_t at_once) {
  std::vector<Result> results;
  std::map<size_t, std::unique_ptr<Replay>> running;
  size_t next = 0;
  std::function<void()> refill = [&] {
    while (running.size() < at_once && next < questions.size()) {
      size_t index = next++;
      auto &place = running[index];
      place = std::make_unique<Replay>(loop, questions[index], way, [&, index](Result result) {
        results.push_back(std::move(result));
        loop.Post([&, index] { running.erase(index), refill(); });
      });
    }
  };
  refill();
  loop.RunUntil([&] { return results.size() == questions.size() && running.empty(); });
  return results;
}

double At(std::vector<double> &sorted, double quantile) {
  return sorted.empty()
             ? 0
             : sorted[static_cast<size_t>(quantile * static_cast<double>(sorted.size() - 1))];
}

void PrintSet(size_t set, const std::map<Way, std::vector<Result>> &results) {
  auto mean = [&](Way way) {
    double sum = 0, count = 0;
    for (const Result &result : results.at(way)) {
      if (result.set == set)
        sum += result.makespan_ms, ++count;
    }
    return sum / std::max(count, 1.0);
  };
  std::printf("| way | mean ms | to Heddle | at most path + 2 ms + 1 %% | by drawn times | start "
              "late, median us | p99 us |\n"
              "|---|--:|--:|--:|--:|--:|--:|\n");
  for (Way way : {kSequential, kLevels, kWhole, kStreamed}) {
    std::vector<double> late;
    int count = 0, measured = 0, drawn = 0;
    for (const Result &result : results.at(way)) {
      if (result.set != set)
        continue;
      ++count;
      measured += result.makespan_ms <= result.measured_ms * 1.01 + 2;
      drawn += result.makespan_ms <= result.drawn_ms * 1.01 + 2;
      late.insert(late.end(), result.late_us.begin(), result.late_us.end());
    }
    std::sort(late.begin(), late.end());
    std::printf("| %s | %.1f | %.2f | ", kNames[way], mean(way), mean(way) / mean(kWhole));
    if (way == kSequential || way == kLevels) {
      std::printf("| | | |\n");
    } else {
      std::printf("%d of %d | %d | %.0f | %.0f |\n", measured, count, drawn, At(late, 0.5),
                  At(late, 0.99));
    }
  }
}

int Main(int argc, char **argv) {
  double scale = 0.1;
  size_t at_once = 4;
  Synthesis synthesis;
  std::vector<const char *> files;
  std::vector<Question> questions;
  for (int i = 1; i < argc; ++i) {
    if (!std::strcmp(argv[i], "--scale") && i + 1 < argc) {
      scale = std::atof(argv[++i]);
    } else if (!std::strcmp(argv[i], "--at-once") && i + 1 < argc) {
      at_once = static_cast<size_t>(std::max(1, std::atoi(argv[++i])));
    } else {
      std::stringstream text;
      text << std::ifstream(argv[i]).rdbuf();
      auto json = ParseJson(text.str(), {});
      if (!json.ok() || !json->is_array()) {
        std::fprintf(stderr, "%s: not an array of questions\n", argv[i]);
        return 2;
      }
      for (const Json &question : *json)
        questions.push_back(synthesis.Make(question, files.size()));
      files.push_back(argv[i]);
    }
  }
  if (questions.empty() || scale <= 0) {
    std::fprintf(stderr, "plan_replay FILE.json... [--scale S] [--at-once N]\n");
    return 2;
  }
  for (Question &question : questions) {
    for (Step &step : question.steps)
      step.ms *= scale, step.arrives_ms *= scale;
  }
  auto loop = EventLoop::Create();
  if (!loop.ok())
    return 2;
  double load[1] = {0};
  if (getloadavg(load, 1) != 1)
    load[0] = 0;
  std::printf("%zu questions, times scaled by %g, %zu at once, load %.1f\n\n", questions.size(),
              scale, at_once, load[0]);
  std::map<Way, std::vector<Result>> results;
  for (Way way : {kSequential, kLevels, kWhole, kStreamed})
    results[way] = RunAll(**loop, questions, way, at_once);
  for (size_t set = 0; set < files.size(); ++set) {
    std::printf("%s%s\n\n", set ? "\n" : "", files[set]);
    PrintSet(set, results);
  }
  return 0;
}

} // namespace
} // namespace heddle

int main(int argc, char **argv) { return heddle::Main(argc, argv); }
