// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plan that writes is killed at a random moment and gone on with: no line is there twice, and none is
// missing but those whose fate is reported as unknown, and those that needed their results.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;

class PlanKill : public ::testing::Test {
 protected:
  PlanKill()
      : folder_(std::filesystem::temp_directory_path() /
                ("heddle_kill_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~PlanKill() override { std::filesystem::remove_all(folder_); }

  pid_t Start(const char* mode) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, (folder_ / "out").c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    std::string worker = HEDDLE_KILL_WORKER, journal = folder_ / "journal",
                lines = folder_ / "lines";
    std::string first = mode;
    char* arguments[] = {worker.data(), first.data(), journal.data(), lines.data(), nullptr};
    pid_t child = -1;
    EXPECT_EQ(posix_spawn(&child, worker.c_str(), &actions, nullptr, arguments, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return child;
  }

  int Wait(pid_t child) {
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  void Clean() {
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      std::filesystem::remove(entry.path());
    }
  }

  std::map<int, int> Lines() {
    std::map<int, int> lines;
    std::ifstream file(folder_ / "lines");
    for (int n; file >> n;) ++lines[n];
    return lines;
  }

  const std::filesystem::path folder_;
};

TEST_F(PlanKill, NothingTwiceAndNothingMissing) {
  const char* moments_text = std::getenv("HEDDLE_KILL_MOMENTS");
  int moments = moments_text ? std::atoi(moments_text) : 20;
  auto began = Clock::now();
  ASSERT_EQ(Wait(Start("run")), 0);
  auto whole = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - began);
  ASSERT_EQ(Lines().size(), 30u);

  std::mt19937 random(std::random_device{}());
  int mid_run = 0;
  for (int moment = 0; moment < moments; ++moment) {
    Clean();
    pid_t child = Start("run");
    auto when =
        std::chrono::microseconds(std::uniform_int_distribution<int64_t>(0, whole.count())(random));
    std::this_thread::sleep_for(when);
    kill(child, SIGKILL);
    Wait(child);
    auto before = Lines();
    mid_run += !before.empty() && before.size() < 30;
    bool exists = std::filesystem::exists(folder_ / "journal");
    // Before there is a journal nothing may have happened.
    if (!exists) {
      EXPECT_TRUE(before.empty());
    }
    int code = Wait(Start(exists ? "resume" : "run"));

    std::set<int> unknown, skipped;
    std::ifstream out(folder_ / "out");
    std::string kind;
    for (int n; out >> kind >> n;) (kind == "unknown" ? unknown : skipped).insert(n);
    EXPECT_EQ(code, unknown.empty() ? 0 : 1) << "killed after " << when.count() << " us";
    if (unknown.empty()) {
      EXPECT_TRUE(skipped.empty());
    }
    auto lines = Lines();
    for (int n = 1; n <= 40; ++n) {
      if (n % 4 == 0) continue;  // a read
      int times = lines.count(n) ? lines[n] : 0;
      EXPECT_LE(times, 1) << "line " << n << ", killed after " << when.count() << " us";
      if (times == 0) {
        EXPECT_TRUE(unknown.count(n) || skipped.count(n))
            << "line " << n << " is missing, killed after " << when.count() << " us";
      }
    }
    if (HasFailure()) return;
  }
  // Otherwise the moments tested nothing.
  EXPECT_GT(mid_run, 0);
}

}  // namespace
