// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/Profile.h"

#include "tools/heddle/Console.h"
#include "tools/heddle/TensorExchange.h"
#include "tools/heddle/explain/Explanation.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

namespace heddle::cli {

namespace {

using TaskKey = std::pair<uint32_t, uint32_t>; // graph, task

/// The time of each task in the run that was recorded last.
std::map<TaskKey, double> timesOf(const TraceRecorder &trace) {
  std::map<TaskKey, double> us;
  for (const auto &worker : trace.events())
    for (const TraceRecorder::Event &event : worker)
      us[{event.graph, event.index}] += static_cast<double>(event.end_ns - event.begin_ns) / 1e3;
  return us;
}

absl::StatusOr<std::map<TaskKey, double>> leastTimes(Session &session) {
  constexpr int runs = 20;
  session.EnableTrace();
  std::map<TaskKey, double> least;
  Progress progress;
  for (int i = 0; i < runs; ++i) {
    if (absl::Status status = session.Run(); !status.ok())
      return status;
    for (auto [key, us] : timesOf(*session.trace())) {
      auto [found, isNew] = least.try_emplace(key, us);
      found->second = std::min(found->second, us);
    }
    progress.show("profile " + std::to_string(i + 1) + " of " + std::to_string(runs));
  }
  return least;
}

/// The longer of computing and reading, were nothing else to do. A run of a sub-graph is one of
/// many.
double leastTime(const ProfiledTask &task, const Roofline &roofline) {
  if (task.operations < 0 || task.bytes < 0)
    return -1;
  double computing = static_cast<double>(task.operations) / roofline.gflops / 1e3;
  // What fits the caches may come from there.
  constexpr int64_t cached = 16 << 20;
  double reading =
      task.bytes > cached ? static_cast<double>(task.bytes) / roofline.memoryGbPerSec / 1e3 : 0;
  return std::max(computing, reading);
}

std::string numberText(double number) {
  char text[16] = "-";
  if (number >= 0)
    std::snprintf(text, sizeof text, number < 10 ? "%.2f" : "%.0f", number);
  return text;
}

double rounded(double number) { return std::round(number * 1e3) / 1e3; }

} // namespace

absl::StatusOr<Profile> profileRuns(Session &session, const Model &model,
                                    std::list<HostTensor> &inputs) {
  auto least = leastTimes(session);
  if (!least.ok())
    return least.status();
  auto tensors = borrowAll(inputs);
  if (!tensors.ok())
    return tensors.status();
  auto explanation = explain(model, *tensors, {});
  if (!explanation.ok())
    return explanation.status();
  Profile profile;
  profile.roofline = measureRoofline();
  for (const ExplainedGraph &graph : explanation->graphs)
    for (uint32_t i = 0; i < graph.tasks.size(); ++i) {
      auto found = least->find({graph.index, i});
      if (found == least->end())
        continue;
      const ExplainedTask &task = graph.tasks[i];
      ProfiledTask profiled{
          .op = task.op, .name = task.name, .graph = graph.index, .task = i, .us = found->second};
      // A task of a loop's body is measured over all iterations, and counted for one.
      if (&graph == &explanation->main()) {
        profiled.operations = task.operations;
        profiled.bytes = task.bytes;
        profiled.leastUs = leastTime(profiled, profile.roofline);
      }
      profile.totalUs += profiled.us;
      profile.tasks.push_back(std::move(profiled));
    }
  std::stable_sort(profile.tasks.begin(), profile.tasks.end(),
                   [](const ProfiledTask &a, const ProfiledTask &b) { return a.us > b.us; });
  return profile;
}

void Profile::print() const {
  std::printf("one core: %.0f GFLOP/s, %.0f GB/s from memory; tasks %.1f us in all\n",
              roofline.gflops, roofline.memoryGbPerSec, totalUs);
  std::printf("%10s %6s %8s %8s %9s  %s\n", "us", "share", "GFLOP/s", "GB/s", "lost us", "task");
  constexpr size_t most = 25;
  for (size_t i = 0; i < std::min(most, tasks.size()); ++i) {
    const ProfiledTask &task = tasks[i];
    std::printf("%10.1f %5.1f%% %8s %8s %9.1f  %s %s\n", task.us, 100 * task.us / totalUs,
                numberText(task.gflops()).c_str(), numberText(task.gbPerSec()).c_str(),
                task.lostUs(), oneLine(task.op).c_str(), oneLine(task.name).substr(0, 60).c_str());
  }
  if (tasks.size() > most)
    std::printf("and %zu more\n", tasks.size() - most);
  std::map<std::string, double> lostBy;
  for (const ProfiledTask &task : tasks)
    lostBy[task.op] += task.lostUs();
  auto next = std::max_element(lostBy.begin(), lostBy.end(),
                               [](auto &a, auto &b) { return a.second < b.second; });
  if (next != lostBy.end() && totalUs > 0)
    std::printf("next: %s, which is %.1f us (%.0f %%) above what the machine allows\n",
                oneLine(next->first).c_str(), next->second, 100 * next->second / totalUs);
}

nlohmann::ordered_json Profile::json() const {
  nlohmann::ordered_json all;
  all["peak_gflops"] = rounded(roofline.gflops);
  all["memory_gb_per_s"] = rounded(roofline.memoryGbPerSec);
  all["total_us"] = rounded(totalUs);
  all["tasks"] = nlohmann::ordered_json::array();
  for (const ProfiledTask &task : tasks) {
    nlohmann::ordered_json fields;
    fields["op"] = task.op;
    fields["name"] = task.name;
    fields["graph"] = task.graph;
    fields["task"] = task.task;
    fields["us"] = rounded(task.us);
    fields["lost_us"] = rounded(task.lostUs());
    if (task.operations > 0)
      fields["gflops"] = rounded(task.gflops());
    if (task.bytes > 0)
      fields["gb_per_s"] = rounded(task.gbPerSec());
    all["tasks"].push_back(std::move(fields));
  }
  return all;
}

} // namespace heddle::cli
