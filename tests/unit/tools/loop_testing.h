// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a loop in a test until something is true, or fails the test after a time that no machine
// needs.

#ifndef HEDDLE_TESTS_UNIT_TOOLS_LOOP_TESTING_H_
#define HEDDLE_TESTS_UNIT_TOOLS_LOOP_TESTING_H_

#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "runtime/tools/event_loop.h"

namespace heddle {

inline bool RunFor(EventLoop& loop, std::chrono::milliseconds limit,
                   const std::function<bool()>& done) {
  bool late = false;
  const EventLoop::Timer timer = loop.After(limit, [&] { late = true; });
  loop.RunUntil([&] { return late || done(); });
  return done();
}

#define HEDDLE_RUN_UNTIL(loop, ...) \
  ASSERT_TRUE(::heddle::RunFor(loop, std::chrono::seconds(20), [&] { return (__VA_ARGS__); }))

class LoopTest : public testing::Test {
 protected:
  EventLoop& loop() { return *loop_; }
  static double MsSince(EventLoop::Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(EventLoop::Clock::now() - start).count();
  }

 private:
  std::unique_ptr<EventLoop> loop_ = EventLoop::Create().value();
};

}  // namespace heddle

#endif  // HEDDLE_TESTS_UNIT_TOOLS_LOOP_TESTING_H_
