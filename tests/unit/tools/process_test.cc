// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>

#include <fstream>
#include <thread>

#include "runtime/tools/descriptor.h"
#include "tests/unit/tools/loop_testing.h"

namespace heddle {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// True once it runs no more, within three seconds. Who reaps an orphan, and when, is not ours.
bool Gone(int pid) {
  for (int i = 0; i < 300; ++i) {
    std::string stat;
    std::getline(std::ifstream("/proc/" + std::to_string(pid) + "/stat"), stat);
    if (stat.empty() || stat.find(") Z ") != std::string::npos) return true;
    std::this_thread::sleep_for(milliseconds(10));
  }
  return false;
}

class ProcessTest : public LoopTest {
 protected:
  absl::Status Start(std::vector<std::string> command, milliseconds grace = milliseconds(200)) {
    Process::Events events;
    events.on_output = [this](std::string_view bytes) { output_ += bytes; };
    events.on_error_output = [this](std::string_view bytes) { error_output_ += bytes; };
    events.on_end = [this](const ProcessEnd& end) { end_ = end; };
    auto process = Process::Start(
        loop(), {.command = std::move(command), .environment = environment_, .grace = grace},
        std::move(events));
    if (process.ok()) process_ = *std::move(process);
    return process.status();
  }
  absl::Status Shell(const std::string& script, milliseconds grace = milliseconds(200)) {
    return Start({"sh", "-c", script}, grace);
  }
  // Waits for a line of output, such as a number that the script printed.
  int NumberFromOutput() {
    RunFor(loop(), milliseconds(5000), [&] { return output_.ends_with('\n'); });
    return std::stoi(output_);
  }

  std::vector<std::pair<std::string, std::string>> environment_;
  std::unique_ptr<Process> process_;
  std::string output_, error_output_;
  std::optional<ProcessEnd> end_;
};

TEST_F(ProcessTest, StreamsAndExitCodeAreTheChildsOwn) {
  environment_ = {{"HEDDLE_TEST", "a b"}, {"HOME", "/nowhere"}};
  ASSERT_TRUE(Shell("cat; echo \"$HEDDLE_TEST $HOME $PATH\"; echo bad >&2; exit 3").ok());
  process_->Write("in\n");
  process_->CloseInput();
  HEDDLE_RUN_UNTIL(loop(), end_.has_value());
  EXPECT_EQ(output_, "in\na b /nowhere " + std::string(getenv("PATH")) + "\n");
  EXPECT_EQ(error_output_, "bad\n");
  EXPECT_EQ(end_->exit_code, 3);
  EXPECT_EQ(end_->Text(), "exit code 3");
}

TEST_F(ProcessTest, AMissingProgramIsNotFound) {
  const absl::Status status = Start({"no-such-program-here"});
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'no-such-program-here'"));
}

TEST_F(ProcessTest, InputLargerThanAnyPipeIsWrittenWhileOutputIsRead) {
  ASSERT_TRUE(Start({"cat"}).ok());
  std::string big(8 << 20, 'x');
  big[big.size() / 2] = 'y';
  process_->Write(big);
  process_->Write("end");
  process_->CloseInput();
  HEDDLE_RUN_UNTIL(loop(), end_.has_value());
  EXPECT_EQ(output_, big + "end");
  EXPECT_EQ(process_->unwritten_bytes(), 0u);
}

TEST_F(ProcessTest, AChildThatClosesItsInputIsNoError) {
  ASSERT_TRUE(Shell("exec <&-; sleep 0.1; echo done").ok());
  process_->Write(std::string(4 << 20, 'x'));
  process_->CloseInput();
  HEDDLE_RUN_UNTIL(loop(), end_.has_value());
  EXPECT_TRUE(end_->ok());
  EXPECT_EQ(output_, "done\n");
}

TEST_F(ProcessTest, AClosedInputWithNothingToWriteDoesNotSpin) {
  ASSERT_TRUE(Shell("exec <&-; sleep 0.3").ok());
  int rounds = 0;
  loop().RunUntil([&] { return ++rounds, end_.has_value(); });
  EXPECT_LT(rounds, 20);
}

TEST_F(ProcessTest, DestroyingKillsTheWholeGroup) {
  ASSERT_TRUE(Shell("sleep 1000 & echo $!; wait").ok());
  const int grandchild = NumberFromOutput(), child = process_->pid();
  process_.reset();
  EXPECT_TRUE(RunFor(loop(), milliseconds(3000), [&] { return kill(child, 0) != 0; }));
  EXPECT_TRUE(Gone(grandchild));
  EXPECT_FALSE(end_.has_value());
}

TEST_F(ProcessTest, WhoIgnoresSigtermIsKilledAfterTheGrace) {
  ASSERT_TRUE(
      Shell("trap '' TERM; sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done'; :").ok());
  const int grandchild = NumberFromOutput(), child = process_->pid();
  const auto start = EventLoop::Clock::now();
  process_.reset();
  EXPECT_TRUE(RunFor(loop(), milliseconds(5000), [&] { return kill(child, 0) != 0; }));
  EXPECT_GE(MsSince(start), 200);
  EXPECT_TRUE(Gone(grandchild));
}

TEST_F(ProcessTest, AChildMayTidyUpWithinTheGrace) {
  const std::string file = testing::TempDir() + "/tidy_up_" + std::to_string(getpid());
  ASSERT_TRUE(
      Shell("trap 'echo tidy > " + file + "; exit' TERM; echo 1; while :; do sleep 0.05; done",
            milliseconds(5000))
          .ok());
  NumberFromOutput();
  process_.reset();
  std::string text;
  EXPECT_TRUE(RunFor(loop(), milliseconds(4000),
                     [&] {
                       std::getline(std::ifstream(file), text);
                       return text == "tidy";
                     }) ||
              text == "tidy");
  unlink(file.c_str());
}

TEST(ProcessEndTest, TheEndOfTheLoopIsTheEndOfItsChildren) {
  auto loop = EventLoop::Create().value();
  Process::Events events;
  bool ready = false;
  events.on_output = [&](std::string_view) { ready = true; };
  auto process =
      Process::Start(*loop,
                     {.command = {"sh", "-c", "trap '' TERM; echo 1; while :; do sleep 1; done"},
                      .grace = milliseconds(100)},
                     std::move(events))
          .value();
  ASSERT_TRUE(RunFor(*loop, milliseconds(5000), [&] { return ready; }));
  const int child = process->pid();
  process.reset();
  loop.reset();
  EXPECT_EQ(kill(child, 0), -1);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);  // no zombie either
}

