// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/unit/codegen/KernelHarness.h"

#include "compiler/codegen/NativeCode.h"
#include "runtime/artifact/cpu_features.h"
#include "tests/unit/codegen/TileEmulator.h"

#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>

#include "mlir/IR/Verifier.h"

using namespace mlir;

namespace heddle::codegen {

static Target resolveOrAbort(const std::string &cpu, int optLevel) {
  TargetOptions options{cpu, optLevel};
  options.nativeTiles = CheckCpuFeatures({"amx-tile"}).ok();
  auto target = Target::resolve(options, [](const std::string &message) {
    std::fprintf(stderr, "%s\n", message.c_str());
    std::abort();
  });
  return *target;
}

KernelHarness::KernelHarness(const std::string &cpu, int optLevel)
    : target(resolveOrAbort(cpu, optLevel)), emulates(cpu != "native" && target.has("amx-tile")) {
  DialectRegistry registry;
  registerCodegenDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  module = ModuleOp::create(UnknownLoc::get(&context));
}

int KernelHarness::add(const std::string &name, ArrayRef<Type> buffers, int dims,
                       llvm::function_ref<void(Emitter &, Kernel &)> body) {
  Kernel kernel = Kernel::create(*module, name, buffers, dims);
  OpBuilder builder = OpBuilder::atBlockEnd(&kernel.function.getBody().front());
  Emitter emitter(builder, module->getLoc(), target);
  body(emitter, kernel);
  kernel.finish(builder);
  if (fillsRegisters)
    kernel.function->setAttr(kFillsRegisters, builder.getUnitAttr());
  if (failed(verify(*module)))
    std::abort();
  names.push_back(name);
  return names.size() - 1;
}

LoadedKernels KernelHarness::compile() {
  if (emulates)
    emulateTiles(*module);
  FailureOr<NativeCode> code = compileNative(
      *module, names, emulates ? resolveOrAbort("native", target.optLevel()) : target);
  if (failed(code))
    std::abort();
  return LoadedKernels::load(*code);
}

std::string KernelHarness::print(Listing listing) {
  return *printNative(*module, names, target, listing);
}

std::shared_ptr<char> allocateGuarded(size_t bytes) {
  constexpr size_t kPage = 4096;
  size_t pages = (bytes + kPage - 1) / kPage * kPage, total = pages + 2 * kPage;
  char *base = static_cast<char *>(
      mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (base == MAP_FAILED || mprotect(base + total - kPage, kPage, PROT_NONE) != 0)
    std::abort();
  char *start = base + total - kPage - bytes;
  return std::shared_ptr<char>(start, [base, total](char *) { munmap(base, total); });
}

} // namespace heddle::codegen
