// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiled models kept between runs in the folder of compiler/cache/CacheFolder.h. An entry's name is a digest of all that decides what is in it: the model's bytes and those of its
// external data, the options, the CPU, the compiler. Entries appear whole or not at all.

#ifndef HEDDLE_TOOLS_HEDDLE_ARTIFACTCACHE_H
#define HEDDLE_TOOLS_HEDDLE_ARTIFACTCACHE_H

#include "absl/status/statusor.h"
#include "tools/heddle/CompilerLibrary.h"

#include <string>

namespace heddle::cli {

/// The path of the entry for the request, whether there is one or not; its folder exists. Empty
/// where there is no folder to be had. An error where the model cannot be read.
absl::StatusOr<std::string> cacheEntry(const CompileRequest &request);

/// Removes what was used longest ago, where the cache has grown too large.
void trimCache();

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_ARTIFACTCACHE_H
