// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The compiler as a function: a model file in, an artifact out. What `heddle compile`, the C API in
// heddle/compiler.h and the tests call.
//
//   heddle::CompileOptions options;
//   options.import.dims["batch"] = 1;
//   heddle::CompileStatistics statistics;
//   absl::Status status = heddle::compileToFile("model.onnx", "model.heddle", options, &statistics);
//
// Reentrant: every call has an MLIR context of its own. Memory is bounded by a few times the
// model's weights. Errors are one line: InvalidArgument for bad input, Unimplemented for what is
// not supported, Internal for a defect of Heddle.

#ifndef HEDDLE_COMPILER_COMPILE_H
#define HEDDLE_COMPILER_COMPILE_H

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "compiler/Pipelines.h"
#include "compiler/codegen/Target.h"
#include "frontends/onnx/ImportOnnx.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/DialectRegistry.h"

#include <functional>
#include <string>
#include <vector>

namespace heddle {

/// Where to stop, and what to give.
enum class EmitKind {
  Artifact,  // the file that `heddle run` takes
  Program,   // the graph program alone, a FlatBuffer
  Heddle,    // MLIR of the parallel level; compiles again
  Task,      // MLIR of the task level, with the kernels
  Llvm,      // optimised LLVM IR of the kernels
  Object,    // the kernels as a shared object
  Header,    // a C header with the artifact's bytes
  Schedules, // JSON: kernels that could be scheduled otherwise (docs/tuning.md)
};

struct CompileOptions {
  ImportOptions import;
  codegen::TargetOptions target;
  EmitKind emit = EmitKind::Artifact;
  ExtractionOptions extraction;
  /// Where kernels are kept for other compilations, and found; empty: nowhere. What comes out does
  /// not depend on it. A folder that cannot be used is not.
  std::string cacheFolder;
  /// What kernels are to get otherwise than usual, as JSON; empty: what the cache's folder has for this
  /// machine, unless `tuned` is false.
  std::string schedules;
  bool tuned = true;
  /// Called with the name of each phase as it starts.
  std::function<void(const std::string &)> progress;
};

struct CompileStatistics {
  double seconds = 0;
  size_t tasks = 0;         // of the main graph
  size_t kernels = 0;       // distinct ones
  size_t cachedKernels = 0; // of them, found in the cache
  size_t tunedKernels = 0;  // of them, scheduled otherwise than usual
};

/// Compiles an ONNX model (any name) or a file in Heddle's own dialect (*.mlir).
absl::Status compileToFile(const std::string &input, const std::string &output,
                           const CompileOptions &options, CompileStatistics *statistics = nullptr);

/// The same with the result in memory.
absl::StatusOr<std::vector<uint8_t>> compileToMemory(const std::string &input,
                                                     const CompileOptions &options,
                                                     CompileStatistics *statistics = nullptr);

/// The same for a model in memory; `name` stands for the file in errors.
absl::StatusOr<std::vector<uint8_t>> compileBytes(std::string_view model, const std::string &name,
                                                  const CompileOptions &options,
                                                  CompileStatistics *statistics = nullptr);

absl::Status compileBytesToFile(std::string_view model, const std::string &name,
                                const std::string &output, const CompileOptions &options,
                                CompileStatistics *statistics = nullptr);

/// The same for a module that a builder made, of any context with the compiler's dialects.
absl::Status compileModuleToFile(mlir::ModuleOp module, const std::string &output,
                                 const CompileOptions &options,
                                 CompileStatistics *statistics = nullptr);
absl::StatusOr<std::vector<uint8_t>> compileModule(mlir::ModuleOp module,
                                                   const CompileOptions &options,
                                                   CompileStatistics *statistics = nullptr);

/// What a context needs for programs of any level.
mlir::DialectRegistry compilerDialects();

} // namespace heddle

#endif // HEDDLE_COMPILER_COMPILE_H
