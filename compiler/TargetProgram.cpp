// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/TargetProgram.h"

#include "compiler/FirstError.h"
#include "compiler/cache/KernelCache.h"
#include "compiler/program/ProgramWriter.h"
#include "compiler/program/TaskOrder.h"
#include "compiler/tasks/EvaluateConstants.h"
#include "compiler/tasks/LowerToTasks.h"
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
  FirstError error(*module->getContext());
  if (absl::Status status = evaluateConstants(*module, code, target); !status.ok())
    return status;
  auto main = module->lookupSymbol<task::GraphOp>(kMainGraph);
  tasks = TaskOrder(main).tasks().size();
  auto metadata = (*module)->getAttrOfType<DictionaryAttr>("heddle.metadata");
  auto written = writeProgram(*module, main, code, cores, metadata, weights);
  if (failed(written))
    return error.status("writing the program");
  program = *std::move(written);
  return absl::OkStatus();
}

FailureOr<size_t> compileKernels(MutableArrayRef<TargetProgram> parts, int threads,
                                 const std::string &cacheFolder) {
  std::optional<KernelCache> cache;
  absl::StatusOr<CacheFolder> folder = CacheFolder::open(cacheFolder);
  if (folder.ok())
    cache.emplace(*folder);
  std::vector<codegen::KernelSet> sets;
  for (TargetProgram &part : parts)
    sets.push_back({*part.kernelModule, part.kernels, &part.target});
  auto codes = codegen::compileNative(sets, threads, cache ? &*cache : nullptr);
  if (cache && cache->kept() > 0)
    folder->trimNowAndThen();
  if (failed(codes))
    return failure();
  size_t cached = 0;
  for (auto [part, code] : llvm::zip_equal(parts, *codes)) {
    cached += code.cached;
    part.code = std::move(code);
  }
  return cached;
}

} // namespace heddle
