// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The phases of a compilation, for Compile.cpp. Each reports itself to the options' `progress`.

#ifndef HEDDLE_COMPILER_COMPILATION_H
#define HEDDLE_COMPILER_COMPILATION_H

#include "compiler/Compile.h"
#include "compiler/TargetProgram.h"
#include "compiler/program/ProgramImage.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"

namespace heddle {

/// One compilation: imported, lowered as far as the options say, then written or taken as bytes.
class Compilation {
public:
  Compilation(const CompileOptions &options, CompileStatistics *statistics)
      : options(options), statistics(statistics), context(compilerDialects()) {
    context.loadAllAvailableDialects();
  }

  // One of these comes first.
  absl::Status importFile(const std::string &path);
  absl::Status importBytes(std::string_view bytes, const std::string &name);
  /// Of another context.
  absl::Status importModule(mlir::ModuleOp other);

  absl::Status run();

  /// What `run` made.
  absl::Status write(const std::string &path);
  std::vector<uint8_t> bytes();

private:
  void start(const std::string &phase) {
    if (options.progress)
      options.progress(phase);
  }
  void print(mlir::Operation *op);
  absl::Status optimize();
  absl::Status makeKernels();
  absl::Status printKernels(TargetProgram &part);
  absl::Status generateCode();
  absl::Status makeProgram();

  const CompileOptions &options;
  CompileStatistics *statistics;
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<codegen::Target> targets;
  std::vector<TargetProgram> parts; // one for each target
  size_t kernels = 0;               // of all targets
  WeightLayout weights;             // of all targets
  std::string text;                 // for the kinds that are text
  ArtifactWriter writer;
};

} // namespace heddle

#endif // HEDDLE_COMPILER_COMPILATION_H
