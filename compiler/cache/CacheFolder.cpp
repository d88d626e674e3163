// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/cache/CacheFolder.h"

#include "runtime/artifact/sha256.h"
#include "runtime/support/whole_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace heddle {

namespace fs = std::filesystem;

static constexpr const char *kEndings[] = {".heddle", ".kernel", ".tuned"};
/// A file that is being written is younger.
static constexpr time_t kAbandonedSeconds = 3600;

std::string CacheFolder::defaultPath() {
  auto variable = [](const char *name) {
    const char *value = std::getenv(name);
    return fs::path(value ? value : "");
  };
  if (fs::path own = variable("HEDDLE_CACHE_DIR"); !own.empty())
    return own.string();
  if (fs::path shared = variable("XDG_CACHE_HOME"); shared.is_absolute())
    return (shared / "heddle").string();
  if (fs::path home = variable("HOME"); !home.empty())
    return (home / ".cache" / "heddle").string();
  return {};
}

absl::StatusOr<CacheFolder> CacheFolder::open(const std::string &path) {
  if (path.empty())
    return absl::NotFoundError("there is no folder for a cache: set HEDDLE_CACHE_DIR");
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  ::mkdir(path.c_str(), 0700);
  struct stat facts = {};
  if (::stat(path.c_str(), &facts) != 0)
    return absl::NotFoundError(path + ": " + std::strerror(errno));
  if (!S_ISDIR(facts.st_mode))
    return absl::FailedPreconditionError(path + ": is no folder");
  if (facts.st_uid != ::geteuid() || (facts.st_mode & (S_IWGRP | S_IWOTH)))
    return absl::FailedPreconditionError(path +
                                         ": others may write to this folder, and what is in "
                                         "a cache is run; chmod go-w, or name another folder");
  return CacheFolder(path);
}

std::string CacheFolder::fileFor(std::string_view key, std::string_view ending) const {
  return folder + "/" + HexText(Sha256Of(key.data(), key.size())) + std::string(ending);
}

std::optional<std::string> CacheFolder::read(const std::string &file) const {
  int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0)
    return std::nullopt;
  std::optional<std::string> bytes;
  struct stat facts = {};
  if (::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_uid == ::geteuid()) {
    bytes.emplace(static_cast<size_t>(facts.st_size), '\0');
    size_t done = 0;
    while (done < bytes->size()) {
      ssize_t count = ::read(descriptor, bytes->data() + done, bytes->size() - done);
      if (count < 0 && errno == EINTR)
        continue;
      if (count <= 0)
        break;
      done += static_cast<size_t>(count);
    }
    bytes->resize(done);
  }
  ::close(descriptor);
  return bytes;
}

bool CacheFolder::write(const std::string &file, std::string_view bytes) const {
  return WriteWholeFile(file, {bytes}).ok();
}

void CacheFolder::touch(const std::string &file) {
  ::utimensat(AT_FDCWD, file.c_str(), nullptr, 0);
}

namespace {

struct Entry {
  std::string path, ending;
  bool abandoned; // the rest of a write that did not end
  uint64_t bytes;
  timespec used;
};

} // namespace

/// The files of a folder that are a cache's.
static std::vector<Entry> entriesOf(const std::string &folder) {
  constexpr size_t digits = 64;
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::string name = it->path().filename().string();
    if (name.find_first_not_of("0123456789abcdef") != digits)
      continue;
    std::string rest = name.substr(digits), ending;
    for (const char *one : kEndings)
      if (rest.rfind(one, 0) == 0)
        ending = one;
    bool temporary = rest[ending.size()] == '.';
    struct stat facts = {};
    if (ending.empty() || (rest != ending && !temporary) ||
        ::lstat(it->path().c_str(), &facts) != 0 || !S_ISREG(facts.st_mode))
      continue;
    bool abandoned = temporary && facts.st_mtim.tv_sec + kAbandonedSeconds < ::time(nullptr);
    if (!temporary || abandoned)
      entries.push_back({it->path().string(), ending, abandoned,
                         static_cast<uint64_t>(facts.st_size), facts.st_mtim});
  }
  return entries;
}

std::string CacheFolder::stateOf(std::string_view ending) const {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    struct stat facts = {};
    if (it->path().extension() == ending && ::stat(it->path().c_str(), &facts) == 0)
      files.push_back(it->path().filename().string() + " " + std::to_string(facts.st_mtim.tv_sec) +
                      "." + std::to_string(facts.st_mtim.tv_nsec) + "\n");
  }
  std::sort(files.begin(), files.end());
  std::string all;
  for (const std::string &file : files)
    all += file;
  return HexText(Sha256Of(all.data(), all.size()));
}

std::map<std::string, CacheFolder::Contents> CacheFolder::contents() const {
  std::map<std::string, Contents> all;
  for (const char *ending : kEndings)
    all[ending] = {};
  for (const Entry &entry : entriesOf(folder)) {
    if (entry.abandoned)
      continue;
    ++all[entry.ending].files;
    all[entry.ending].bytes += entry.bytes;
  }
  return all;
}

void CacheFolder::trim(uint64_t mostBytes) const {
  std::vector<Entry> entries = entriesOf(folder);
  uint64_t total = 0;
  for (const Entry &entry : entries)
    total += entry.bytes;
  std::sort(entries.begin(), entries.end(), [](const Entry &a, const Entry &b) {
    return std::tuple(!a.abandoned, a.used.tv_sec, a.used.tv_nsec) <
           std::tuple(!b.abandoned, b.used.tv_sec, b.used.tv_nsec);
  });
  for (const Entry &entry : entries) {
    if (!entry.abandoned && (total <= mostBytes || entry.ending == ".tuned"))
      continue;
    if (::unlink(entry.path.c_str()) == 0)
      total -= entry.bytes;
  }
}

void CacheFolder::trimNowAndThen() const {
  std::string stamp = folder + "/trimmed";
  struct stat facts = {};
  if (::stat(stamp.c_str(), &facts) == 0 && facts.st_mtim.tv_sec + 60 > ::time(nullptr))
    return;
  if (int file = ::open(stamp.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600); file >= 0)
    ::close(file);
  touch(stamp);
  trim(mostBytes());
}

uint64_t CacheFolder::mostBytes() {
  const char *limit = std::getenv("HEDDLE_CACHE_MB");
  return (limit ? std::strtoull(limit, nullptr, 10) : 8192) << 20;
}

size_t CacheFolder::clear(std::string_view ending) const {
  size_t removed = 0;
  for (const Entry &entry : entriesOf(folder))
    if (entry.ending == ending && ::unlink(entry.path.c_str()) == 0)
      ++removed;
  return removed;
}

} // namespace heddle
