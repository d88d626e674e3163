// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/cache/KernelCache.h"

#include "runtime/artifact/sha256.h"

namespace heddle {

static constexpr std::string_view kEnding = ".kernel";

static std::string digestOf(std::string_view bytes) {
  Sha256Digest digest = Sha256Of(bytes.data(), bytes.size());
  return std::string(digest.begin(), digest.end());
}

static std::string headerOf(std::string_view key, std::string_view object) {
  std::string header = "HEDDLEK1" + digestOf(key);
  for (int byte = 0; byte < 8; ++byte)
    header += static_cast<char>(static_cast<uint64_t>(object.size()) >> (8 * byte));
  return header + digestOf(object);
}

std::optional<std::string> KernelCache::find(std::string_view key) {
  constexpr size_t headerBytes = 8 + 32 + 8 + 32;
  std::string file = folder.fileFor(key, kEnding);
  std::optional<std::string> bytes = folder.read(file);
  if (!bytes || bytes->size() < headerBytes)
    return std::nullopt;
  std::string_view object = std::string_view(*bytes).substr(headerBytes);
  if (bytes->compare(0, headerBytes, headerOf(key, object)) != 0)
    return std::nullopt;
  CacheFolder::touch(file);
  return std::string(object);
}

void KernelCache::keep(std::string_view key, std::string_view object) {
  if (folder.write(folder.fileFor(key, kEnding), headerOf(key, object).append(object)))
    ++keptCount;
}

} // namespace heddle
