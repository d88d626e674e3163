// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Searches schedules for the kernels of a model on this machine. In each round every kernel that takes
// a part of the time worth it tries another schedule, all in one artifact, which runs in turns with
// the usual one: as many candidates are measured at once as there are kernels. At the end what was
// found is measured once more, kernel by kernel and as a whole; only what gains again is kept.

#ifndef HEDDLE_TOOLS_HEDDLE_TUNE_TUNER_H
#define HEDDLE_TOOLS_HEDDLE_TUNE_TUNER_H

#include "tools/heddle/ChildProcess.h"
#include "tools/heddle/CompilerLibrary.h"
#include "tools/heddle/Console.h"
#include "tools/heddle/LoadedModel.h"
#include "tools/heddle/tune/Search.h"

namespace heddle::cli {

struct TuneRequest {
  CompileRequest compile;
  InputRequest inputs;
  int threads = 1;
  double budget = 60; ///< seconds
};

struct TunedKernel {
  TunableKernel kernel;
  double share = 0; ///< of the time of a run, with the usual schedule
  ComparedTimes times;
  ScheduleNumbers schedule; ///< empty: the usual one is the best
};

struct TuneReport {
  std::vector<TunedKernel> kernels; ///< those searched, the most expensive first
  int rounds = 0, failed = 0, kept = 0;
  bool complete = true; ///< the time sufficed to try everything
  ComparedTimes whole;  ///< the usual artifact and the tuned one, as they are compiled from now on
};

class Tuner {
public:
  explicit Tuner(TuneRequest request) : request(std::move(request)), begin(Clock::now()) {}

  absl::StatusOr<TuneReport> run();

private:
  double elapsed() const;
  absl::Status compile(const nlohmann::json &schedules, const std::string &output, HeddleEmit emit);
  /// The schedules of all kernels as the compiler takes them.
  nlohmann::json wanted(bool apart) const;
  absl::Status list();
  absl::StatusOr<Comparison> compare(const std::string &artifact, bool byKernel, double seconds);
  absl::StatusOr<Comparison> measure(const nlohmann::json &schedules, bool byKernel,
                                     double seconds);
  absl::Status choose();
  /// Whether there was something to try.
  absl::StatusOr<bool> round();
  absl::Status confirm();
  absl::Status keep();

  TuneRequest request;
  Clock::time_point begin;
  std::string target; // machine, as the compiler names it
  std::vector<TunableKernel> listed;
  std::vector<KernelSearch> searches;
  TemporaryFile usual, other;
  double roundSeconds = 0;
  TuneReport report;
  Progress progress;
};

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_TUNE_TUNER_H
