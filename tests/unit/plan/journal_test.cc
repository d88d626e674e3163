// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/journal.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "run_testing.h"

namespace heddle::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
constexpr auto kRead = ToolEffects::kRead, kWrite = ToolEffects::kWrite;

class JournalTest : public PlanRunTest {
 protected:
  JournalTest() {
    std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    folder_ = std::filesystem::temp_directory_path() /
              ("heddle_journal_" + name + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    path_ = folder_ / "plan.journal";
  }
  ~JournalTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::unique_ptr<Journal> Create(const Plan* plan = nullptr, Secrets secrets = {}) {
    auto journal = Journal::Create(*loop_, path_, header_, plan, std::move(secrets));
    EXPECT_TRUE(journal.ok()) << journal.status();
    return *std::move(journal);
  }
  std::unique_ptr<Journal> Open(Secrets secrets = {}) {
    auto journal = Journal::Open(*loop_, path_, std::move(secrets));
    EXPECT_TRUE(journal.ok()) << journal.status();
    return *std::move(journal);
  }
  RunReport RunWith(Journal& journal, Plan plan, bool retry_unknown = false) {
    RunOptions options;
    options.journal = &journal;
    options.retry_unknown = retry_unknown;
    return Run(std::move(plan), options);
  }
  // Runs until `until`, and then stops as a killed process does: nothing more is recorded.
  void RunAndStop(Plan plan, const std::function<bool()>& until) {
    auto journal = Create(&plan);
    RunOptions options;
    options.journal = journal.get();
    PlanRun run(*loop_, *registry_, options, &recorder_);
    run.Start(std::move(plan), [](RunReport) {});
    Wait(until);
  }

  const JournalHeader header_{"1. echo()", {{"max_parallel", 2}}, "/tools.json", "sha256:00"};
  std::filesystem::path folder_, path_;
};

TEST_F(JournalTest, KnowsThePlanTheOptionsAndTheResults) {
  AddEcho(Describe("echo"));
  AddTool(Describe("fail"), [](const Json&, auto&, auto done) {
    done(ToolError{"broke", false, {}});
  });
  Plan plan{{Call(1, "echo", {{"x", Value({1, "a"})}}), Call(2, "echo", {{"y", Ref(1, {"x"})}}),
             Call(3, "fail")},
            Join({Ref(2), Ref(3)})};
  RunReport first = RunWith(*Create(), plan);
  EXPECT_EQ(first.status, RunReport::Status::kFailed);

  auto journal = Open();
  const JournalRecord& record = journal->recorded();
  EXPECT_EQ(record.header.plan_text, header_.plan_text);
  EXPECT_EQ(record.header.options, header_.options);
  EXPECT_EQ(record.header.tools_file, header_.tools_file);
  EXPECT_EQ(record.header.tools_digest, header_.tools_digest);
  EXPECT_TRUE(record.complete);
  EXPECT_TRUE(record.finished);
  ASSERT_EQ(record.plan.calls.size(), 3u);
  RunReport second = RunWith(*journal, record.plan);
  EXPECT_THAT(Statuses(second), ElementsAre("resumed", "resumed", "error"));
  EXPECT_EQ(second.result, first.result);
  EXPECT_EQ(second.calls[1].arguments, first.calls[1].arguments);
}

TEST_F(JournalTest, GoesOnWhereTheProcessStopped) {
  ToolDescription idempotent = Describe("idempotent", kWrite);
  idempotent.idempotent = true;
  FakeTool& echo = AddEcho(Describe("echo", kRead));
  FakeTool& read = AddSilent(Describe("read", kRead));
  FakeTool& again = AddSilent(idempotent);
  FakeTool& once = AddSilent(Describe("once", kWrite));
  Plan plan{{Call(1, "echo"), Call(2, "read"), Call(3, "idempotent"), Call(4, "once"),
             Call(5, "echo", {{"x", Ref(4)}}), Call(6, "echo", {{"y", Value(1)}}, {4})},
            Join()};
  RunAndStop(plan, [&] { return read.started && again.started && once.started; });
  ASSERT_EQ(echo.started, 1);

  registry_ = std::make_unique<ToolRegistry>();  // the same tools, which answer now
  for (const ToolDescription& tool :
       {Describe("echo", kRead), Describe("read", kRead), idempotent, Describe("once", kWrite)}) {
    AddEcho(tool);
  }
  {
    auto journal = Open();
    EXPECT_FALSE(journal->recorded().finished);
    RunReport report = RunWith(*journal, journal->recorded().plan);
    EXPECT_THAT(Statuses(report), ElementsAre("resumed", "ok", "ok", "unknown", "skipped", "ok"));
    EXPECT_EQ(report.status, RunReport::Status::kFailed);
    EXPECT_THAT(report.calls[3].error, HasSubstr("unknown"));
  }
  {
    auto journal = Open();
    EXPECT_FALSE(journal->recorded().finished);  // there is something left that may be done
    RunReport report = RunWith(*journal, journal->recorded().plan, /*retry_unknown=*/true);
    EXPECT_THAT(Statuses(report),
                ElementsAre("resumed", "resumed", "resumed", "ok", "ok", "resumed"));
  }
  EXPECT_TRUE(Open()->recorded().finished);
}

TEST_F(JournalTest, ACancelledRunGoesOnToo) {
  AddSilent(Describe("silent", kRead));
  AddEcho(Describe("echo"));
  Plan plan{{Call(1, "echo"), Call(2, "silent")}, Join()};
  {
    auto journal = Create(&plan);
    RunOptions options;
    options.journal = journal.get();
    options.timeout = milliseconds(10);
    EXPECT_THAT(Statuses(Run(plan, options)), ElementsAre("ok", "cancelled"));
  }
  auto journal = Open();
  EXPECT_FALSE(journal->recorded().finished);
  EXPECT_TRUE(journal->recorded().calls.at(1).ended);
  EXPECT_FALSE(journal->recorded().calls.at(2).ended);
}

TEST_F(JournalTest, AWriteWaitsForItsRecordAndAReadDoesNot) {
  FakeTool& read = AddSilent(Describe("read", kRead));
  FakeTool& write = AddSilent(Describe("write", kWrite));
  auto journal = Create();
  RunOptions options;
  options.journal = journal.get();
  PlanRun run(*loop_, *registry_, options, nullptr);
  run.Add(Call(1, "read"));
  run.Add(Call(2, "write"));
  EXPECT_EQ(read.started, 1);
  EXPECT_EQ(write.started, 0);
  Wait([&] { return write.started == 1; });
}

TEST_F(JournalTest, AStreamThatWasCutOffSaysSo) {
  AddEcho(Describe("echo"));
  {
    auto journal = Create();
    RunOptions options;
    options.journal = journal.get();
    PlanRun run(*loop_, *registry_, options, nullptr);
    run.Add(Call(1, "echo"));
    run.AddBroken(2, "ehco", "there is no tool named ehco");
  }
  auto journal = Open();
  EXPECT_FALSE(journal->recorded().complete);
  EXPECT_EQ(journal->recorded().plan.calls.size(), 1u);
  ASSERT_EQ(journal->recorded().broken.size(), 1u);
  EXPECT_EQ(journal->recorded().broken[0].error, "there is no tool named ehco");
}

TEST_F(JournalTest, SecretsAreNotInTheFileAndComeBack) {
  AddTool(Describe("echo"), [](const Json&, auto&, auto done) {
    done(Json{{"auth", "Bearer s3cr3t-value"}});
  });
  Secrets secrets = {{"TOKEN", "s3cr3t-value"}};
  RunWith(*Create(nullptr, secrets), {{Call(1, "echo"), Call(2, "echo", {{"x", Ref(1)}})}, Join()});
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    std::stringstream bytes;
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    EXPECT_THAT(bytes.str(), Not(HasSubstr("s3cr3t"))) << entry.path();
  }
  EXPECT_EQ(Open(secrets)->recorded().calls.at(1).result["auth"], "Bearer s3cr3t-value");
}

