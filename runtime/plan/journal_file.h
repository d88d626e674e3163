// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The SQLite file of a journal: its tables, the few statements that write it, and reading it back.
//
// Thread-safety: one thread at a time.

#ifndef HEDDLE_RUNTIME_PLAN_JOURNAL_FILE_H_
#define HEDDLE_RUNTIME_PLAN_JOURNAL_FILE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/plan/journal.h"

struct sqlite3;
struct sqlite3_stmt;

namespace heddle {

// A statement with its values in the order of its parameters.
struct JournalWrite {
  const char* sql;  // one of those below
  std::vector<std::variant<int64_t, std::string>> values;
};

namespace journal_sql {
inline constexpr char kHeader[] =
    "INSERT INTO run (plan_text, options, tools_file, tools_digest) VALUES (?, ?, ?, ?)";
inline constexpr char kCall[] = "INSERT OR IGNORE INTO call (id, call) VALUES (?, ?)";
inline constexpr char kBroken[] = "INSERT OR IGNORE INTO call (id, call, broken) VALUES (?, ?, ?)";
inline constexpr char kPlanEnd[] = "UPDATE run SET plan_end = ?";
inline constexpr char kStart[] = "UPDATE call SET arguments = ?2, attempts = ?3 WHERE id = ?1";
inline constexpr char kEnd[] =
    "UPDATE call SET status = ?2, attempts = ?3, result = ?4, error = ?5 WHERE id = ?1";
inline constexpr char kFinished[] = "UPDATE run SET finished = ?1";
}  // namespace journal_sql

class JournalFile {
 public:
  // A new file with the tables; all of `writes` are in it when it appears under its name.
  static absl::Status Make(const std::string& path, const std::vector<JournalWrite>& writes);
  static absl::StatusOr<std::unique_ptr<JournalFile>> Open(const std::string& path);
  ~JournalFile();

  absl::StatusOr<JournalRecord> Read();
  // All of them or none.
  absl::Status Write(const std::vector<JournalWrite>& writes);

 private:
  JournalFile() = default;
  absl::Status Connect(const std::string& path, bool create);
  absl::Status Execute(const char* sql);
  absl::StatusOr<sqlite3_stmt*> Prepared(const char* sql);
  absl::Status Error(const char* doing) const;
  // Calls `row` for each row of a query.
  absl::Status Query(const char* sql, const std::function<absl::Status(sqlite3_stmt*)>& row);

  std::string path_;
  sqlite3* database_ = nullptr;
  std::map<const char*, sqlite3_stmt*> statements_;
};

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_PLAN_JOURNAL_FILE_H_
