// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Objects of kernels in a folder, found by what they were compiled from. A file is
//
//   "HEDDLEK1" | digest of the key (32 bytes) | size of the object (8 bytes, little-endian) |
//   digest of the object (32 bytes) | the object
//
// and one that is not exactly that is as good as none: it is made again.

#ifndef HEDDLE_COMPILER_CACHE_KERNELCACHE_H
#define HEDDLE_COMPILER_CACHE_KERNELCACHE_H

#include "compiler/cache/CacheFolder.h"
#include "compiler/codegen/ObjectCache.h"

#include <atomic>

namespace heddle {

class KernelCache final : public codegen::ObjectCache {
public:
  explicit KernelCache(CacheFolder folder) : folder(std::move(folder)) {}

  std::optional<std::string> find(std::string_view key) override;
  void keep(std::string_view key, std::string_view object) override;

  /// How many were kept since: the folder may have grown too large.
  size_t kept() const { return keptCount; }

private:
  CacheFolder folder;
  std::atomic<size_t> keptCount = 0;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_CACHE_KERNELCACHE_H
