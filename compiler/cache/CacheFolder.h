// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The folder of what can be made again: models, kernels, and what was measured of kernels. A file's name
// is a digest of all that decides what is in it, and says what it is by its end:
//
//   <64 hex digits>.heddle   an artifact
//   <64 hex digits>.kernel   a kernel's machine code (KernelCache.h)
//   <64 hex digits>.tuned    what was measured to be best for a kernel (docs/tuning.md)
//
// Files appear whole, by renaming, so any number of processes may share a folder. Whatever else lies
// in it is neither read nor removed. A folder that others may write to is not used: what is read from
// it becomes code that runs.

#ifndef HEDDLE_COMPILER_CACHE_CACHEFOLDER_H
#define HEDDLE_COMPILER_CACHE_CACHEFOLDER_H

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace heddle {

class CacheFolder {
public:
  /// $HEDDLE_CACHE_DIR, $XDG_CACHE_HOME/heddle or ~/.cache/heddle; empty where none is to be had.
  static std::string defaultPath();

  /// Makes the folder, for this user only, where there is none.
  static absl::StatusOr<CacheFolder> open(const std::string &path);

  const std::string &path() const { return folder; }
  /// The path of the file for a key of any length.
  std::string fileFor(std::string_view key, std::string_view ending) const;

  /// The whole of a file; nothing where there is none, or it is not this user's.
  std::optional<std::string> read(const std::string &file) const;
  /// Writes a file beside and renames it. False where that cannot be done, as on a full disk.
  bool write(const std::string &file, std::string_view bytes) const;
  /// Notes that a file was used: trim() removes others before it.
  static void touch(const std::string &file);

  struct Contents {
    size_t files = 0;
    uint64_t bytes = 0;
  };
  /// A digest of which files of an ending there are, and of when they were written.
  std::string stateOf(std::string_view ending) const;
  /// By ending.
  std::map<std::string, Contents> contents() const;

  /// Removes what was used longest ago until models and kernels take no more than `mostBytes`, and
  /// what processes that died left behind. What was measured stays: it is small and took long.
  void trim(uint64_t mostBytes) const;
  /// The same for mostBytes(), at most once a minute.
  void trimNowAndThen() const;
  /// $HEDDLE_CACHE_MB, 8192 without.
  static uint64_t mostBytes();

  /// Removes all files of an ending and returns how many.
  size_t clear(std::string_view ending) const;

private:
  explicit CacheFolder(std::string path) : folder(std::move(path)) {}
  std::string folder;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_CACHE_CACHEFOLDER_H
