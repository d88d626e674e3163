// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What decides the machine code of a kernel, as text, and the names in it. Kernels are compiled under
// one name, whatever they are called in their program: the same kernel of two programs is the same
// object, and its symbols are renamed afterwards.

#ifndef HEDDLE_COMPILER_CODEGEN_KERNELKEY_H
#define HEDDLE_COMPILER_CODEGEN_KERNELKEY_H

#include <string>

#include "compiler/codegen/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace heddle::codegen {

/// The name that kernels are compiled under.
inline constexpr llvm::StringLiteral kKernelName = "heddle_kernel";

/// Of an isolated kernel under that name. Empty where it is not known which compiler this is.
std::string kernelKey(mlir::ModuleOp module, const Target &target);

/// The object with symbols NAME and NAME.rest renamed from kKernelName to `name`.
llvm::Expected<std::string> renameKernel(std::string object, llvm::StringRef name);

} // namespace heddle::codegen

#endif // HEDDLE_COMPILER_CODEGEN_KERNELKEY_H
