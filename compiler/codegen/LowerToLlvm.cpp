// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernel functions to the llvm dialect.

#include "compiler/codegen/KernelLowering.h"
#include "compiler/codegen/MathExpansion.h"
#include "compiler/codegen/NativeCode.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/X86Vector/X86VectorDialect.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace heddle::codegen {

void registerCodegenDialects(DialectRegistry &registry) {
  registry
      .insert<affine::AffineDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
              index::IndexDialect, LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect,
              scf::SCFDialect, ub::UBDialect, vector::VectorDialect, x86vector::X86VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
}

FailureOr<KernelSignature> kernelSignature(ModuleOp module, llvm::StringRef name) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  if (!function)
    return module.emitError("there is no kernel '") << name << "'";
  KernelSignature signature;
  ArrayRef<Type> types = function.getArgumentTypes();
  auto isBuffer = [](Type type) {
    auto memref = dyn_cast<MemRefType>(type);
    return memref && memref.getRank() == 1 && memref.getLayout().isIdentity() &&
           memref.getElementType().isIntOrIndexOrFloat();
  };
  bool wellFormed =
      types.size() >= 3 && isBuffer(types.back()) &&
      function.getResultTypes() == ArrayRef<Type>{IntegerType::get(module.getContext(), 32)};
  size_t next = 0;
  for (; wellFormed && next + 1 < types.size() && isBuffer(types[next]); ++next)
    signature.push_back(KernelArgument::Buffer);
  for (; wellFormed && next + 1 < types.size(); ++next) {
    wellFormed &= types[next].isIndex();
    signature.push_back(KernelArgument::Dim);
  }
  wellFormed &= signature.size() >= 2 && signature[signature.size() - 2] == KernelArgument::Dim;
  if (!wellFormed)
    return function.emitError("a kernel takes 1-D memrefs, then indices of which the last two are "
                              "the grid range, then its scratch, and returns i32");
  signature[signature.size() - 2] = KernelArgument::Begin;
  signature[signature.size() - 1] = KernelArgument::End;
  signature.push_back(KernelArgument::Scratch);
  return signature;
}

OwningOpRef<ModuleOp> isolateKernel(ModuleOp module, llvm::StringRef name) {
  OwningOpRef<ModuleOp> copy = ModuleOp::create(module.getLoc());
  OpBuilder builder = OpBuilder::atBlockEnd(copy->getBody());
  SymbolTable symbols(module);
  SmallVector<Operation *> work{symbols.lookup(name)};
  llvm::SmallPtrSet<Operation *, 8> seen{work.front()};
  while (!work.empty()) {
    Operation *source = work.pop_back_val();
    builder.clone(*source);
    auto uses = SymbolTable::getSymbolUses(source);
    if (!uses)
      continue;
    for (SymbolTable::SymbolUse use : *uses)
      if (Operation *used = symbols.lookup(use.getSymbolRef().getRootReference()))
        if (seen.insert(used).second)
          work.push_back(used);
  }
  return copy;
}

static void addLoweringPasses(OpPassManager &passes, const Target &target) {
  passes.addPass(createConvertVectorToSCFPass(VectorTransferToSCFOptions().enableFullUnroll()));
  passes.addPass(createLowerAffinePass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());

  // Half-width floats compute in f32, whatever the CPU offers: the same numbers everywhere.
  arith::ArithEmulateUnsupportedFloatsOptions narrow;
  narrow.sourceTypeStrs = {"bf16", "f16"};
  narrow.targetTypeStr = "f32";
  passes.addPass(arith::createArithEmulateUnsupportedFloats(narrow));
  passes.addPass(math::createMathExtendToSupportedTypes());
  passes.addPass(createMathExpansionPass(target));
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  passes.addPass(arith::createArithExpandOpsPass(expand));
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
  passes.addPass(createSCFToControlFlowPass());

  ConvertVectorToLLVMPassOptions vectors;
  vectors.x86Vector = true;
  // Lane numbers are compared in 32 bits; masks are made from counts clamped to the lanes.
  vectors.force32BitVectorIndices = true;
  // Calls of the C library take vectors apart.
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createConvertMathToLibmPass());
  passes.addPass(createConvertVectorToLLVMPass(vectors));
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  passes.addPass(createConvertIndexToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertFuncToLLVMPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createUBToLLVMConversionPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
}

void loadCodegenDialects(MLIRContext *context, const Target &target) {
  PassManager passes(context, ModuleOp::getOperationName(), PassManager::Nesting::Implicit);
  addLoweringPasses(passes, target);
  DialectRegistry registry;
  registerCodegenDialects(registry);
  passes.getDependentDialects(registry);
  context->appendDialectRegistry(registry);
  for (StringRef name : registry.getDialectNames())
    context->getOrLoadDialect(name);
}

LogicalResult lowerToLlvmDialect(ModuleOp module, const Target &target) {
  // Pass managers of several kernels run side by side on one context: pass instrumentation and
  // crash reproduction are left off.
  PassManager passes(module->getContext(), ModuleOp::getOperationName(),
                     PassManager::Nesting::Implicit);
  addLoweringPasses(passes, target);
#ifdef NDEBUG
  passes.enableVerifier(false); // once at the end instead
#endif
  if (failed(passes.run(module)))
    return failure();
  return mlir::verify(module);
}

} // namespace heddle::codegen
