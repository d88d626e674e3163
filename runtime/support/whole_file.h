// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A file that is written whole, or not at all: what is at its path stays until all bytes are there, in a
// temporary file beside it that takes its place then. A link stays, and what it leads to is replaced.
// What is no file and no folder (a pipe, a device) is written as it is.
//
//   HEDDLE_ASSIGN_OR_RETURN(WholeFile file, WholeFile::Create(path));
//   HEDDLE_RETURN_IF_ERROR(file.Append(bytes));   // as often as needed
//   return file.Commit();                          // without it the temporary file is removed
//
//   return WriteWholeFile(path, {head, body});     // the same
//
// Thread-safety: none. Processes that write the same path do not meet: the last to commit wins.

#ifndef HEDDLE_RUNTIME_SUPPORT_WHOLE_FILE_H_
#define HEDDLE_RUNTIME_SUPPORT_WHOLE_FILE_H_

#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace heddle {

class WholeFile {
 public:
  static absl::StatusOr<WholeFile> Create(const std::string& path);
  WholeFile(WholeFile&& other) noexcept;
  WholeFile& operator=(WholeFile&&) = delete;
  ~WholeFile();

  absl::Status Append(std::string_view bytes);
  absl::Status Commit();

 private:
  WholeFile(std::string path, std::string temporary, int descriptor);
  absl::Status Error() const;  // of errno

  std::string path_, temporary_;  // no temporary: written as it is
  int descriptor_;                // -1: committed, or moved away
};

absl::Status WriteWholeFile(const std::string& path, std::initializer_list<std::string_view> parts);

}  // namespace heddle

#endif  // HEDDLE_RUNTIME_SUPPORT_WHOLE_FILE_H_
