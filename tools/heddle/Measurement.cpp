// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/Measurement.h"

#include "tools/heddle/ChildProcess.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <malloc.h>
#include <sys/resource.h>

namespace heddle::cli {

double Measurement::quantile(double part) const {
  std::vector<double> sorted = runMs.empty() ? std::vector<double>{firstRunMs} : runMs;
  std::sort(sorted.begin(), sorted.end());
  // The smallest that is no smaller than that part of them.
  auto rank = static_cast<size_t>(std::ceil(part * static_cast<double>(sorted.size())));
  return sorted[std::min(sorted.size(), std::max<size_t>(rank, 1)) - 1];
}

static double rounded(double ms) { return std::round(ms * 1e4) / 1e4; }

nlohmann::ordered_json Measurement::json() const {
  nlohmann::ordered_json fields;
  fields["model"] = model;
  fields["threads"] = threads;
  fields["median_ms"] = rounded(medianMs());
  fields["min_ms"] = rounded(minMs());
  fields["p99_ms"] = rounded(quantile(0.99));
  fields["runs"] = std::max<size_t>(runMs.size(), 1);
  fields["load_ms"] = rounded(loadMs);
  fields["compile_ms"] = rounded(compileMs);
  fields["first_run_ms"] = rounded(firstRunMs);
  fields["peak_rss_mb"] = std::round(peakMemoryMb() * 10) / 10;
  return fields;
}

void Measurement::print() const {
  std::printf("median %.3f ms, min %.3f, p99 %.3f in %zu runs with %d threads\n", medianMs(),
              minMs(), quantile(0.99), std::max<size_t>(runMs.size(), 1), threads);
  std::printf("first run %.3f ms, load %.3f", firstRunMs, loadMs);
  if (compileMs > 0)
    std::printf(", compile %.0f", compileMs);
  std::printf("; peak memory %.1f MB\n", peakMemoryMb());
}

absl::Status measureRun(Session &session, Measurement &measurement) {
  auto begin = Clock::now();
  absl::Status status = session.Run();
  double ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  if (!status.ok())
    return status;
  if (measurement.firstRunMs == 0)
    measurement.firstRunMs = ms;
  else
    measurement.runMs.push_back(ms);
  return status;
}

double peakMemoryMb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0)
      return std::strtod(line.c_str() + 6, nullptr) / 1024;
  rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

void forgetPeakMemory() {
  ::malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";
}

} // namespace heddle::cli