TEST_F(JournalTest, ReplacesOnlyWhatIsFinished) {
  FakeTool& silent = AddSilent(Describe("silent", kWrite));
  AddEcho(Describe("echo"));
  RunAndStop({{Call(1, "silent")}, Join()}, [&] { return silent.started > 0; });
  auto refused = Journal::Create(*loop_, path_, header_);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kAlreadyExists);
  std::filesystem::remove(path_);
  RunWith(*Create(), {{Call(1, "echo")}, Join()});
  EXPECT_TRUE(Create()->recorded().calls.empty());
  std::filesystem::remove(path_);
  std::ofstream(path_) << "a shopping list";
  refused = Journal::Create(*loop_, path_, header_);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_FALSE(Journal::Open(*loop_, path_).ok());
  EXPECT_TRUE(absl::IsNotFound(Journal::Open(*loop_, folder_ / "none").status()));
}

TEST_F(JournalTest, OneProcessAtATime) {
  auto journal = Create();
  auto second = Journal::Open(*loop_, path_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition) << second.status();
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("another process"));
}

TEST_F(JournalTest, WhereItCannotBeMadeNothingIsLeft) {
  auto journal = Journal::Create(*loop_, folder_ / "no" / "such" / "folder", header_);
  EXPECT_FALSE(journal.ok());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

}  // namespace
}  // namespace heddle::testing
