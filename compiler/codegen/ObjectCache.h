// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where compileNative looks for kernels that were compiled before, and leaves those that were not.

#ifndef HEDDLE_COMPILER_CODEGEN_OBJECTCACHE_H
#define HEDDLE_COMPILER_CODEGEN_OBJECTCACHE_H

#include <optional>
#include <string>
#include <string_view>

namespace heddle::codegen {

/// Called from several threads at once. A key is everything that decides what an object is, in full.
class ObjectCache {
public:
  virtual ~ObjectCache() = default;
  virtual std::optional<std::string> find(std::string_view key) = 0;
  virtual void keep(std::string_view key, std::string_view object) = 0;
};

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_OBJECTCACHE_H
