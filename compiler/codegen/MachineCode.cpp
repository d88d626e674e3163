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

// The passes of LLVM's second level that change something in kernels, which are one function
// without calls to inline, in LLVM's order. Left out are those over functions and globals, those
// that look for what emitters do not write (recursion, assumptions, copies of memory) or do
// themselves (unrolling, vectors of neighbours), and those that copy loops for what is decided
// outside of them. Hoisting address arithmetic out of the tiles' loops takes a second look at the
// ranges of numbers.
#define COMBINE "instcombine<max-iterations=1;no-verify-fixpoint>"
#define SIMPLIFY "simplifycfg<switch-range-to-icmp>"
static constexpr char kPasses[] =
    "function<eager-inv>("
    "simplifycfg,sroa<modify-cfg>,early-cse<>," COMBINE "," SIMPLIFY ","
    "early-cse<memssa>,correlated-propagation," SIMPLIFY "," COMBINE ","
    "loop-mssa(loop-instsimplify,loop-simplifycfg,licm<no-allowspeculation>,"
    "loop-rotate<header-duplication>,licm<allowspeculation>,simple-loop-unswitch<trivial>)"
    "," SIMPLIFY "," COMBINE ",loop(loop-idiom,indvars,loop-deletion),"
    "gvn<>,sccp,bdce," COMBINE ",correlated-propagation,dse,loop-mssa(licm<allowspeculation>),"
    "simplifycfg<switch-range-to-icmp;hoist-common-insts;sink-common-insts>," COMBINE ","
    "loop-vectorize,infer-alignment,loop-load-elim,"
    "simplifycfg<forward-switch-cond;switch-range-to-icmp;switch-to-lookup;no-keep-loops;"
    "hoist-common-insts;sink-common-insts>,vector-combine," COMBINE ","
    "loop-mssa(licm<allowspeculation>),instsimplify,div-rem-pairs,"
    "simplifycfg<speculate-unpredictables>)";
#undef COMBINE
#undef SIMPLIFY

void optimize(Module &module, const Target &target, TargetMachine &machine) {
  module.setDataLayout(machine.createDataLayout());
  module.setTargetTriple(machine.getTargetTriple());
  module.setPICLevel(PICLevel::BigPIC);
  for (Function &function : module)
    if (!function.isDeclaration())
      function.addFnAttr("tune-cpu", target.tuneCpu());

  PassBuilder builder(&machine);
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager components;
  ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  ModulePassManager passes;
  if (target.optLevel() == 0)
    passes = builder.buildO0DefaultPipeline(OptimizationLevel::O0);
  else
    cantFail(builder.parsePassPipeline(passes, kPasses));
  passes.run(module, modules);
  storeSingleLanes(module);
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
    failed = machine.addAsmPrinter(passes, stream, nullptr,
                                   assembly ? CodeGenFileType::AssemblyFile
                                            : CodeGenFileType::ObjectFile,
                                   information->getMMI().getContext());
  }
  if (failed)
    report_fatal_error("the X86 target cannot emit objects");
  passes.add(createFreeMachineFunctionPass());
  passes.run(module);
  return std::string(bytes.begin(), bytes.end());
}

} // namespace heddle::codegen
