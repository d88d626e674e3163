// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/event_loop.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <thread>

#include "runtime/tools/descriptor.h"
#include "tests/unit/tools/loop_testing.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

class EventLoopTest : public LoopTest {};

TEST_F(EventLoopTest, TimersFireInOrderAndNotEarly) {
  const auto start = EventLoop::Clock::now();
  std::vector<int> fired;
  const auto later = loop().At(start + milliseconds(20), [&] { fired.push_back(2); });
  const auto sooner = loop().At(start + milliseconds(10), [&] { fired.push_back(1); });
  const auto ended = [&] { return loop().After(milliseconds(1), [&] { fired.push_back(9); }); };
  ended();
  HEDDLE_RUN_UNTIL(loop(), fired.size() == 2);
  EXPECT_THAT(fired, ElementsAre(1, 2));
  EXPECT_GE(MsSince(start), 20);
}

TEST_F(EventLoopTest, ATimerMayEndItselfAndStartAnother) {
  int fired = 0;
  EventLoop::Timer timer;
  std::function<void()> again = [&] {
    timer.End();
    if (++fired < 3) timer = loop().After({}, again);
  };
  timer = loop().After({}, again);
  HEDDLE_RUN_UNTIL(loop(), fired == 3);
}

TEST_F(EventLoopTest, ATimerThatIsAlwaysDueLeavesRoomForOthers) {
  std::vector<EventLoop::Timer> timers;
  std::function<void()> again = [&] { timers.push_back(loop().At({}, again)); };
  again();
  bool posted = false;
  loop().Post([&] { posted = true; });
  HEDDLE_RUN_UNTIL(loop(), posted);
}

TEST_F(EventLoopTest, TenThousandTimersAndPostsAreCheap) {
  const auto start = EventLoop::Clock::now();
  int fired = 0, posted = 0;
  std::vector<EventLoop::Timer> timers;
  for (int i = 0; i < 10'000; ++i) {
    timers.push_back(loop().At(start + milliseconds(i % 50), [&] { ++fired; }));
    loop().Post([&] { ++posted; });
  }
  HEDDLE_RUN_UNTIL(loop(), fired == 10'000 && posted == 10'000);
  EXPECT_LT(MsSince(start), 1000);
}

TEST_F(EventLoopTest, PostsFromThreadsKeepTheirOrder) {
  std::vector<int> seen[4];
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 1000; ++i) loop().Post([&, t, i] { seen[t].push_back(i); });
    });
  }
  HEDDLE_RUN_UNTIL(loop(),
                   seen[0].size() + seen[1].size() + seen[2].size() + seen[3].size() == 4000);
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<int>& order : seen)
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(EventLoopTest, WatchesSayWhatIsReadyAndEndInTheirCallback) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  const Descriptor read_end(fds[0]), write_end(fds[1]);
  int calls = 0;
  EventLoop::Watch watch;
  watch = loop()
              .Add(fds[0], EPOLLIN,
                   [&](uint32_t ready) {
                     EXPECT_EQ(ready, EPOLLIN);
                     if (++calls == 2) watch.End();
                   })
              .value();
  loop().Post([&] { EXPECT_EQ(write(fds[1], "x", 1), 1); });
  HEDDLE_RUN_UNTIL(loop(), calls == 2);
  RunFor(loop(), milliseconds(20), [] { return false; });
  EXPECT_EQ(calls, 2);
}

TEST_F(EventLoopTest, AWatchMayEndAnotherThatIsReadyToo) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  const Descriptor read_end(fds[0]), write_end(fds[1]);
  const Descriptor copy(dup(fds[1]));
  EventLoop::Watch first, second;
  int calls = 0;
  first =
      loop().Add(fds[1], EPOLLOUT, [&](uint32_t) { ++calls, second.End(), first.End(); }).value();
  second = loop()
               .Add(copy.get(), EPOLLOUT, [&](uint32_t) { ++calls, first.End(), second.End(); })
               .value();
  RunFor(loop(), milliseconds(20), [] { return false; });
  EXPECT_EQ(calls, 1);
}

TEST_F(EventLoopTest, RunsInsideACallback) {
  bool inner = false, outer = false;
  loop().Post([&] {
    loop().Post([&] { inner = true; });
    loop().RunUntil([&] { return inner; });
    outer = true;
  });
  HEDDLE_RUN_UNTIL(loop(), outer);
}

TEST_F(EventLoopTest, AWriteThatNobodyReadsEndsNobody) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  close(fds[0]);
  const Descriptor write_end(fds[1]);
  ssize_t result = 0;
  loop().Post([&] { result = write(fds[1], "x", 1); });
  HEDDLE_RUN_UNTIL(loop(), result == -1);  // SIGPIPE would have ended the test
}

TEST(EventLoopEndTest, HandlesAndPostersMayOutliveTheLoop) {
  auto loop = EventLoop::Create().value();
  int calls = 0;
  EventLoop::Timer timer = loop->After({}, [&] { ++calls; });
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  const Descriptor read_end(fds[0]), write_end(fds[1]);
  EventLoop::Watch watch = loop->Add(fds[1], EPOLLOUT, [&](uint32_t) { ++calls; }).value();
  const EventLoop::Poster poster = loop->poster();
  auto held = std::make_shared<int>(1);
  poster.Post([&calls, held] { ++calls; });
  loop.reset();
  poster.Post([&calls, held] { ++calls; });
  timer.End();
  watch.SetEvents(EPOLLIN);
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(held.use_count(), 1);  // nothing posted is kept
}

}  // namespace
}  // namespace heddle
