// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels that lay an operand out for a contraction. They take sizes and are made for none, so that
// contractions of all sizes share them: they run once, while compiling, or take little time.

#ifndef HEDDLE_COMPILER_CODEGEN_CONTRACTION_PACKINGKERNEL_H
#define HEDDLE_COMPILER_CODEGEN_CONTRACTION_PACKINGKERNEL_H

#include "compiler/codegen/Emitter.h"
#include "compiler/codegen/contraction/ContractionKernel.h"
#include "compiler/codegen/loops/KernelFrame.h"

namespace heddle {

/// Makes the kernel of a packing that has all else but the elements of a point: from elements `stored`
/// to those of the packing. `emit` gets the packing's sizes as values.
void emitPackingKernel(
    Packing &packing, mlir::func::FuncOp structured, const llvm::Twine &name, mlir::Type stored,
    const codegen::Target &target,
    llvm::function_ref<void(codegen::Emitter &, KernelFrame &, llvm::ArrayRef<mlir::Value> sizes)>
        emit);

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_CONTRACTION_PACKINGKERNEL_H