TEST_F(ProcessTest, AGrandchildThatKeepsTheOutputOpenIsNotWaitedFor) {
  ASSERT_TRUE(Shell("sleep 1000 & echo $!").ok());
  const auto start = EventLoop::Clock::now();
  HEDDLE_RUN_UNTIL(loop(), end_.has_value());
  EXPECT_LT(MsSince(start), 5000);
  const int grandchild = std::stoi(output_);
  EXPECT_EQ(kill(grandchild, SIGKILL), 0);  // it was left alone
}

TEST_F(ProcessTest, OnlyTheStandardStreamsAndNoSignalSettingsAreInherited) {
  const Descriptor leak(open("/dev/null", O_RDONLY));  // as careless code would
  const auto before = signal(SIGUSR1, SIG_IGN);
  ASSERT_TRUE(Shell("ls /proc/self/fd; grep -E 'SigBlk|SigIgn' /proc/self/status").ok());
  HEDDLE_RUN_UNTIL(loop(), end_.has_value());
  signal(SIGUSR1, before);
  // The fourth descriptor is that of the folder itself. The low half of the masks: signals 1 to 31,
  // as the C library keeps 32 and 33 for itself.
  unsigned long blocked = ~0ul, ignored = ~0ul;
  ASSERT_EQ(sscanf(output_.c_str(), "0\n1\n2\n3\nSigBlk:\t%lx\nSigIgn:\t%lx", &blocked, &ignored),
            2)
      << output_;
  EXPECT_EQ(blocked & 0x7fffffff, 0u);
  EXPECT_EQ(ignored & 0x7fffffff, 0u);
}

TEST_F(ProcessTest, ACallbackMayDestroyTheProcess) {
  Process::Events events;
  int outputs = 0;
  std::unique_ptr<Process> process;
  events.on_output = [&](std::string_view) {
    ++outputs;
    process.reset();
  };
  process = Process::Start(loop(), {.command = {"yes"}}, std::move(events)).value();
  const int child = process->pid();
  EXPECT_TRUE(RunFor(loop(), milliseconds(5000), [&] { return kill(child, 0) != 0; }));
  EXPECT_EQ(outputs, 1);
}

TEST_F(ProcessTest, TheEndNamesTheSignal) {
  ASSERT_TRUE(Shell("kill -9 $$").ok());
  HEDDLE_RUN_UNTIL(loop(), end_.has_value());
  EXPECT_EQ(end_->Text(), "killed by signal 9 (Killed)");
  EXPECT_FALSE(end_->ok());
}

TEST_F(ProcessTest, HundredsAtOnceLeaveNothingBehind) {
  int ended = 0;
  std::vector<std::unique_ptr<Process>> processes;
  const auto open_files = [] {
    int count = 0;
    for (int fd = 0; fd < 4096; ++fd) count += fcntl(fd, F_GETFD) >= 0;
    return count;
  };
  const int before = open_files();
  for (int i = 0; i < 200; ++i) {
    Process::Events events;
    events.on_end = [&](const ProcessEnd& end) { ended += end.ok(); };
    processes.push_back(Process::Start(loop(), {.command = {"true"}}, std::move(events)).value());
  }
  HEDDLE_RUN_UNTIL(loop(), ended == 200);
  processes.clear();
  EXPECT_EQ(open_files(), before);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
}

}  // namespace
}  // namespace heddle
