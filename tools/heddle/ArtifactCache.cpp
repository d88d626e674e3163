// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "tools/heddle/ArtifactCache.h"

#include "compiler/cache/CacheFolder.h"
#include "compiler/cache/TunedSchedules.h"
#include "frontends/onnx/FileBytes.h"
#include "runtime/artifact/cpu_features.h"
#include "runtime/artifact/format.h"
#include "runtime/artifact/sha256.h"
#include "tools/heddle/ModelSummary.h"

#include <filesystem>
#include <sys/stat.h>

namespace heddle::cli {

namespace fs = std::filesystem;

/// Which compiler it is: its file's size and time of change, as a build replaces the file. Reading
/// the whole of it would take longer than small models take to compile.
static std::string compilerIdentity() {
  struct stat facts = {};
  if (::stat(compilerLibraryPath().c_str(), &facts) != 0)
    return "none";
  return std::to_string(facts.st_size) + "." + std::to_string(facts.st_mtim.tv_sec) + "." +
         std::to_string(facts.st_mtim.tv_nsec);
}

static std::string digestOf(std::string_view bytes) {
  return HexText(Sha256Of(bytes.data(), bytes.size()));
}

/// The options in words, each on a line.
static std::string optionsText(const CompileRequest &request) {
  std::string text = "cpu " + request.cpu + "\nO" + std::to_string(request.optLevel) + "\ncores " +
                     std::to_string(request.cores) + (request.caches ? "\ncaches" : "") +
                     (request.noScans ? "\nno scans" : "") +
                     (request.noWinograd ? "\nno winograd" : "") + "\nscan form " +
                     request.scanForm + "\nprecision " + request.precision +
                     (request.verifyAssociativity ? "\nverified associativity" : "") +
                     "\nmax-constant " + std::to_string(request.maxConstantBytes) + "\n";
  for (const auto &[name, size] : request.dims)
    text += "dim " + name + "=" + std::to_string(size) + "\n";
  if (request.cpu.find("native") != std::string::npos) {
    text += processorName() + "\n";
    for (std::string_view feature : HostCpuFeatures())
      text += "+" + std::string(feature);
  }
  return text;
}

static absl::StatusOr<std::string> fileDigest(const std::string &path) {
  auto file = MappedFile::map(path);
  if (!file.ok())
    return file.status();
  return digestOf(file->bytes());
}

absl::StatusOr<std::string> cacheEntry(const CompileRequest &request) {
  auto digest = fileDigest(request.model);
  if (!digest.ok())
    return digest.status();
  std::string key = "heddle " HEDDLE_VERSION " format " + std::to_string(kArtifactVersion) +
                    " compiler " + compilerIdentity() + "\nname " +
                    fs::path(request.model).filename().string() + "\nmodel " + *digest + "\n" +
                    optionsText(request);
  // A model that cannot be read, or whose data cannot, is the compiler's to complain about.
  if (fs::path(request.model).extension() != ".mlir") {
    auto summary = summarizeModel(request.model);
    if (!summary.ok())
      return std::string();
    for (const std::string &location : summary->externalFiles) {
      auto data = fileDigest((fs::path(request.model).parent_path() / location).string());
      if (!data.ok())
        return std::string();
      key += "\ndata " + location + " " + *data;
    }
  }
  auto folder = CacheFolder::open(CacheFolder::defaultPath());
  if (!folder.ok())
    return std::string();
  key += request.noTuned ? "\nnot tuned" : "\ntuned " + folder->stateOf(".tuned");
  return folder->fileFor(key, ".heddle");
}

void trimCache() {
  if (auto folder = CacheFolder::open(CacheFolder::defaultPath()); folder.ok())
    folder->trimNowAndThen();
}

} // namespace heddle::cli
