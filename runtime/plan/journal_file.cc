// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/plan/journal_file.h"

#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "runtime/plan/template_json.h"
#include "runtime/support/status_macros.h"

namespace heddle {
namespace {

constexpr int kApplication = 0x4865646c;  // "Hedl"
constexpr int kVersion = 1;

// `attempts` over 0: it had started; `status`: it has ended.
constexpr char kTables[] = R"(
  CREATE TABLE run (plan_text TEXT NOT NULL, options TEXT NOT NULL, tools_file TEXT NOT NULL,
                    tools_digest TEXT NOT NULL, began TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
                    plan_end TEXT, finished INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE call (position INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE, call TEXT NOT NULL,
                     broken TEXT, arguments TEXT, attempts INTEGER NOT NULL DEFAULT 0, status TEXT,
                     result TEXT, error TEXT);
)";

std::string TextAt(sqlite3_stmt* row, int column) {
  auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  return text ? std::string(text, static_cast<size_t>(sqlite3_column_bytes(row, column))) : "";
}

absl::StatusOr<Json> JsonAt(sqlite3_stmt* row, int column) {
  // What was read with the usual limits once is a few levels deeper here.
  JsonLimits limits;
  limits.max_depth = 4 * limits.max_depth;
  limits.max_bytes = size_t{1} << 30;
  absl::StatusOr<Json> value = ParseJson(TextAt(row, column), limits);
  if (value.ok()) return value;
  return absl::DataLossError(
      absl::StrCat("the journal is damaged: ", std::string(value.status().message())));
}

absl::Status ReadCall(sqlite3_stmt* row, JournalRecord& record) {
  HEDDLE_ASSIGN_OR_RETURN(Json json, JsonAt(row, 0));
  if (sqlite3_column_type(row, 5) != SQLITE_NULL) {
    std::string tool = json.is_string() ? json.get<std::string>() : "";
    record.broken.push_back({sqlite3_column_int64(row, 6), std::move(tool), TextAt(row, 5)});
    return absl::OkStatus();
  }
  HEDDLE_ASSIGN_OR_RETURN(PlanCall call, CallFromJson(json));
  RecordedCall past;
  past.attempts = sqlite3_column_int(row, 1);
  past.ended = sqlite3_column_type(row, 2) != SQLITE_NULL;
  past.error = TextAt(row, 4);
  if (past.ended_well()) {
    HEDDLE_ASSIGN_OR_RETURN(past.result, JsonAt(row, 3));
  }
  if (past.ended || past.attempts > 0) record.calls.emplace(call.id, std::move(past));
  record.plan.calls.push_back(std::move(call));
  return absl::OkStatus();
}

}  // namespace

JournalFile::~JournalFile() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

absl::Status JournalFile::Error(const char* doing) const {
  int code = database_ ? sqlite3_errcode(database_) : SQLITE_NOMEM;
  std::string message = absl::StrCat(doing, " ", path_, ": ",
                                     database_ ? sqlite3_errmsg(database_) : "out of memory");
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, ": another process has this journal open"));
  }
  if (code == SQLITE_CANTOPEN) return absl::NotFoundError(message);
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) return absl::DataLossError(message);
  return absl::UnavailableError(message);
}

absl::Status JournalFile::Execute(const char* sql) {
  if (sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return absl::OkStatus();
  return Error("cannot write");
}

absl::Status JournalFile::Connect(const std::string& path, bool create) {
  path_ = path;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
  if (sqlite3_open_v2(path.c_str(), &database_, flags, nullptr) != SQLITE_OK) {
    return Error("cannot open");
  }
  // Whoever resumes a journal that is still being run would write everything twice; the lock ends with
  // the process, however it ends.
  return Execute("PRAGMA locking_mode = EXCLUSIVE");
}

absl::Status JournalFile::Make(const std::string& path, const std::vector<JournalWrite>& writes) {
  std::string draft = absl::StrCat(path, ".", getpid(), ".new");
  std::error_code ignored;
  auto make = [&]() -> absl::Status {
    JournalFile file;
    HEDDLE_RETURN_IF_ERROR(file.Connect(draft, /*create=*/true));
    // Nobody reads the draft after a crash.
    HEDDLE_RETURN_IF_ERROR(file.Execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF"));
    HEDDLE_RETURN_IF_ERROR(file.Execute(
        absl::StrCat("PRAGMA application_id = ", kApplication, "; PRAGMA user_version = ", kVersion)
            .c_str()));
    HEDDLE_RETURN_IF_ERROR(file.Execute(kTables));
    return file.Write(writes);
  };
  absl::Status status = make();
  if (status.ok()) {
    // Left by a file of this name that somebody removed: SQLite would take it for ours.
    std::filesystem::remove(path + "-wal", ignored);
    std::filesystem::remove(path + "-shm", ignored);
    if (std::rename(draft.c_str(), path.c_str()) == 0) return status;
    status = absl::UnavailableError(absl::StrCat("cannot make ", path, ": ", std::strerror(errno)));
  }
  std::filesystem::remove(draft, ignored);
  return status;
}

absl::StatusOr<std::unique_ptr<JournalFile>> JournalFile::Open(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return absl::NotFoundError(absl::StrCat(path, ": there is no such journal"));
  }
  std::unique_ptr<JournalFile> file(new JournalFile);
  HEDDLE_RETURN_IF_ERROR(file->Connect(path, /*create=*/false));
  int application = 0, version = 0;
  auto read_into = [](int& number) {
    return [&number](sqlite3_stmt* row) {
      number = sqlite3_column_int(row, 0);
      return absl::OkStatus();
    };
  };
  HEDDLE_RETURN_IF_ERROR(file->Query("PRAGMA application_id", read_into(application)));
  HEDDLE_RETURN_IF_ERROR(file->Query("PRAGMA user_version", read_into(version)));
  if (application != kApplication) {
    return absl::DataLossError(absl::StrCat(path, " is not a journal of Heddle"));
  }
  if (version != kVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " has format ", version, " and this version of Heddle reads format ", kVersion));
  }
  HEDDLE_RETURN_IF_ERROR(file->Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL"));
  return file;
}

