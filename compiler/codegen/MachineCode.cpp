// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LLVM's optimiser and code generator.

#include "compiler/codegen/KernelLowering.h"

#include "llvm/Analysis/CGSCCPassManager.h"
#include "llvm/Analysis/LoopAnalysisManager.h"
#include "llvm/Analysis/RuntimeLibcallInfo.h"
#include "llvm/CodeGen/MachineModuleInfo.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

namespace heddle::codegen {

std::unique_ptr<TargetMachine> makeTargetMachine(const Target &target) {
  static bool initialized = [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
    InitializeNativeTargetAsmParser();
    return true;
  }();
  (void)initialized;
  Triple triple("x86_64-unknown-linux-gnu");
  std::string error;
  const llvm::Target *backend = TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    report_fatal_error(Twine(error));
  llvm::TargetOptions options;
  // a * b + c may round once; nothing else is relaxed.
  options.AllowFPOpFusion = FPOpFusion::Fast;
  CodeGenOptLevel level = target.optLevel() >= 3   ? CodeGenOptLevel::Aggressive
                          : target.optLevel() == 2 ? CodeGenOptLevel::Default
                          : target.optLevel() == 1 ? CodeGenOptLevel::Less
                                                   : CodeGenOptLevel::None;
  // Only the listed features may be used, so the base is the oldest CPU.
  return std::unique_ptr<TargetMachine>(backend->createTargetMachine(
      triple, "x86-64", target.featureString(), options, Reloc::PIC_, std::nullopt, level));
}

void optimize(Module &module, const Target &target, TargetMachine &machine) {
  module.setDataLayout(machine.createDataLayout());
  module.setTargetTriple(machine.getTargetTriple());
  module.setPICLevel(PICLevel::BigPIC);
  for (Function &function : module)
    if (!function.isDeclaration())
      function.addFnAttr("tune-cpu", target.tuneCpu());

  PipelineTuningOptions tuning;
  tuning.LoopVectorization = true;
  // Register tiles are unrolled where that pays; LLVM would copy whole nests of them.
  tuning.LoopUnrolling = false;
  tuning.LoopInterleaving = true;
  tuning.SLPVectorization = false; // emitters write vectors themselves
  PassBuilder builder(&machine, tuning);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  OptimizationLevel level = target.optLevel() >= 3   ? OptimizationLevel::O3
                            : target.optLevel() == 2 ? OptimizationLevel::O2
                            : target.optLevel() == 1 ? OptimizationLevel::O1
                                                     : OptimizationLevel::O0;
  ModulePassManager passes = level == OptimizationLevel::O0
                                 ? builder.buildO0DefaultPipeline(level)
                                 : builder.buildPerModuleDefaultPipeline(level);
  passes.run(module, modules);
}

// As addPassesToEmitFile, with a choice about one pass.
std::string emitMachineCode(Module &module, TargetMachine &machine, bool assembly,
                            bool hoistConstants) {
  SmallVector<char, 0> bytes;
  raw_svector_ostream stream(bytes);
  legacy::PassManager passes;
  // Else a copy of memory is no call but a loop over its bytes.
  passes.add(new RuntimeLibraryInfoWrapper(machine.getTargetTriple()));
  TargetPassConfig *config = machine.createPassConfig(passes);
  if (!hoistConstants)
    config->disablePass(&EarlyMachineLICMID);
  passes.add(config);
  auto *information = new MachineModuleInfoWrapperPass(&machine);
  passes.add(information);
  bool failed = config->addISelPasses();
  if (!failed) {
    config->addMachinePasses();
    config->setInitialized();
    failed = machine.addAsmPrinter(
        passes, stream, nullptr,
        assembly ? CodeGenFileType::AssemblyFile : CodeGenFileType::ObjectFile,
        information->getMMI().getContext());
  }
  if (failed)
    report_fatal_error("the X86 target cannot emit objects");
  passes.add(createFreeMachineFunctionPass());
  passes.run(module);
  return std::string(bytes.begin(), bytes.end());
}

} // namespace heddle::codegen
