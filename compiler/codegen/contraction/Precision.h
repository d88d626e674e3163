// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a contraction may do to its operands' precision, as the narrow-products pass marks it.

#ifndef HEDDLE_COMPILER_CODEGEN_CONTRACTION_PRECISION_H
#define HEDDLE_COMPILER_CODEGEN_CONTRACTION_PRECISION_H

#include "compiler/codegen/Target.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace heddle {

/// Marks a product or convolution of f32 that may round its operands to bf16. Sums stay f32.
constexpr llvm::StringLiteral kRoundsOperands = "heddle.rounds_operands";
/// f16 or bf16: the weights have been converted from it, so that they can be stored as it.
constexpr llvm::StringLiteral kWeightsFit = "heddle.weights_fit";

/// Whether the target gains from rounding the operands of convolutions, which vectors multiply.
bool roundsConvolutions(const codegen::Target &target);
/// Whether it gains from rounding those of this one.
bool roundsOperands(mlir::Operation *contraction, const codegen::Target &target);

/// Whether a convolution of f32 copies what it reads of its input, whatever its schedule says, so
/// that the input may be f16 or bf16.
bool mayReadNarrowInput(mlir::Operation *convolution);

/// What weights of this element type are packed as.
mlir::Type packedElement(mlir::Operation *contraction, mlir::Type element, bool rounds);

/// The elements of a kernel's buffers where operand `packed` of the structured function is stored
/// as `element`.
llvm::SmallVector<mlir::Type> bufferElements(mlir::func::FuncOp structured, unsigned packed,
                                             mlir::Type element);

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_CONTRACTION_PRECISION_H
