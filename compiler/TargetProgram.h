// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of a compilation that depends on the target CPU: kernels, their code, constants that are
// packed for them, and the program that launches them.
//
//   TargetProgram part(target, std::move(module));   // of the parallel level
//   part.makeKernels(mostConstantBytes);             // the task level and the kernels' module
//   compileKernels(parts, KernelsFor::Program, threads, cacheFolder);   // of all targets at once
//   part.finish(cores, weights);                     // weights are shared by the targets

#ifndef HEDDLE_COMPILER_TARGETPROGRAM_H
#define HEDDLE_COMPILER_TARGETPROGRAM_H

#include "absl/status/status.h"
#include "compiler/codegen/NativeCode.h"
#include "compiler/kernels/ScheduleBook.h"
#include "compiler/program/WeightLayout.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <string>
#include <vector>

namespace heddle {

struct TargetProgram {
  TargetProgram(codegen::Target target, mlir::OwningOpRef<mlir::ModuleOp> module)
      : target(std::move(target)), module(std::move(module)) {}

  /// Lowers the module to the task level. Diagnostics say what fails.
  llvm::LogicalResult makeKernels(int64_t mostConstantBytes);

  /// Places the constants in `weights`, which refer to the module afterwards, and writes the program.
  absl::Status finish(unsigned cores, WeightLayout &weights);

  codegen::Target target;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  mlir::OwningOpRef<mlir::ModuleOp> kernelModule;
  std::vector<std::string> kernels; // in the order of the code
  ScheduleBook schedules;
  codegen::NativeCode code;
  absl::Status constants; // how computing them went
  std::vector<uint8_t> program;
  size_t tasks = 0; // of the main graph
};

/// What kernels are compiled for: to be looked at, or to run, which those that compute constants do as
/// soon as they are there, beside the compilation of the others. They are no part of the code then.
enum class KernelsFor { Listing, Program };

/// Compiles the kernels of all parts beside each other; those in the folder's cache, which may have no
/// name, are not compiled anew. Gives their number.
llvm::FailureOr<size_t> compileKernels(llvm::MutableArrayRef<TargetProgram> parts, KernelsFor use,
                                       int threads, const std::string &cacheFolder);

} // namespace heddle

#endif // HEDDLE_COMPILER_TARGETPROGRAM_H
