// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model or an artifact given on the command line, ready to run: an artifact is loaded as it is, a
// model is compiled, or found in the cache.

#ifndef HEDDLE_TOOLS_HEDDLE_LOADEDMODEL_H
#define HEDDLE_TOOLS_HEDDLE_LOADEDMODEL_H

#include "runtime/session/model.h"
#include "tools/heddle/CompilerLibrary.h"

#include <memory>
#include <string>

namespace heddle::cli {

/// Whether the file's first bytes are those of an artifact; models start otherwise. False where it
/// cannot be read.
bool isArtifact(const std::string &path);

struct LoadedModel {
  std::shared_ptr<const Model> model;
  bool fromArtifact = false;
  bool fromCache = false;
  double compileMs = 0; ///< 0 where nothing was compiled
  double loadMs = 0;
};

/// `request` says how to compile, and the file; its output is not used. An artifact is loaded as it
/// is, whatever the request says of compiling.
absl::StatusOr<LoadedModel> loadModel(const CompileRequest &request, bool useCache);

/// A file for an artifact, removed by the destructor; what was loaded from it stays.
class TemporaryFile {
public:
  /// In the folder of `beside`, else in that for temporary files. Where it cannot be made, writing
  /// to its path fails, and says so.
  explicit TemporaryFile(const std::string &beside = "");
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile &) = delete;
  const std::string &path() const { return name; }

private:
  std::string name;
};

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_LOADEDMODEL_H
