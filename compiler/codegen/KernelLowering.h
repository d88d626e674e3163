// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The steps of compileNative that work on one kernel; see NativeCode.h.

#ifndef HEDDLE_COMPILER_CODEGEN_KERNELLOWERING_H
#define HEDDLE_COMPILER_CODEGEN_KERNELLOWERING_H

#include <memory>
#include <string>

#include "compiler/codegen/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace heddle::codegen {

/// How the arguments of a kernel map to those of its C entry point, in order.
enum class KernelArgument { Buffer, Dim, Begin, End, Scratch };
using KernelSignature = llvm::SmallVector<KernelArgument>;

/// Checks the function against the contract in NativeCode.h.
llvm::FailureOr<KernelSignature> kernelSignature(mlir::ModuleOp module, llvm::StringRef name);

/// A module with a copy of the kernel and of everything it refers to.
mlir::OwningOpRef<mlir::ModuleOp> isolateKernel(mlir::ModuleOp module, llvm::StringRef name);

/// Loads every dialect that lowering may need: none can be loaded while several threads lower.
void loadCodegenDialects(mlir::MLIRContext *context, const Target &target);

/// Lowers a module of kernel functions to the llvm dialect.
llvm::LogicalResult lowerToLlvmDialect(mlir::ModuleOp module, const Target &target);

/// LLVM IR of a lowered module, in which the kernel is internal and an entry point of the kernel's
/// name has the HeddleKernel signature.
std::unique_ptr<llvm::Module> translateKernel(mlir::ModuleOp module, llvm::StringRef name,
                                              const KernelSignature &signature,
                                              const Target &target, llvm::LLVMContext &context);

/// A target machine for position-independent code. Initialises LLVM's X86 target on first use.
std::unique_ptr<llvm::TargetMachine> makeTargetMachine(const Target &target);

void optimize(llvm::Module &module, const Target &target, llvm::TargetMachine &machine);

/// Masked stores of integers of which one lane is known to be stored become stores of its element.
void storeSingleLanes(llvm::Module &module);

/// Object file or assembly. Constants and addresses are hoisted out of loops or stay where they are
/// used: see kFillsRegisters in NativeCode.h.
std::string emitMachineCode(llvm::Module &module, llvm::TargetMachine &machine, bool assembly,
                            bool hoistConstants = true);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_KERNELLOWERING_H
