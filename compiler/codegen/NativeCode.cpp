// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/NativeCode.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <optional>
#include <thread>
#include <tuple>

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
  llvm::SmallVector<size_t, 2> sets = {}; // that have it
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

FailureOr<Job> makeJob(const KernelSet &set, const std::string &name) {
  FailureOr<KernelSignature> signature = kernelSignature(set.module, name);
  if (failed(signature))
    return failure();
  Job job{name, name, set.target, *signature, isolateKernel(set.module, name)};
  job.module->walk([&](Operation *) { ++job.size; });
  Operation *kernel = job.module->lookupSymbol(name);
  job.fillsRegisters = kernel->hasAttr(kFillsRegisters);
  return job;
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

/// Compiles the kernels of some sets, and links a set as soon as the last of its kernels is there.
class Compilation {
public:
  Compilation(ArrayRef<KernelSet> sets, ObjectCache *cache) : sets(sets), cache(cache) {}

  LogicalResult prepare();
  void run(int threads);
  FailureOr<std::vector<NativeCode>> codes();

private:
  struct Linking {
    std::vector<size_t> jobs;     // in the order of the kernels
    std::atomic<size_t> left = 0; // of them, not compiled yet
    std::optional<NativeCode> code;
  };

  void link(size_t set);
  void work();

  ArrayRef<KernelSet> sets;
  ObjectCache *cache;
  std::vector<Job> jobs;
  std::vector<size_t> order; // in which jobs are taken
  std::vector<Linking> linkings;
  std::atomic<size_t> next = 0;
};

LogicalResult Compilation::prepare() {
  linkings = std::vector<Linking>(sets.size());
  llvm::DenseMap<Operation *, llvm::StringMap<size_t>> known;
  for (auto [i, set] : llvm::enumerate(sets)) {
    ModuleOp module = set.module;
    loadCodegenDialects(module.getContext(), *set.target);
    for (const std::string &name : set.kernels) {
      auto [found, isNew] = known[module].try_emplace(name, jobs.size());
      if (isNew) {
        FailureOr<Job> job = makeJob(set, name);
        if (failed(job))
          return failure();
        jobs.push_back(*std::move(job));
      }
      jobs[found->second].sets.push_back(i);
      linkings[i].jobs.push_back(found->second);
    }
    linkings[i].left = set.kernels.size();
  }
  // What somebody waits for first, of those the largest.
  order.resize(jobs.size());
  std::iota(order.begin(), order.end(), 0);
  auto rank = [&](size_t job) {
    bool awaited = llvm::any_of(jobs[job].sets, [&](size_t set) { return bool(sets[set].ready); });
    return std::tuple(!awaited, -jobs[job].size, job);
  };
  llvm::sort(order, [&](size_t a, size_t b) { return rank(a) < rank(b); });
  return success();
}

void Compilation::link(size_t set) {
  std::vector<std::string> objects;
  size_t cached = 0;
  for (size_t index : linkings[set].jobs) {
    Job &job = jobs[index];
    if (!job.done)
      return;
    // One that several sets have is counted once.
    cached += job.cached && job.sets.front() == set;
    objects.push_back(job.object);
  }
  llvm::Expected<SharedObject> linked = linkKernels(objects, sets[set].kernels, *sets[set].target);
  if (!linked) {
    ModuleOp module = sets[set].module;
    module.emitError() << llvm::toString(linked.takeError());
    return;
  }
  linkings[set].code = {std::move(linked->bytes), sets[set].kernels, std::move(linked->imports),
                        cached};
  if (sets[set].ready)
    sets[set].ready(*linkings[set].code);
}

void Compilation::work() {
  for (size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < order.size();) {
    Job &job = jobs[order[i]];
    job.done = succeeded(finish(job, cache));
    // Acquire-release: whoever links a set sees what others compiled for it.
    for (size_t set : job.sets)
      if (linkings[set].left.fetch_sub(1, std::memory_order_acq_rel) == 1)
        link(set);
  }
}

void Compilation::run(int threads) {
  makeTargetMachine(*sets.front().target); // initialise LLVM before there are threads
  for (size_t set = 0; set < sets.size(); ++set)
    if (linkings[set].jobs.empty())
      link(set);
  std::vector<std::thread> pool;
  for (int i = 1; i < std::min<int>(threads, order.size()); ++i)
    pool.emplace_back([this] { work(); });
  work();
  for (std::thread &thread : pool)
    thread.join();
}

FailureOr<std::vector<NativeCode>> Compilation::codes() {
  std::vector<NativeCode> codes;
  for (auto [set, linking] : llvm::zip_equal(sets, linkings)) {
    ModuleOp module = set.module;
    for (size_t job : linking.jobs)
      if (!jobs[job].done)
        return module.emitError("kernel '") << jobs[job].name << "' could not be compiled";
    if (!linking.code)
      return failure();
    codes.push_back(*std::move(linking.code));
  }
  return codes;
}

} // namespace

FailureOr<std::vector<NativeCode>> compileNative(ArrayRef<KernelSet> sets, int threads,
                                                 ObjectCache *cache) {
  Compilation compilation(sets, cache);
  if (failed(compilation.prepare()))
    return failure();
  // A context without threads of its own must not see ours.
  compilation.run(sets.front().module->getContext()->isMultithreadingEnabled() ? threads : 1);
  return compilation.codes();
}

FailureOr<NativeCode> compileNative(ModuleOp module, const std::vector<std::string> &kernels,
                                    const Target &target, int threads, ObjectCache *cache) {
  FailureOr<std::vector<NativeCode>> codes =
      compileNative(KernelSet{module, kernels, &target, {}}, threads, cache);
  if (failed(codes))
    return failure();
  return std::move(codes->front());
}

FailureOr<std::string> printNative(ModuleOp module, const std::vector<std::string> &kernels,
                                   const Target &target, Listing listing) {
  KernelSet set{module, kernels, &target, {}};
  loadCodegenDialects(module.getContext(), target);
  Product product = listing == Listing::LlvmIr            ? Product::LlvmIr
                    : listing == Listing::OptimizedLlvmIr ? Product::OptimizedLlvmIr
                                                          : Product::Assembly;
  std::string text;
  for (const std::string &kernel : kernels) {
    FailureOr<Job> job = makeJob(set, kernel);
    if (failed(job))
      return failure();
    FailureOr<std::string> part = compileOne(*job, product);
    if (failed(part))
      return failure();
    text += *part;
  }
  return text;
}

} // namespace heddle::codegen
