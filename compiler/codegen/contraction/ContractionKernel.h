// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a structured kernel around a matrix product, a convolution or a pooling to a kernel.
//
// The structured function has one contraction, still a source operation (onnx.MatMul, onnx.Gemm,
// onnx.Conv, onnx.ConvTranspose, onnx.MaxPool), and linalg.generic operations that use its result
// elementwise: the epilogue, which is evaluated on the accumulators. After a convolution there may be
// a pooling too, with an epilogue before and another after it.

#ifndef HEDDLE_COMPILER_CODEGEN_CONTRACTION_CONTRACTIONKERNEL_H
#define HEDDLE_COMPILER_CODEGEN_CONTRACTION_CONTRACTIONKERNEL_H

#include "compiler/codegen/loops/LoopKernel.h"

namespace heddle {

/// True for a contraction whose types, layout and parameters the emitters cover.
bool isEmittedContraction(mlir::Operation *op);

/// Whether there are operations of this operator for which that is true.
bool mayBeContraction(mlir::OperationName name);

/// Whether one kernel may compute both: the pooling, or the depthwise convolution, reads what follows
/// element by element from the convolution, and nothing else does.
bool isPooledConvolution(mlir::Operation *convolution, mlir::Operation *pooling);

/// Marks a convolution that is faster direct than as a product, should its windows be of one element.
constexpr llvm::StringLiteral kFasterDirect = "heddle.faster_direct";
/// Whether it is; as far as sizes are known while compiling.
bool isFasterDirect(mlir::Operation *convolution);

/// Whether a convolution may compute its input as it copies it: what is between it and what it is computed
/// of, element by element, is in its kernel then.
bool mayComputeInput(mlir::Operation *convolution);

/// Marks a convolution whose windows are the whole input: a pixel a channel.
constexpr llvm::StringLiteral kSinglePixel = "heddle.single_pixel";
bool hasSinglePixel(mlir::Operation *convolution);

/// Marks a convolution that is computed with pixels in the lanes, not with output channels: on CPUs
/// with so many vector registers, or more.
constexpr llvm::StringLiteral kPixelsInLanes = "heddle.pixels_in_lanes";
std::optional<int64_t> registersForPixelsInLanes(mlir::Operation *convolution);

/// Marks a convolution by weights that may be computed by Winograd's minimal filtering: whether it is,
/// unless its schedule says otherwise.
constexpr llvm::StringLiteral kWinograd = "heddle.winograd";
/// Whether it is the usual way: the mark says so.
bool isUsuallyWinograd(mlir::Operation *op);
/// Whether window, strides, groups and types allow it.
bool mayBeWinograd(mlir::Operation *op);
/// Whether it takes less time, as far as sizes are known while compiling.
bool isFasterWinograd(mlir::Operation *convolution);

/// Marks a convolution whose weights are finite: what is multiplied with zeros may be left out.
constexpr llvm::StringLiteral kSkipsPads = "heddle.skips_pads";

/// Marks a convolution that makes channels in so many runs of such a length, and stores them in turns:
/// channel r * length + i as channel i * runs + r of its result.
constexpr llvm::StringLiteral kShuffledRuns = "heddle.shuffled_runs";

/// Marks a pooling of which windows along one axis divide the whole tensor.
constexpr llvm::StringLiteral kEvenWindows = "heddle.even_windows";
bool hasEvenWindows(mlir::Operation *pooling);

/// An operand that is laid out ahead: the kernel reads the packed form instead.
struct Packing {
  unsigned operand;                 // of the structured function
  llvm::SmallVector<DimExpr> sizes; // what the kernel takes, over the structured function's
  LoopKernel kernel;                // one operand, one result
  DimExpr elements;                 // of the packed form
  mlir::Type elementType;
};

struct ContractionKernel {
  LoopKernel kernel;
  DimExpr scratchBytes;
  llvm::SmallVector<Packing, 1> packings;
  /// Of what a packing makes, before each run: weights are kept in fewer bytes than the kernel
  /// reads. The kernel takes both forms, what the packing makes after its other operands.
  std::optional<Packing> unpacking;
};

/// `constantOperands` says which operands of the function are weights, worth packing.
mlir::FailureOr<ContractionKernel> emitContractionKernel(mlir::func::FuncOp structured,
                                                         llvm::StringRef name,
                                                         llvm::ArrayRef<bool> constantOperands,
                                                         const codegen::Target &target);

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_CONTRACTION_CONTRACTIONKERNEL_H
