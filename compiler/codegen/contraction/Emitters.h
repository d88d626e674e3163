// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One emitter for each kind of contraction; ContractionKernel.h is what the compiler calls.

#ifndef HEDDLE_COMPILER_CODEGEN_CONTRACTION_EMITTERS_H
#define HEDDLE_COMPILER_CODEGEN_CONTRACTION_EMITTERS_H

#include "compiler/codegen/contraction/ContractionKernel.h"

namespace heddle {

/// The structured form has signless integers; ClusterKernels leaves a note at the contraction.
bool isUnsignedOperand(mlir::Operation *op, unsigned operand);

bool isEmittedMatmul(mlir::Operation *op);
mlir::FailureOr<ContractionKernel>
emitMatmulKernel(mlir::func::FuncOp structured, mlir::Operation *contraction, llvm::StringRef name,
                 llvm::ArrayRef<bool> constantOperands, const codegen::Target &target);

mlir::FailureOr<ContractionKernel> emitBlockMatmulKernel(mlir::func::FuncOp structured,
                                                         mlir::Operation *contraction,
                                                         llvm::StringRef name,
                                                         const codegen::Target &target);

bool isEmittedMergeAttention(mlir::Operation *op);
mlir::FailureOr<ContractionKernel> emitMergeAttentionKernel(mlir::func::FuncOp structured,
                                                            mlir::Operation *contraction,
                                                            llvm::StringRef name,
                                                            const codegen::Target &target);

bool isEmittedConvolution(mlir::Operation *op);
mlir::FailureOr<ContractionKernel> emitConvolutionKernel(mlir::func::FuncOp structured,
                                                         mlir::Operation *contraction,
                                                         llvm::StringRef name,
                                                         const codegen::Target &target);

/// The time of 16 x 16 results of a direct convolution in vectors of multiply-adds of their depth.
struct DirectCosts {
  double channelsInLanes, pixelsInLanes;
  bool pixelsFillMore; // of their vectors than channels do
};
/// Where channels are known.
std::optional<DirectCosts> directCosts(mlir::Operation *convolution);

class SpatialOperation;
/// Windows of one element, one at each pixel: a plane is one long row, unless the epilogue or what the
/// input is computed by tells its rows apart.
bool isPointwise(mlir::func::FuncOp structured, const SpatialOperation &space, mlir::Value input);
/// Such convolutions with many pixels are emitted apart.
bool isEmittedPointwise(mlir::func::FuncOp structured, mlir::Operation *op,
                        const codegen::Target &target);
mlir::FailureOr<ContractionKernel> emitPointwiseKernel(mlir::func::FuncOp structured,
                                                       mlir::Operation *op, llvm::StringRef name,
                                                       const codegen::Target &target);

/// Convolutions marked as kSinglePixel.
mlir::FailureOr<ContractionKernel> emitSinglePixelKernel(mlir::func::FuncOp structured,
                                                         mlir::Operation *op, llvm::StringRef name,
                                                         const codegen::Target &target);

bool isEmittedAttention(mlir::Operation *op);
mlir::FailureOr<ContractionKernel> emitAttentionKernel(mlir::func::FuncOp structured,
                                                       mlir::Operation *op, llvm::StringRef name,
                                                       const codegen::Target &target);

mlir::FailureOr<ContractionKernel> emitPooledConvolutionKernel(mlir::func::FuncOp structured,
                                                               mlir::Operation *convolution,
                                                               mlir::Operation *pooling,
                                                               llvm::StringRef name,
                                                               const codegen::Target &target);

/// Pooling has the same form: windows, results that are pixels, an epilogue.
bool isEmittedPooling(mlir::Operation *op);
mlir::FailureOr<ContractionKernel> emitPoolingKernel(mlir::func::FuncOp structured,
                                                     mlir::Operation *pooling, llvm::StringRef name,
                                                     const codegen::Target &target);

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_CONTRACTION_EMITTERS_H
