// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiled models kept between runs, in $HEDDLE_CACHE, $XDG_CACHE_HOME/heddle or ~/.cache/heddle.
// An entry's name is a digest of all that decides what is in it: the model's bytes and those of its
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

/// Removes the entries used longest ago until the cache holds no more than $HEDDLE_CACHE_MB (8192);
/// `newest` stays.
void trimCache(const std::string &newest);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_ARTIFACTCACHE_H
