// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tools for tests of heddle/plan.hpp, and a log of events.

#ifndef HEDDLE_TESTS_UNIT_PLAN_API_PLAN_API_TESTING_H_
#define HEDDLE_TESTS_UNIT_PLAN_API_PLAN_API_TESTING_H_

#include <future>
#include <heddle/plan.hpp>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace heddle::api {

// A tool with one argument of any type.
inline std::string Description(const std::string& name, const std::string& hints) {
  return R"({"name": ")" + name +
         R"(", "inputSchema": {"type": "object", "properties": {"value": {}}},
             "heddle": {)" +
         hints + "}}";
}
inline std::string Reading(const std::string& name) {
  return Description(name, R"("effects": "read")");
}
inline std::string Writing(const std::string& name) {
  return Description(name, R"("effects": "write")");
}

// The argument objects come back as they came.
inline ToolResult Echo(std::string_view arguments) {
  return ToolResult::Json(std::string(arguments));
}

// Completions that a test keeps and completes when it likes, from whichever thread.
class Completions {
 public:
  PlanRunner::AsyncFunction function() {
    return [this](std::string, PlanRunner::Completion done) {
      std::lock_guard lock(mutex_);
      kept_.push_back(std::move(done));
      if (wanted_ == 0 || kept_.size() < wanted_) return;
      wanted_ = 0;
      came_.set_value();
    };
  }
  // Waits until there are `count`; once in a test.
  void Wait(size_t count) {
    {
      std::lock_guard lock(mutex_);
      if (kept_.size() >= count) return;
      wanted_ = count;
    }
    came_.get_future().wait();
  }
  std::vector<PlanRunner::Completion> Take() {
    std::lock_guard lock(mutex_);
    return std::exchange(kept_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<PlanRunner::Completion> kept_;
  size_t wanted_ = 0;
  std::promise<void> came_;
};

}  // namespace heddle::api

#endif  // HEDDLE_TESTS_UNIT_PLAN_API_PLAN_API_TESTING_H_
