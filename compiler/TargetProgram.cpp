// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/TargetProgram.h"

#include "compiler/FirstError.h"
#include "compiler/cache/KernelCache.h"
#include "compiler/program/ProgramWriter.h"
#include "compiler/program/TaskOrder.h"
#include "compiler/tasks/EvaluateConstants.h"
#include "compiler/tasks/LowerToTasks.h"
#include "compiler/tasks/SinkConstants.h"
#include "compiler/tasks/UnusedTasks.h"
#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace heddle {

LogicalResult TargetProgram::makeKernels(int64_t mostConstantBytes) {
  kernelModule = ModuleOp::create(UnknownLoc::get(module->getContext()), "kernels");
  ClusterKernels made(*kernelModule, target, schedules);
  if (failed(lowerToTasks(*module, made, mostConstantBytes)) || failed(mlir::verify(*module)))
    return failure();
  kernels = made.names();
  return success();
}

absl::Status TargetProgram::finish(unsigned cores, WeightLayout &weights) {
  if (!constants.ok())
    return constants;
  FirstError error(*module->getContext());
  auto main = module->lookupSymbol<task::GraphOp>(kMainGraph);
  sinkConstants(*module, main);
  eraseUnused(*module, main);
  tasks = TaskOrder(main).tasks().size();
  auto metadata = (*module)->getAttrOfType<DictionaryAttr>("heddle.metadata");
  auto written = writeProgram(*module, main, code, cores, metadata, weights);
  if (failed(written))
    return error.status("writing the program");
  program = *std::move(written);
  return absl::OkStatus();
}

/// Kernels that a graph launches, or one that it runs, in the order of the part's.
static std::vector<std::string> kernelsOf(TargetProgram &part, task::GraphOp graph) {
  llvm::StringSet<> launched;
  for (task::GraphOp each : graphsFrom(*part.module, graph))
    each.walk([&](task::LaunchOp launch) { launched.insert(launch.getKernel()); });
  std::vector<std::string> kernels;
  for (const std::string &kernel : part.kernels)
    if (launched.contains(kernel))
      kernels.push_back(kernel);
  return kernels;
}

/// What computes constants, and then what the program runs.
static void addProgramSets(TargetProgram &part, std::vector<codegen::KernelSet> &sets) {
  if (auto constants = part.module->lookupSymbol<task::GraphOp>(kConstantsGraph))
    sets.push_back({*part.kernelModule, kernelsOf(part, constants), &part.target,
                    [&part](const codegen::NativeCode &code) {
                      part.constants = evaluateConstants(*part.module, code, part.target);
                    }});
  auto main = part.module->lookupSymbol<task::GraphOp>(kMainGraph);
  sets.push_back({*part.kernelModule, kernelsOf(part, main), &part.target, {}});
}

FailureOr<size_t> compileKernels(MutableArrayRef<TargetProgram> parts, KernelsFor use, int threads,
                                 const std::string &cacheFolder) {
  std::optional<KernelCache> cache;
  absl::StatusOr<CacheFolder> folder = CacheFolder::open(cacheFolder);
  if (folder.ok())
    cache.emplace(*folder);
  std::vector<codegen::KernelSet> sets;
  std::vector<size_t> ends; // of each part's sets; the last has its code
  for (TargetProgram &part : parts) {
    if (use == KernelsFor::Program)
      addProgramSets(part, sets);
    else
      sets.push_back({*part.kernelModule, part.kernels, &part.target, {}});
    ends.push_back(sets.size());
  }
  auto codes = codegen::compileNative(sets, threads, cache ? &*cache : nullptr);
  if (cache && cache->kept() > 0)
    folder->trimNowAndThen();
  if (failed(codes))
    return failure();
  size_t cached = 0;
  for (const codegen::NativeCode &code : *codes)
    cached += code.cached;
  for (auto [part, end] : llvm::zip_equal(parts, ends))
    part.code = std::move((*codes)[end - 1]);
  return cached;
}

} // namespace heddle