absl::StatusOr<sqlite3_stmt*> JournalFile::Prepared(const char* sql) {
  auto [place, is_new] = statements_.emplace(sql, nullptr);
  if (is_new && sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &place->second,
                                   nullptr) != SQLITE_OK) {
    statements_.erase(place);
    return Error("cannot write");
  }
  return place->second;
}

absl::Status JournalFile::Write(const std::vector<JournalWrite>& writes) {
  HEDDLE_RETURN_IF_ERROR(Execute("BEGIN"));
  auto write = [this](const JournalWrite& write) -> absl::Status {
    HEDDLE_ASSIGN_OR_RETURN(sqlite3_stmt * statement, Prepared(write.sql));
    int place = 1;
    for (const auto& value : write.values) {
      if (auto* text = std::get_if<std::string>(&value)) {
        sqlite3_bind_text64(statement, place, text->data(), text->size(), SQLITE_STATIC,
                            SQLITE_UTF8);
      } else {
        sqlite3_bind_int64(statement, place, std::get<int64_t>(value));
      }
      ++place;
    }
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    absl::Status status = done ? absl::OkStatus() : Error("cannot write");
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return status;
  };
  absl::Status status;
  for (size_t i = 0; i < writes.size() && status.ok(); ++i) status = write(writes[i]);
  if (status.ok()) status = Execute("COMMIT");
  if (!status.ok()) sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
  return status;
}

absl::Status JournalFile::Query(const char* sql,
                                const std::function<absl::Status(sqlite3_stmt*)>& row) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) != SQLITE_OK) {
    return Error("cannot read");
  }
  absl::Status status;
  int step;
  while ((step = sqlite3_step(statement)) == SQLITE_ROW && status.ok()) status = row(statement);
  if (step != SQLITE_DONE && step != SQLITE_ROW) status = Error("cannot read");
  sqlite3_finalize(statement);
  return status;
}

absl::StatusOr<JournalRecord> JournalFile::Read() {
  JournalRecord record;
  HEDDLE_RETURN_IF_ERROR(
      Query("SELECT plan_text, options, tools_file, tools_digest, finished, plan_end FROM run",
            [&](sqlite3_stmt* row) -> absl::Status {
              record.header.plan_text = TextAt(row, 0);
              HEDDLE_ASSIGN_OR_RETURN(record.header.options, JsonAt(row, 1));
              record.header.tools_file = TextAt(row, 2);
              record.header.tools_digest = TextAt(row, 3);
              record.finished = sqlite3_column_int(row, 4) != 0;
              record.complete = sqlite3_column_type(row, 5) != SQLITE_NULL;
              if (!record.complete) return absl::OkStatus();
              HEDDLE_ASSIGN_OR_RETURN(Json end, JsonAt(row, 5));
              if (end.is_null()) return absl::OkStatus();
              HEDDLE_ASSIGN_OR_RETURN(record.plan.join, JoinFromJson(end));
              return absl::OkStatus();
            }));
  HEDDLE_RETURN_IF_ERROR(
      Query("SELECT call, attempts, status, result, error, broken, id FROM call ORDER BY position",
            [&](sqlite3_stmt* row) { return ReadCall(row, record); }));
  return record;
}

}  // namespace heddle
