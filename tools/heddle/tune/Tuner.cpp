// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/tune/Tuner.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <tuple>

namespace heddle::cli {

using nlohmann::json;

/// A kernel that takes less of the time is left as it is.
static constexpr double kLeastShare = 0.01;
static constexpr double kLeastWholeGain = 0.005;
static constexpr int kMostFailed = 3;

double Tuner::elapsed() const {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

absl::Status Tuner::compile(const json &schedules, const std::string &output, HeddleEmit emit) {
  CompileRequest one = request.compile;
  one.output = output;
  one.emit = emit;
  one.schedules = schedules.dump();
  return compileApart(one).status();
}

json Tuner::wanted(bool apart) const {
  json all = {{"apart", apart}, {"kernels", json::object()}};
  for (const KernelSearch &search : searches)
    if (search.found())
      all["kernels"][search.kernel().signature] = search.bestSchedule();
  return all;
}

/// What there is to choose, for the best schedules so far.
absl::Status Tuner::list() {
  if (absl::Status status = compile(wanted(true), other.path(), HEDDLE_EMIT_SCHEDULES);
      !status.ok())
    return status;
  std::ifstream file(other.path());
  json all = json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!all.is_object())
    return absl::InternalError("the compiler lists no schedules");
  target = all.at("target");
  listed.clear();
  for (const json &fields : all.at("kernels"))
    listed.push_back(TunableKernel::parse(fields));
  for (KernelSearch &search : searches)
    for (const TunableKernel &kernel : listed)
      if (kernel.signature == search.kernel().signature)
        search.update(kernel);
  return absl::OkStatus();
}

absl::StatusOr<Comparison> Tuner::measure(const json &schedules, bool byKernel, double seconds) {
  if (absl::Status status = compile(schedules, other.path(), HEDDLE_EMIT_ARTIFACT); !status.ok())
    return status;
  return compare(other.path(), byKernel, seconds);
}

absl::StatusOr<Comparison> Tuner::compare(const std::string &artifact, bool byKernel,
                                          double seconds) {
  return compareApart({.usual = usual.path(),
                       .other = artifact,
                       .inputs = request.inputs,
                       .threads = request.threads,
                       .seconds = seconds,
                       .byKernel = byKernel,
                       .turns = CacheFolder::defaultPath() + "/measuring"});
}

/// The kernels that take most of the time.
absl::Status Tuner::choose() {
  if (absl::Status status = list(); !status.ok())
    return status;
  if (absl::Status status = compile(wanted(true), usual.path(), HEDDLE_EMIT_ARTIFACT); !status.ok())
    return status;
  auto compared = compare(usual.path(), /*byKernel=*/true, 0.5);
  if (!compared.ok())
    return compared.status();
  double total = 0;
  for (const auto &[name, times] : compared->kernels)
    total += std::min(times.usualUs, times.otherUs);
  for (const TunableKernel &kernel : listed) {
    auto found = compared->kernels.find(kernel.kernel);
    if (found == compared->kernels.end() || total <= 0)
      continue;
    double share = std::min(found->second.usualUs, found->second.otherUs) / total;
    if (share >= kLeastShare)
      report.kernels.push_back({kernel, share, {}, {}});
  }
  std::sort(report.kernels.begin(), report.kernels.end(),
            [](const TunedKernel &a, const TunedKernel &b) {
              return std::tie(b.share, a.kernel.kernel) < std::tie(a.share, b.kernel.kernel);
            });
  for (const TunedKernel &kernel : report.kernels)
    searches.emplace_back(kernel.kernel);
  return absl::OkStatus();
}

absl::StatusOr<bool> Tuner::round() {
  double start = elapsed();
  json schedules = wanted(true);
  std::vector<std::pair<KernelSearch *, ScheduleNumbers>> candidates;
  for (KernelSearch &search : searches)
    if (auto candidate = search.next()) {
      schedules["kernels"][search.kernel().signature] = *candidate;
      candidates.emplace_back(&search, *candidate);
    }
  if (candidates.empty())
    return false;
  auto compared = measure(schedules, /*byKernel=*/true, 0.4);
  ++report.rounds;
  roundSeconds = std::max(roundSeconds, elapsed() - start);
  if (!compared.ok()) { // a defect of a schedule must not take the others
    progress.clear();
    note("a round is left out: " + messageOf(compared.status()));
    if (++report.failed > kMostFailed)
      return compared.status();
    return true;
  }
  bool changed = false;
  for (auto &[search, candidate] : candidates)
    if (auto found = compared->kernels.find(search->kernel().kernel);
        found != compared->kernels.end()) {
      double before = search->bestRatio();
      search->judge(candidate, found->second);
      changed |= search->bestRatio() < before;
    }
  if (changed)
    if (absl::Status status = list(); !status.ok())
      return status;
  return true;
}

/// Measured once more: the best of many is best by chance as well.
absl::Status Tuner::confirm() {
  auto compared = measure(wanted(true), /*byKernel=*/true, 2);
  if (!compared.ok())
    return compared.status();
  for (size_t i = 0; i < searches.size(); ++i) {
    TunedKernel &kernel = report.kernels[i];
    kernel.times = compared->kernels[kernel.kernel.kernel];
    if (searches[i].found() && kernel.times.isGain(kLeastGain))
      kernel.schedule = searches[i].bestSchedule();
  }
  // As it is compiled from now on, where kernels of several sizes may be one.
  json none = {{"kernels", json::object()}}, best = none;
  for (const TunedKernel &kernel : report.kernels)
    if (!kernel.schedule.empty())
      best["kernels"][kernel.kernel.signature] = kernel.schedule;
  if (best == none)
    return absl::OkStatus();
  if (absl::Status status = compile(none, usual.path(), HEDDLE_EMIT_ARTIFACT); !status.ok())
    return status;
  auto whole = measure(best, /*byKernel=*/false, 2);
  if (!whole.ok())
    return whole.status();
  report.whole = whole->whole;
  return absl::OkStatus();
}

absl::Status Tuner::keep() {
  auto folder = CacheFolder::open(CacheFolder::defaultPath());
  if (!folder.ok())
    return folder.status();
  TunedSchedules store(*folder, target);
  bool gains = report.whole.ratio() < 1 - kLeastWholeGain;
  for (const TunedKernel &kernel : report.kernels) {
    char gain[32];
    std::snprintf(gain, sizeof gain, "%.3f", kernel.times.ratio());
    ScheduleNumbers schedule = gains ? kernel.schedule : ScheduleNumbers();
    report.kept += !schedule.empty();
    absl::Status status = store.keep(kernel.kernel.signature, schedule,
                                     {{"kernel", kernel.kernel.kernel},
                                      {"sizes", kernel.kernel.sizes},
                                      {"time", gain},
                                      {"threads", std::to_string(request.threads)}});
    if (!status.ok())
      return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<TuneReport> Tuner::run() {
  // What is found has to go somewhere.
  if (auto folder = CacheFolder::open(CacheFolder::defaultPath()); !folder.ok())
    return folder.status();
  progress.show("measuring");
  if (absl::Status status = choose(); !status.ok())
    return status;
  // What is left has to suffice to measure again, which takes about as long as two rounds.
  while (report.rounds == 0 || elapsed() + 3 * roundSeconds + 4 < request.budget) {
    progress.show("round " + std::to_string(report.rounds + 1) + ", " +
                  std::to_string(static_cast<int>(elapsed())) + " of " +
                  std::to_string(static_cast<int>(request.budget)) + " s");
    auto more = round();
    if (!more.ok())
      return more.status();
    if (!*more)
      break;
  }
  for (KernelSearch &search : searches)
    report.complete &= !search.next();
  progress.show("measuring again");
  if (absl::Status status = confirm(); !status.ok())
    return status;
  if (absl::Status status = keep(); !status.ok())
    return status;
  progress.clear();
  return std::move(report);
}

} // namespace heddle::cli
