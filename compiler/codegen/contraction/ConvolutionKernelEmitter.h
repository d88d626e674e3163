// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of one convolution; ConvolutionKernel.cpp says which there are.

#ifndef HEDDLE_COMPILER_CODEGEN_CONTRACTION_CONVOLUTIONKERNELEMITTER_H
#define HEDDLE_COMPILER_CODEGEN_CONTRACTION_CONVOLUTIONKERNELEMITTER_H

#include "compiler/codegen/contraction/Emitters.h"
#include "compiler/codegen/contraction/SpatialOperation.h"
#include "compiler/codegen/convolution/LineWinograd.h"
#include "compiler/codegen/convolution/Winograd.h"

namespace heddle {

class ConvolutionKernelEmitter {
public:
  ConvolutionKernelEmitter(mlir::func::FuncOp structured, mlir::Operation *op, llvm::StringRef name,
                           const codegen::Target &target);

  ContractionKernel emit();
  /// With the maximum over windows of the results, or a depthwise convolution, the only use of them.
  ContractionKernel emitPooled(mlir::Operation *pooling);

private:
  codegen::ConvolutionSpec directSpec();
  /// Whether the epilogue does not tell rows apart.
  bool joinsRows();
  int64_t narrowWidth(int64_t tilePixels);
  ContractionKernel emitDirect();
  /// Of windows of one element, which are a product where they are not pooled.
  bool fillsLanesWithPixels() const;
  ContractionKernel emitDepthwiseKernel();
  ContractionKernel emitPlane();
  /// What a schedule may choose for those that are marked.
  bool isWinograd() const;
  ContractionKernel emitWinogradKernel();
  /// Filters are packed as they are stored, in fewer bits, and transformed by a kernel before each
  /// run.
  bool transformsEachRun() const { return packed != stored && isWinograd(); }
  Packing emitTransform(const codegen::WinogradSpec &spec, const codegen::WinogradPlan &plan);
  /// Of windows of 3 x 1 and 1 x 3 that may be, where pairs of results fill vectors.
  std::optional<codegen::LineWinogradSpec> lineWinograd();
  ContractionKernel emitLineWinogradKernel(const codegen::LineWinogradSpec &spec);
  /// A kernel whose grid points are blocks of pixels and output channels, of which `emit` computes some
  /// and hands the results to a sink that takes them through the epilogue to their places.
  /// With `openRowBlock` where the rows of a block depend on sizes that only the run tells.
  ContractionKernel
  emitBlocks(const codegen::ConvolutionSpec &spec, const codegen::ConvolutionBlocks &blocks,
             llvm::function_ref<void(codegen::Emitter &, const codegen::ConvolutionOperands &,
                                     KernelFrame &, codegen::PixelSink)>
                 emit,
             std::optional<DimExpr> openRowBlock = {});
  Packing emitPacking(const codegen::ConvolutionSpec &spec);
  /// In both forms of minimal filtering.
  Packing packTransformed(int64_t elements, const codegen::ConvolutionSpec &spec,
                          llvm::function_ref<void(codegen::Emitter &, KernelFrame &,
                                                  mlir::Value outputs, mlir::Value channels)>
                              emit);
  unsigned filterNumber() const {
    return mlir::cast<mlir::BlockArgument>(weights()).getArgNumber();
  }

  mlir::Value input() const { return op->getOperand(0); }
  mlir::Value weights() const { return op->getOperand(1); }
  mlir::Value bias() const;
  bool computesInput() const { return !mlir::isa<mlir::BlockArgument>(input()); }
  // Signedness matters of bytes alone.
  bool inputSigned() const { return !isUnsignedOperand(op, 0); }
  bool filterSigned() const { return !isUnsignedOperand(op, 1); }
  int64_t groupCount() const;
  bool hasPixelsInLanes() const {
    auto registers = op->getAttrOfType<mlir::IntegerAttr>(kPixelsInLanes);
    return registers && target.vectorRegisters() >= registers.getInt() &&
           mlir::getElementTypeOrSelf(input()) == stored;
  }
  /// Sizes that only a run tells: the filter's channels and window are those the kernel is made
  /// for, and what is one for each output channel is.
  void requireMatchingFilter(KernelFrame &frame);
  codegen::ConvolutionOperands operandsIn(KernelFrame &frame);
  /// One zero point of the input; one, or one a channel, of the filters. As numbers of type `as`.
  template <typename Operands>
  void addZeroPoints(codegen::Emitter &e, Epilogue &epilogue, mlir::Type as, Operands &operands);

  mlir::Type resultElement();
  /// Of a kernel that takes packed filters.
  llvm::SmallVector<mlir::Type> buffers();
  mlir::Value bufferOf(KernelFrame &frame, mlir::Value operand) {
    return frame.buffers[mlir::cast<mlir::BlockArgument>(operand).getArgNumber()];
  }
  double nanosecondsPerProduct() const {
    return (space.element.isF64() ? 2.0 : 1.0) * 0.16 /
           static_cast<double>(target.vectorBytes() / 4);
  }

  mlir::func::FuncOp structured;
  mlir::Operation *op;
  llvm::StringRef name;
  const codegen::Target &target;
  SpatialOperation space;
  Dims filter;
  mlir::Type stored; // of input and filter
  bool rounds;       // to bf16
  mlir::Type packed; // what filters are packed as
  bool transposed;
  DimExpr groups, inputs, outputs; // the channels are those of a group
};

} // namespace heddle

#endif // HEDDLE_COMPILER_CODEGEN_CONTRACTION_CONVOLUTIONKERNELEMITTER_H
