// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/LoadedModel.h"

#include "compiler/cache/CacheFolder.h"
#include "tools/heddle/ArtifactCache.h"
#include "tools/heddle/ChildProcess.h"
#include "tools/heddle/Measurement.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

namespace heddle::cli {

bool isArtifact(const std::string &path) {
  // The first byte of an ONNX model is the tag of a field below 32; 0x7f is none.
  char magic[4] = {};
  std::FILE *file = std::fopen(path.c_str(), "rbe");
  if (!file)
    return false;
  bool read = std::fread(magic, 1, sizeof magic, file) == sizeof magic;
  std::fclose(file);
  return read && std::memcmp(magic, "\177ELF", sizeof magic) == 0;
}

static double millisecondsSince(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

static absl::Status load(const std::string &path, LoadedModel &result,
                         const std::string &cpu = "") {
  forgetPeakMemory();
  auto begin = Clock::now();
  auto model = Model::Load(path, {.target_cpu = cpu});
  if (!model.ok())
    return model.status();
  result.model = *std::move(model);
  result.loadMs = millisecondsSince(begin);
  return absl::OkStatus();
}

static absl::Status compile(CompileRequest request, const std::string &output,
                            LoadedModel &result) {
  request.output = output;
  auto begin = Clock::now();
  if (auto summary = compileApart(request); !summary.ok())
    return summary.status();
  result.compileMs = millisecondsSince(begin);
  return absl::OkStatus();
}

absl::StatusOr<LoadedModel> loadModel(const CompileRequest &request, bool useCache) {
  LoadedModel result;
  if (isArtifact(request.model)) {
    result.fromArtifact = true;
    // Of several targets the best is as good as native.
    std::string cpu = request.cpu == "native" ? "" : request.cpu;
    if (absl::Status status = load(request.model, result, cpu); !status.ok())
      return status;
    return result;
  }
  std::string cached;
  if (useCache) {
    auto entry = cacheEntry(request);
    if (!entry.ok())
      return entry.status();
    cached = *entry;
  }
  // A damaged entry, or one of another machine, is made anew.
  if (!cached.empty() && ::access(cached.c_str(), R_OK) == 0 && load(cached, result).ok()) {
    CacheFolder::touch(cached);
    result.fromCache = true;
    return result;
  }
  TemporaryFile temporary(cached.empty() ? "" : cached);
  if (absl::Status status = compile(request, temporary.path(), result); !status.ok())
    return status;
  if (absl::Status status = load(temporary.path(), result); !status.ok())
    return status;
  if (!cached.empty() && std::rename(temporary.path().c_str(), cached.c_str()) == 0)
    trimCache();
  return result;
}

TemporaryFile::TemporaryFile(const std::string &beside) {
  const char *folder = std::getenv("TMPDIR");
  name = beside.empty() ? std::string(folder && *folder ? folder : "/tmp") + "/heddle" : beside;
  name += "-" + std::to_string(::getpid()) + "-XXXXXX";
  int file = ::mkstemp(name.data());
  if (file >= 0)
    ::close(file);
}

TemporaryFile::~TemporaryFile() { ::unlink(name.c_str()); }

} // namespace heddle::cli
