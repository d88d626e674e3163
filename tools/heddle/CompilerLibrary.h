// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// libheddle_compiler, loaded when something has to be compiled and not before: running an artifact
// must not cost the start of LLVM.
//
//   CompileRequest request;
//   request.model = "model.onnx";
//   request.output = "model.heddle";
//   absl::StatusOr<CompileSummary> summary = compileApart(request);

#ifndef HEDDLE_TOOLS_HEDDLE_COMPILERLIBRARY_H
#define HEDDLE_TOOLS_HEDDLE_COMPILERLIBRARY_H

#include "absl/status/statusor.h"
#include "heddle/compiler.h"

#include <functional>
#include <map>
#include <string>

namespace heddle::cli {

struct CompileRequest {
  std::string model;
  std::string output;
  std::map<std::string, int64_t> dims;
  std::string cpu = "native";
  HeddleEmit emit = HEDDLE_EMIT_ARTIFACT;
  int optLevel = 3;
  int cores = 2;   ///< that the program is made for
  int threads = 0; ///< 0: as many as the machine has
  int64_t maxConstantBytes = 0;
  bool caches = false;
  bool noScans = false;
  bool noWinograd = false;
  bool verifyAssociativity = false;
  std::string scanForm;  ///< empty: chosen
  bool useCache = true;  ///< of kernels
  std::string schedules; ///< JSON; empty: what was found to be best
  bool noTuned = false;
  std::string precision = "f32";
};

struct CompileSummary {
  double seconds = 0;
  uint64_t tasks = 0;
  uint64_t kernels = 0;
  uint64_t cachedKernels = 0;
  uint64_t tunedKernels = 0;
};

/// The library's file, found relative to this program.
std::string compilerLibraryPath();

/// Loads the library into this process; does nothing the second time. Starts no threads.
absl::Status loadCompiler();

/// Compiles in this process. `progress` gets the name of each phase.
absl::StatusOr<CompileSummary> compileHere(const CompileRequest &request,
                                           const std::function<void(const char *)> &progress);

/// Compiles in a child process, with progress on the terminal: a crash is an error, and this
/// process stays as small as one that only runs. With HEDDLE_NO_FORK set, compiles here.
absl::StatusOr<CompileSummary> compileApart(const CompileRequest &request);

/// A plan as MLIR (heddle_compile_plan), made in this process.
absl::StatusOr<std::string> planAsMlir(const std::string &plan, const std::string &name,
                                       const std::string &tools, HeddleEmit emit);

} // namespace heddle::cli

#endif // HEDDLE_TOOLS_HEDDLE_COMPILERLIBRARY_H
