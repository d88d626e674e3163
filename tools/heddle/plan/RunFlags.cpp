// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/plan/RunFlags.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace heddle::cli {

void RunFlags::addTo(CLI::App &app, bool withJournal) {
  app.add_flag("--json", json, "Print one object at the end");
  if (withJournal)
    app.add_option("--journal", journal,
                   "Record every call in this file; `heddle plan resume` goes on from it");
  app.add_option("--max-parallel", maxParallel, "The most calls in flight; 0 is no limit")
      ->check(CLI::Range(0, 1'000'000));
  app.add_option("--timeout", timeoutSeconds, "Cancel what is left after so many seconds")
      ->check(CLI::Range(0.001, 1e9));
  app.add_option("--approve", approve,
                 "Calls marked for approval: all, none or ask (on the terminal)")
      ->check(CLI::IsMember({"all", "none", "ask"}));
  // Nothing runs where it could not be told afterwards.
  CLI::Validator writable(
      [](const std::string &path) {
        std::FILE *file = std::fopen(path.c_str(), "a");
        if (file)
          std::fclose(file);
        return file ? std::string() : "cannot write " + path + ": " + std::strerror(errno);
      },
      "FILE");
  app.add_option("--trace", trace, "Write a trace for Chrome or Perfetto")->check(writable);
}

ApprovalPolicy RunFlags::approvalPolicy() const {
  if (approve)
    return *approve == "all"   ? ApprovalPolicy::All
           : *approve == "ask" ? ApprovalPolicy::Ask
                               : ApprovalPolicy::None;
  return isatty(STDERR_FILENO) ? ApprovalPolicy::Ask : ApprovalPolicy::None;
}

Json RunFlags::recorded() const {
  Json options = Json::object();
  options["max_parallel"] = maxParallel;
  if (timeoutSeconds)
    options["timeout"] = *timeoutSeconds;
  if (approve)
    options["approve"] = *approve;
  return options;
}

void RunFlags::takeRecorded(const Json &options) {
  if (!options.is_object())
    return;
  if (auto found = options.find("max_parallel");
      maxParallel == 0 && found != options.end() && found->is_number_integer())
    maxParallel = found->get<int>();
  if (auto found = options.find("timeout");
      !timeoutSeconds && found != options.end() && found->is_number())
    timeoutSeconds = found->get<double>();
  if (auto found = options.find("approve");
      !approve && found != options.end() && found->is_string())
    approve = found->get<std::string>();
}

} // namespace heddle::cli
