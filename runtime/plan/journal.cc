// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/journal.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "absl/strings/str_cat.h"
#include "runtime/plan/journal_file.h"
#include "runtime/plan/template_json.h"
#include "runtime/support/status_macros.h"

namespace heddle {

// The thread that writes. While it commits one group the next one gathers, so groups grow with the load
// and a lone record waits for nobody.
class Journal::Writer {
 public:
  using Callbacks = std::vector<std::function<void(absl::Status)>>;

  Writer(std::unique_ptr<JournalFile> file, EventLoop::Poster poster)
      : file_(std::move(file)), poster_(std::move(poster)), thread_([this] { Work(); }) {}

  ~Writer() {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void Add(JournalWrite write) {
    std::lock_guard lock(mutex_);
    writes_.push_back(std::move(write));
    if (idle_) wake_.notify_one();
  }

  void AfterCommit(std::function<void(absl::Status)> callback) {
    std::lock_guard lock(mutex_);
    callbacks_.push_back(std::move(callback));
    if (idle_) wake_.notify_one();
  }

 private:
  void Work() {
    absl::Status status;
    std::unique_lock lock(mutex_);
    while (true) {
      idle_ = true;
      wake_.wait(lock, [this] { return stop_ || !writes_.empty() || !callbacks_.empty(); });
      idle_ = false;
      if (writes_.empty() && callbacks_.empty()) return;
      std::vector<JournalWrite> writes = std::exchange(writes_, {});
      Callbacks callbacks = std::exchange(callbacks_, {});
      lock.unlock();
      // After one failure the order of what is there would have a hole.
      if (status.ok() && !writes.empty()) status = file_->Write(writes);
      if (!callbacks.empty()) {
        poster_.Post([callbacks = std::move(callbacks), status] {
          for (const auto& callback : callbacks) callback(status);
        });
      }
      lock.lock();
    }
  }

  const std::unique_ptr<JournalFile> file_;
  const EventLoop::Poster poster_;
  std::mutex mutex_;  // of what follows
  std::condition_variable wake_;
  std::vector<JournalWrite> writes_;
  Callbacks callbacks_;
  bool idle_ = false;
  bool stop_ = false;
  std::thread thread_;  // last: it uses all of the above
};

namespace {

JournalWrite CallWrite(const PlanCall& call) {
  return {journal_sql::kCall, {call.id, ToText(ToJson(call))}};
}

JournalWrite PlanEndWrite(const std::optional<PlanJoin>& join) {
  return {journal_sql::kPlanEnd, {join ? ToText(ToJson(*join)) : "null"}};
}

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> Journal::Create(EventLoop& loop, const std::string& path,
                                                         const JournalHeader& header,
                                                         const Plan* plan, Secrets secrets) {
  {
    auto old = JournalFile::Open(path);
    if (old.ok()) {
      HEDDLE_ASSIGN_OR_RETURN(JournalRecord record, (*old)->Read());
      if (!record.finished) {
        return absl::AlreadyExistsError(absl::StrCat(
            path, " is the journal of a run that has not finished: resume it, or remove the file"));
      }
    } else if (!absl::IsNotFound(old.status())) {
      return absl::AlreadyExistsError(
          absl::StrCat(path, " exists and is not replaced: ", old.status().message()));
    }
  }
  std::vector<JournalWrite> writes;
  writes.push_back(
      {journal_sql::kHeader,
       {header.plan_text, ToText(header.options), header.tools_file, header.tools_digest}});
  if (plan) {
    for (const PlanCall& call : plan->calls) writes.push_back(CallWrite(call));
    writes.push_back(PlanEndWrite(plan->join));
  }
  HEDDLE_RETURN_IF_ERROR(JournalFile::Make(path, writes));
  HEDDLE_ASSIGN_OR_RETURN(auto file, JournalFile::Open(path));
  std::unique_ptr<Journal> journal(new Journal);
  journal->secrets_ = std::move(secrets);
  journal->plan_is_there_ = plan != nullptr;
  journal->writer_ = std::make_unique<Writer>(std::move(file), loop.poster());
  return journal;
}

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(EventLoop& loop, const std::string& path,
                                                       Secrets secrets) {
  HEDDLE_ASSIGN_OR_RETURN(auto file, JournalFile::Open(path));
  std::unique_ptr<Journal> journal(new Journal);
  HEDDLE_ASSIGN_OR_RETURN(journal->recorded_, file->Read());
  for (auto& [id, call] : journal->recorded_.calls) {
    call.result = ShowSecrets(std::move(call.result), secrets);
    call.error = ShowSecrets(call.error, secrets);
  }
  journal->plan_is_there_ = journal->recorded_.complete;
  journal->secrets_ = std::move(secrets);
  journal->writer_ = std::make_unique<Writer>(std::move(file), loop.poster());
  return journal;
}

absl::StatusOr<JournalHeader> Journal::ReadHeader(const std::string& path) {
  HEDDLE_ASSIGN_OR_RETURN(auto file, JournalFile::Open(path));
  HEDDLE_ASSIGN_OR_RETURN(JournalRecord record, file->Read());
  return std::move(record.header);
}

Journal::~Journal() = default;

void Journal::Record(const char* sql, std::vector<std::variant<int64_t, std::string>> values) {
  writer_->Add({sql, std::move(values)});
}

void Journal::RecordCall(const PlanCall& call) {
  if (!plan_is_there_) writer_->Add(CallWrite(call));
}

void Journal::RecordBroken(const RecordedBrokenCall& call) {
  if (plan_is_there_) return;
  Record(journal_sql::kBroken,
         {call.id, ToText(Json(call.tool)), HideSecrets(call.error, secrets_)});
}

void Journal::RecordPlanEnd(const std::optional<PlanJoin>& join) {
  if (!plan_is_there_) writer_->Add(PlanEndWrite(join));
}

void Journal::RecordStart(CallId id, const Json& arguments, int attempt) {
  Record(journal_sql::kStart, {id, ToText(HideSecrets(arguments, secrets_)), int64_t{attempt}});
}

void Journal::RecordEnd(const CallReport& call) {
  Record(journal_sql::kEnd,
         {call.id, std::string(ToText(call.status)), int64_t{call.attempts},
          ToText(HideSecrets(call.result, secrets_)), HideSecrets(call.error, secrets_)});
}

void Journal::RecordFinished() { Record(journal_sql::kFinished, {int64_t{1}}); }

void Journal::AfterCommit(std::function<void(absl::Status)> callback) {
  writer_->AfterCommit(std::move(callback));
}

}  // namespace heddle
