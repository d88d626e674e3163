// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The llvm dialect to LLVM IR, and the entry point that the runtime calls.

#include "compiler/codegen/HalfFloats.h"
#include "compiler/codegen/KernelLowering.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Verifier.h"

using namespace llvm;

namespace heddle::codegen {
namespace {

// int32_t NAME(void *const *buffers, const int64_t *dims, int64_t begin, int64_t end, void
// *scratch)
void buildEntry(Module &module, Function &kernel, StringRef name,
                const KernelSignature &signature) {
  LLVMContext &context = module.getContext();
  Type *pointer = PointerType::getUnqual(context), *i64 = Type::getInt64Ty(context);
  FunctionType *type =
      FunctionType::get(Type::getInt32Ty(context), {pointer, pointer, i64, i64, pointer}, false);
  Function *entry = Function::Create(type, GlobalValue::ExternalLinkage, name, module);
  entry->setVisibility(GlobalValue::HiddenVisibility);
  IRBuilder<> builder(BasicBlock::Create(context, "entry", entry));

  SmallVector<Value *> arguments;
  // MLIR passes a memref as allocated and aligned pointer, offset, size and stride. Of these a
  // dense 1-D buffer only uses the aligned pointer.
  auto passMemref = [&](Value *base) {
    kernel.addParamAttr(arguments.size() + 1, Attribute::NoAlias);
    arguments.append({PoisonValue::get(pointer), base, builder.getInt64(0),
                      builder.getInt64(INT64_MAX), builder.getInt64(1)});
  };
  unsigned buffers = 0, dims = 0;
  for (KernelArgument argument : signature) {
    switch (argument) {
    case KernelArgument::Buffer:
      passMemref(builder.CreateLoad(
          pointer, builder.CreateConstGEP1_32(pointer, entry->getArg(0), buffers++)));
      break;
    case KernelArgument::Dim:
      arguments.push_back(
          builder.CreateLoad(i64, builder.CreateConstGEP1_32(i64, entry->getArg(1), dims++)));
      break;
    case KernelArgument::Begin:
      arguments.push_back(entry->getArg(2));
      break;
    case KernelArgument::End:
      arguments.push_back(entry->getArg(3));
      break;
    case KernelArgument::Scratch:
      kernel.addParamAttr(arguments.size() + 1, Attribute::getWithAlignment(context, Align(64)));
      passMemref(entry->getArg(4));
      break;
    }
  }
  builder.CreateRet(builder.CreateCall(&kernel, arguments));
}

} // namespace

std::unique_ptr<Module> translateKernel(mlir::ModuleOp source, StringRef name,
                                        const KernelSignature &signature, const Target &target,
                                        LLVMContext &context) {
  std::unique_ptr<Module> module = mlir::translateModuleToLLVMIR(source, context, name);
  if (!module)
    return nullptr;
  Function *kernel = module->getFunction(name);
  kernel->setName(name + ".body");
  for (Function &function : *module) {
    if (function.isDeclaration())
      continue;
    function.setLinkage(GlobalValue::InternalLinkage);
    function.addFnAttr("prefer-vector-width", std::to_string(target.vectorBytes() * 8));
    function.addFnAttr(Attribute::NoUnwind);
  }
  for (GlobalVariable &global : module->globals())
    if (!global.isDeclaration())
      global.setLinkage(GlobalValue::InternalLinkage);
  // Not inlined: `noalias` means most on the arguments of a function, and a call costs nothing
  // beside a task.
  kernel->addFnAttr(Attribute::NoInline);
  buildEntry(*module, *kernel, name, signature);
  moveHalfFloatsAsIntegers(*module);
  if (verifyModule(*module, &errs()))
    return nullptr;
  return module;
}

} // namespace heddle::codegen
