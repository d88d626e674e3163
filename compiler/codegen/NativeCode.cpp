// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/NativeCode.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "compiler/codegen/KernelKey.h"
#include "compiler/codegen/KernelLowering.h"
#include "compiler/codegen/SharedObject.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

struct Job {
  std::string name, symbol; // in its program, and in its module
  const Target *target;
  KernelSignature signature;
  OwningOpRef<ModuleOp> module;
  int64_t size = 0; // operations, to start the largest first
  std::string object = {};
  bool done = false, cached = false;
  bool fillsRegisters = false;
};

enum class Product { Object, LlvmIr, OptimizedLlvmIr, Assembly };

FailureOr<std::string> compileOne(Job &job, Product product) {
  const Target &target = *job.target;
  job.module->lookupSymbol(job.symbol)->removeAttr(kFillsRegisters);
  if (failed(lowerToLlvmDialect(*job.module, target)))
    return failure();
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module =
      translateKernel(*job.module, job.symbol, job.signature, target, context);
  job.module = {};
  if (!module)
    return failure();
  auto print = [&] {
    std::string text;
    llvm::raw_string_ostream(text) << *module;
    return text;
  };
  if (product == Product::LlvmIr)
    return print();
  std::unique_ptr<llvm::TargetMachine> machine = makeTargetMachine(target);
  optimize(*module, target, *machine);
  if (product == Product::OptimizedLlvmIr)
    return print();
  return emitMachineCode(*module, *machine, product == Product::Assembly,
                         /*hoistConstants=*/!job.fillsRegisters);
}

LogicalResult makeJobs(const KernelSet &set, std::vector<Job> &jobs) {
  loadCodegenDialects(set.module->getContext(), *set.target);
  for (const std::string &name : set.kernels) {
    FailureOr<KernelSignature> signature = kernelSignature(set.module, name);
    if (failed(signature))
      return failure();
    Job job{name, name, set.target, *signature, isolateKernel(set.module, name)};
    job.module->walk([&](Operation *) { ++job.size; });
    Operation *kernel = job.module->lookupSymbol(name);
    job.fillsRegisters = kernel->hasAttr(kFillsRegisters);
    jobs.push_back(std::move(job));
  }
  return success();
}

/// The object of a job, found or made.
LogicalResult finish(Job &job, ObjectCache *cache) {
  job.symbol = kKernelName;
  SymbolTable::setSymbolName(job.module->lookupSymbol(job.name), job.symbol);
  std::string key = cache ? kernelKey(*job.module, *job.target) : std::string();
  std::optional<std::string> found = key.empty() ? std::nullopt : cache->find(key);
  job.cached = found.has_value();
  if (!found) {
    FailureOr<std::string> object = compileOne(job, Product::Object);
    if (failed(object))
      return failure();
    found = *std::move(object);
    if (!key.empty())
      cache->keep(key, *found);
  }
  llvm::Expected<std::string> renamed = renameKernel(*std::move(found), job.name);
  if (!renamed) {
    llvm::consumeError(renamed.takeError());
    return failure();
  }
  job.module = {};
  job.object = *std::move(renamed);
  return success();
}

} // namespace

FailureOr<std::vector<NativeCode>> compileNative(ArrayRef<KernelSet> sets, int threads,
                                                 ObjectCache *cache) {
  std::vector<Job> jobs;
  for (const KernelSet &set : sets)
    if (failed(makeJobs(set, jobs)))
      return failure();
  std::vector<size_t> order(jobs.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(jobs[b].size, a) < std::pair(jobs[a].size, b);
  });

  makeTargetMachine(*sets.front().target); // initialise LLVM before there are threads
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < order.size();) {
      Job &job = jobs[order[i]];
      job.done = succeeded(finish(job, cache));
    }
  };
  // A context without threads of its own must not see ours.
  if (!sets.front().module->getContext()->isMultithreadingEnabled())
    threads = 1;
  std::vector<std::thread> pool;
  for (int i = 1; i < std::min<int>(threads, order.size()); ++i)
    pool.emplace_back(work);
  work();
  for (std::thread &thread : pool)
    thread.join();

  std::vector<NativeCode> codes;
  auto job = jobs.begin();
  for (const KernelSet &set : sets) {
    ModuleOp module = set.module;
    std::vector<std::string> objects;
    size_t cached = 0;
    for (auto end = job + set.kernels.size(); job != end; ++job) {
      if (!job->done)
        return module.emitError("kernel '") << job->name << "' could not be compiled";
      cached += job->cached;
      objects.push_back(std::move(job->object));
    }
    llvm::Expected<SharedObject> linked = linkKernels(objects, set.kernels, *set.target);
    if (!linked)
      return module.emitError() << llvm::toString(linked.takeError());
    codes.push_back({std::move(linked->bytes), set.kernels, std::move(linked->imports), cached});
  }
  return codes;
}

FailureOr<NativeCode> compileNative(ModuleOp module, const std::vector<std::string> &kernels,
                                    const Target &target, int threads, ObjectCache *cache) {
  FailureOr<std::vector<NativeCode>> codes =
      compileNative(KernelSet{module, kernels, &target}, threads, cache);
  if (failed(codes))
    return failure();
  return std::move(codes->front());
}

FailureOr<std::string> printNative(ModuleOp module, const std::vector<std::string> &kernels,
                                   const Target &target, Listing listing) {
  std::vector<Job> jobs;
  if (failed(makeJobs({module, kernels, &target}, jobs)))
    return failure();
  Product product = listing == Listing::LlvmIr            ? Product::LlvmIr
                    : listing == Listing::OptimizedLlvmIr ? Product::OptimizedLlvmIr
                                                          : Product::Assembly;
  std::string text;
  for (Job &job : jobs) {
    FailureOr<std::string> part = compileOne(job, product);
    if (failed(part))
      return failure();
    text += *part;
  }
  return text;
}

} // namespace heddle::codegen
