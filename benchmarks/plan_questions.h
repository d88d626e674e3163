// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans for questions of published data sets, which record no plans: as many look-ups as a question
// branches into, with latencies that are drawn once and then the same for whoever runs them.

#ifndef HEDDLE_BENCHMARKS_PLAN_QUESTIONS_H_
#define HEDDLE_BENCHMARKS_PLAN_QUESTIONS_H_

#include <cmath>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "runtime/plan/json.h"

namespace heddle {

struct Step {
  std::string tool;
  double ms;             // its latency
  double arrives_ms = 0; // when its text is complete, in a stream
  std::vector<uint32_t> uses;
};
struct Question {
  size_t set; // which file it came from
  std::vector<Step> steps;
};

class Synthesis {
public:
  Question Make(const Json &json, size_t set) {
    std::vector<Step> question;
    bool branched =
        json.is_object() && json.contains("branch") && json["branch"].is_number_integer();
    int branches = branched ? json["branch"].get<int>() : 0;
    uint32_t lookups = branches > 0 ? static_cast<uint32_t>(branches) : 8;
    // mean 610, E[max of 8] = 1.85 times that
    for (uint32_t i = 0; i < lookups; ++i)
      question.push_back({"search", Draw(533, 0.52), 0, {}});
    if (branches > 0) {
      for (uint32_t i = 0; i < lookups; ++i)
        question.push_back({"math", Draw(200, 0.3), 0, {i}});
      Step last{"math", Draw(200, 0.3), 0, {}};
      for (uint32_t i = 0; i < lookups; ++i)
        last.uses.push_back(lookups + i);
      question.push_back(std::move(last));
    }
    // About fifteen tokens a call at sixty tokens a second, after the first token's wait.
    double at = 500;
    for (Step &step : question)
      step.arrives_ms = at += Draw(250, 0.2);
    return {set, std::move(question)};
  }

private:
  double Draw(double median, double sigma) {
    return std::lognormal_distribution<double>(std::log(median), sigma)(random_);
  }
  std::mt19937 random_{613};
};

} // namespace heddle

#endif // HEDDLE_BENCHMARKS_PLAN_QUESTIONS_H_
