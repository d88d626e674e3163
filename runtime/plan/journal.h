// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A file that knows what a run has done, whatever happens to the process: the plan, and each call
// before it starts and after it ends. Records are taken in order and written in groups by a thread of
// its own (SQLite, WAL, synchronous=NORMAL), so a record that is there implies all before it.
//
//   auto journal = Journal::Create(loop, "plan.journal", {.plan_text = text}, &plan);
//   PlanRun run(loop, registry, {.journal = journal->get()}, &observer);
//   run.Start(plan, ...);
//
//   auto journal = Journal::Open(loop, "plan.journal");     // after a crash
//   PlanRun run(loop, registry, {.journal = journal->get()}, &observer);
//   for (const RecordedBrokenCall& call : (*journal)->recorded().broken) run.AddBroken(...);
//   run.Start((*journal)->recorded().plan, ...);            // repeats nothing that had ended
//
// A killed process loses nothing that was committed; a power failure may lose the last moments, which
// is what NORMAL means. Values that a tools file expanded from the environment are recorded as ${NAME},
// and are put back when the journal is opened. One process at a time has a journal open.
//
// Thread-safety: on the loop's thread. Destroying it writes what is waiting.

#ifndef HEDDLE_RUNTIME_PLAN_JOURNAL_H_
#define HEDDLE_RUNTIME_PLAN_JOURNAL_H_

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/plan/plan.h"
#include "runtime/plan/plan_run.h"
#include "runtime/plan/secrets.h"
#include "runtime/tools/event_loop.h"

namespace heddle {

// What a person needs to know again to go on.
struct JournalHeader {
  std::string plan_text;          // as it was given; empty where it came in a stream
  Json options = Json::object();  // of the command
  std::string tools_file;         // its path, and a digest of its bytes
  std::string tools_digest;
};

// A call that an earlier process started.
struct RecordedCall {
  bool ended = false;
  int attempts = 0;
  Json result;
  std::string error;  // of one that ended badly
  bool ended_well() const { return ended && error.empty(); }
};

struct RecordedBrokenCall {
  CallId id = 0;
  std::string tool;
  std::string error;
};

struct JournalRecord {
  JournalHeader header;
  Plan plan;
  std::vector<RecordedBrokenCall> broken;  // calls of a stream that were found wrong
  bool complete = false;  // the plan's end was recorded; otherwise its text was cut off
  bool finished = false;  // the run ended: nothing is left to do
  std::unordered_map<CallId, RecordedCall> calls;
};

class Journal {
 public:
  // A new file; replaces the journal of a run that finished. AlreadyExists where there is anything else.
  // The file appears under its name with the header and the plan, if it is known, or not at all.
  static absl::StatusOr<std::unique_ptr<Journal>> Create(EventLoop& loop, const std::string& path,
                                                         const JournalHeader& header,
                                                         const Plan* plan = nullptr,
                                                         Secrets secrets = {});
  // To go on with. NotFound, FailedPrecondition where another version of Heddle wrote it or a process
  // is at it, DataLoss where it is damaged.
  static absl::StatusOr<std::unique_ptr<Journal>> Open(EventLoop& loop, const std::string& path,
                                                       Secrets secrets = {});
  // What was recorded of the command, without opening the journal to go on.
  static absl::StatusOr<JournalHeader> ReadHeader(const std::string& path);
  ~Journal();

  // As it was when it was opened; empty in a new one.
  const JournalRecord& recorded() const { return recorded_; }

  void RecordCall(const PlanCall& call);
  void RecordBroken(const RecordedBrokenCall& call);
  void RecordPlanEnd(const std::optional<PlanJoin>& join);
  void RecordStart(CallId id, const Json& arguments, int attempt);
  // Of calls that have a result or failed; the others are decided anew.
  void RecordEnd(const CallReport& call);
  void RecordFinished();

  // Calls back on the loop's thread when everything recorded so far is in the file, or cannot be:
  // after an error nothing more is written.
  void AfterCommit(std::function<void(absl::Status)> callback);

 private:
  class Writer;
  Journal() = default;
  void Record(const char* sql, std::vector<std::variant<int64_t, std::string>> values);

  JournalRecord recorded_;
  Secrets secrets_;
  bool plan_is_there_ = false;
  std::unique_ptr<Writer> writer_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_JOURNAL_H_
