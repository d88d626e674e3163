// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `heddle verify`: each case in a child process, several at a time, results in the cases' order.

#include "tools/heddle/VerifyCase.h"

#include "tools/heddle/CommandLine.h"
#include "tools/heddle/Console.h"

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

namespace heddle::cli {

namespace {

/// Narrow products are no defect as long as outputs point where they did.
constexpr double kAgainstF32Cosine = 0.99;

struct CaseResult {
  VerifyResult verdict;
  double ms = 0;
};

struct VerifyCommand {
  std::vector<std::string> folders;
  std::string model, knownFailures;
  VerifyOptions options;
  CompileFlags flags;
  double minCosine = 0, timeout = 120;
  bool hasMinCosine = false, json = false, verbose = false;
  int jobs = 0;
  uint64_t memoryMb = 16384;

  int run();

private:
  absl::Status readKnownFailures();
  int runAll(const std::vector<Case> &cases);
  CaseResult conclude(const Case &theCase, const ChildOutcome &outcome) const;
  void print(const Case &theCase, const CaseResult &result) const;
  int summarize(const std::vector<Case> &cases, const std::vector<CaseResult> &results) const;

  std::set<std::string> known;
};

/// A name on each line; '#' begins a comment.
absl::Status VerifyCommand::readKnownFailures() {
  std::ifstream file(knownFailures);
  if (!file)
    return absl::NotFoundError(knownFailures + ": cannot read the list of known failures");
  for (std::string line; std::getline(file, line);) {
    line = line.substr(0, line.find('#'));
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (!line.empty())
      known.insert(line);
  }
  return absl::OkStatus();
}

/// What a child process' end says of its case.
static CaseResult resultOf(const ChildOutcome &outcome) {
  CaseResult result;
  result.ms = outcome.seconds * 1e3;
  result.verdict.reason = outcome.failure;
  if (!outcome.finished)
    return result;
  nlohmann::json said = nlohmann::json::parse(outcome.result, nullptr, false);
  if (!said.is_object()) {
    result.verdict.reason = "the case's process said nothing that makes sense";
    return result;
  }
  result.verdict.verdict = static_cast<Verdict>(said.value("verdict", 1));
  result.verdict.reason = said.value("reason", "");
  return result;
}

CaseResult VerifyCommand::conclude(const Case &theCase, const ChildOutcome &outcome) const {
  CaseResult result = resultOf(outcome);
  if (known.count(std::filesystem::path(theCase.name).filename().string())) {
    if (result.verdict.verdict == Verdict::Failed) {
      result.verdict.verdict = Verdict::Skipped;
      result.verdict.reason = "known failure: " + result.verdict.reason;
    } else if (result.verdict.verdict == Verdict::Passed) {
      note(theCase.name + " is listed in " + knownFailures + ", and passes");
    }
  }
  return result;
}

void VerifyCommand::print(const Case &theCase, const CaseResult &result) const {
  Verdict verdict = result.verdict.verdict;
  bool tells =
      verdict == Verdict::Failed || verbose || (verdict == Verdict::Passed && options.againstF32);
  if (json || !tells)
    return;
  std::string name = verdictName(verdict);
  name = verdict == Verdict::Passed    ? green(name)
         : verdict == Verdict::Skipped ? yellow(name)
                                       : red(name);
  std::printf("%s %s%s%s", name.c_str(), theCase.name.c_str(),
              result.verdict.reason.empty() ? "" : ": ", result.verdict.reason.c_str());
  if (verbose)
    std::printf(" (%.0f ms)", result.ms);
  std::printf("\n");
  std::fflush(stdout);
}

int VerifyCommand::runAll(const std::vector<Case> &cases) {
  size_t slots = jobs > 0 ? jobs : std::max(1u, std::thread::hardware_concurrency());
  if (slots > 1 && cases.size() > 1)
    options.compile.threads = 1;
  ChildLimits limits{timeout, memoryMb};
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  limits.addressMb = 0; // a sanitizer's shadow memory is terabytes of address space
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  limits.addressMb = 0;
#endif
#endif
  std::vector<CaseResult> results(cases.size());
  std::vector<bool> done(cases.size());
  std::vector<std::pair<size_t, std::unique_ptr<ChildProcess>>> running;
  size_t started = 0, printed = 0, finished = 0;
  Progress progress;
  while (printed < cases.size()) {
    while (started < cases.size() && running.size() < slots) {
      const Case &next = cases[started];
      auto child = ChildProcess::start(
          [&](ChildReport &report) {
            VerifyResult result = verifyCase(next, options, report);
            nlohmann::json said = {{"verdict", static_cast<int>(result.verdict)},
                                   {"reason", result.reason}};
            report.finish(said.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
          },
          limits);
      if (!child.ok())
        return fail(child.status());
      running.emplace_back(started++, *std::move(child));
    }
    Clock::time_point until = Clock::time_point::max();
    for (auto it = running.begin(); it != running.end();) {
      if (!it->second->poll()) {
        until = std::min(until, it->second->deadline());
        ++it;
        continue;
      }
      results[it->first] = conclude(cases[it->first], it->second->outcome());
      done[it->first] = true;
      ++finished;
      it = running.erase(it);
    }
    if (printed < cases.size() && done[printed]) {
      progress.clear();
      for (; printed < cases.size() && done[printed]; ++printed)
        print(cases[printed], results[printed]);
    }
    if (!running.empty() && (running.size() == slots || started == cases.size())) {
      progress.show(std::to_string(finished) + " of " + std::to_string(cases.size()) + " cases, " +
                    cases[running.front().first].name);
      waitForChildren(until);
    }
  }
  progress.clear();
  return summarize(cases, results);
}

int VerifyCommand::summarize(const std::vector<Case> &cases,
                             const std::vector<CaseResult> &results) const {
  size_t counts[3] = {};
  auto list = nlohmann::ordered_json::array();
  for (size_t i = 0; i < cases.size(); ++i) {
    const CaseResult &result = results[i];
    ++counts[static_cast<int>(result.verdict.verdict)];
    list.push_back({{"name", cases[i].name},
                    {"status", verdictName(result.verdict.verdict)},
                    {"reason", result.verdict.reason},
                    {"ms", std::round(result.ms * 1e3) / 1e3}});
  }
  if (json)
    std::printf("%s\n", list.dump(1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
  // The summary closes the plain output; with --json standard output is the list alone.
  std::fprintf(json ? stderr : stdout, "%zu passed, %zu failed, %zu skipped\n", counts[0],
               counts[1], counts[2]);
  return counts[1] ? exitWrong : exitDone;
}

int VerifyCommand::run() {
  if (hasMinCosine || options.againstF32)
    options.tolerance.minCosine = hasMinCosine ? minCosine : kAgainstF32Cosine;
  auto request = flags.request("");
  if (!request.ok())
    return fail(request.status());
  options.compile = *request;
  if (!knownFailures.empty())
    if (absl::Status status = readKnownFailures(); !status.ok())
      return fail(status);
  std::error_code error;
  if (!model.empty() && !std::filesystem::is_regular_file(model, error))
    return fail(absl::NotFoundError(model + ": no such file"));
  std::vector<Case> cases;
  for (const std::string &folder : folders) {
    auto found = findCases(folder, model);
    if (!found.ok())
      return fail(found.status());
    cases.insert(cases.end(), found->begin(), found->end());
  }
  // Once here instead of in each child.
  for (const Case &theCase : cases)
    if (!theCase.model.empty()) {
      if (absl::Status status = loadCompiler(); !status.ok())
        return fail(status);
      break;
    }
  return runAll(cases);
}

} // namespace

Command addVerify(CLI::App &app) {
  auto command = std::make_shared<VerifyCommand>();
  app.add_option("CASE_DIR", command->folders, "Folders of cases, or of folders of cases")
      ->required();
  app.add_option("--model", command->model, "The model of cases without model.onnx")
      ->type_name("FILE");
  app.add_option("--rtol", command->options.tolerance.relative, "Relative tolerance")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--atol", command->options.tolerance.absolute, "Absolute tolerance")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--scale-atol", command->options.tolerance.scaleAbsolute,
               "Multiply the absolute tolerance by max(1, largest expected magnitude)");
  auto *cosine = app.add_option("--min-cosine", command->minCosine,
                                "A cosine similarity that is enough on its own");
  app.add_flag("--against-f32", command->options.againstF32,
               "Expect what the model itself gives at precision f32, and tell the errors of what "
               "passes; a cosine of 0.99 is enough unless --min-cosine says otherwise");
  app.add_option("--threads", command->options.threads, "Threads of a run; 0: all")
      ->check(CLI::Range(0, 1024));
  app.add_option("--jobs", command->jobs, "Cases at a time; 0: one per core")
      ->check(CLI::Range(0, 1024));
  app.add_option("--timeout", command->timeout, "Most seconds for a case; 0: any")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--memory", command->memoryMb, "Most MiB of address space for a case; 0: any")
      ->capture_default_str();
  app.add_option("--known-failures", command->knownFailures,
                 "Names of cases that count as skipped where they fail")
      ->type_name("FILE");
  app.add_flag("--json", command->json, "Print a list with every case");
  app.add_flag("-v,--verbose", command->verbose, "Print every case, not only those that fail");
  command->flags.addTo(app);
  return [command, cosine] {
    command->hasMinCosine = cosine->count() > 0;
    return command->run();
  };
}

} // namespace heddle::cli
