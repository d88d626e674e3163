// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/contraction/ContractionKernel.h"

#include "compiler/codegen/NativeCode.h"
#include "compiler/codegen/contraction/Emitters.h"
#include "compiler/codegen/contraction/SpatialOperation.h"
#include "compiler/codegen/matmul/Matmul.h"
#include "compiler/kernels/OperationKinds.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

bool isUnsignedOperand(Operation *op, unsigned operand) {
  auto flags = op->getAttrOfType<DenseBoolArrayAttr>("heddle.unsigned");
  return flags && flags[operand];
}

static bool isProduct(OperationName name) {
  return isNamed<onnx::MatMulOp, onnx::GemmOp, onnx::MatMulIntegerOp>(name);
}

static bool isConvolution(OperationName name) {
  return isNamed<onnx::ConvOp, onnx::ConvIntegerOp, onnx::ConvTransposeOp>(name);
}

static bool isPooling(OperationName name) {
  return isNamed<onnx::MaxPoolOp, onnx::AveragePoolOp>(name);
}

bool mayBeContraction(OperationName name) {
  return isProduct(name) || isConvolution(name) || isPooling(name) ||
         isNamed<AttentionOp, MergeAttentionOp, BlockMatmulOp>(name);
}

bool isEmittedContraction(Operation *op) {
  if (isProduct(op->getName()))
    return isEmittedMatmul(op);
  if (isConvolution(op->getName()))
    return isEmittedConvolution(op);
  if (isa<AttentionOp>(op))
    return isEmittedAttention(op);
  if (isa<MergeAttentionOp>(op))
    return isEmittedMergeAttention(op);
  if (isa<BlockMatmulOp>(op))
    return true;
  return isPooling(op->getName()) && isEmittedPooling(op);
}

// Few pixels that are read in place: products, and what each vector of results costs in units of them where
// it is turned and where it leaves from registers (a Xeon), by which the last few pixels are no vector of
// their own (LastColumns.h).
static bool isFasterInPlace(int64_t outputs, int64_t inputs, int64_t pixels) {
  constexpr int64_t lanes = 16, mostLast = 4, sumOfLanes = 4, leastDepth = 32;
  constexpr double turning = 28, delivering = 20, worthwhile = 0.96;
  if (!staysInFirstCache(inputs, pixels))
    return false;
  auto vectorsOf = [](int64_t size) { return (size + lanes - 1) / lanes; };
  int64_t last = inputs >= leastDepth && pixels % lanes <= mostLast ? pixels % lanes : 0;
  int64_t products = vectorsOf(pixels - last) * inputs + last * (vectorsOf(inputs) + sumOfLanes);
  double inPlace = static_cast<double>(products) + delivering * vectorsOf(pixels);
  double depth = static_cast<double>(inputs * vectorsOf(outputs) * lanes) / outputs;
  return inPlace < worthwhile * pixels * (depth + turning) / lanes;
}

// A tile of a direct convolution delivers its results through a transpose, once for all of the depth;
// a product delivers them as they are, but reads its pixels again for every few output channels.
bool isFasterDirect(Operation *op) {
  constexpr int64_t fewPixels = 128, leastOutputs = 32; // of two vectors of channels
  auto conv = dyn_cast<onnx::ConvOp>(op);
  if (!conv)
    return false;
  Dims filter = dimsOf(conv.getW());
  std::optional<int64_t> inputs = filter[1].asConstant();
  std::optional<int64_t> outputs = filter[0].floorDiv(conv.getGroup()).asConstant();
  if (inputs && outputs && *outputs >= leastOutputs)
    if (*inputs >= 256 || (*inputs >= 128 && *outputs <= 128))
      return true;
  Dims dims = getDims(cast<RankedTensorType>(op->getResult(0).getType()));
  std::optional<int64_t> pixels = countElements(ArrayRef(dims).drop_front(2)).asConstant();
  if (!pixels || *pixels >= fewPixels)
    return false;
  Type element = cast<RankedTensorType>(conv.getX().getType()).getElementType();
  return !element.isF32() || !inputs || !outputs || !isFasterInPlace(*outputs, *inputs, *pixels);
}

bool hasSinglePixel(Operation *op) {
  auto conv = dyn_cast<onnx::ConvOp>(op);
  if (!conv || conv.getGroup() != 1 || !SpatialOperation::isResolved(op))
    return false;
  SpatialOperation space(op);
  Spatial none{0, 0, 0};
  bool isWhole = space.padBefore == none && space.padAfter == none;
  for (unsigned axis = 0; axis < 3; ++axis)
    isWhole &= space.inputSize(axis).isConstant(space.window[axis]) &&
               space.outputSize(axis).isConstant(1);
  return isWhole;
}

FailureOr<ContractionKernel> emitContractionKernel(func::FuncOp structured, StringRef name,
                                                   ArrayRef<bool> constantOperands,
                                                   const codegen::Target &target) {
  Operation *contraction = nullptr, *pooling = nullptr;
  for (Operation &op : structured.getBody().front())
    if (isEmittedContraction(&op)) {
      if (contraction && (pooling || !isPooledConvolution(contraction, &op)))
        return structured.emitError("has two contractions"), failure();
      (contraction ? pooling : contraction) = &op;
    }
  if (isPooling(contraction->getName()))
    return emitPoolingKernel(structured, contraction, name, target);
  if (isa<MergeAttentionOp>(contraction))
    return emitMergeAttentionKernel(structured, contraction, name, target);
  FailureOr<ContractionKernel> result =
      pooling ? emitPooledConvolutionKernel(structured, contraction, pooling, name, target)
      : isConvolution(contraction->getName())
          ? emitConvolutionKernel(structured, contraction, name, target)
      : isa<AttentionOp>(contraction) ? emitAttentionKernel(structured, contraction, name, target)
      : isa<BlockMatmulOp>(contraction)
          ? emitBlockMatmulKernel(structured, contraction, name, target)
          : emitMatmulKernel(structured, contraction, name, constantOperands, target);
  if (succeeded(result))
    result->kernel.function->setAttr(codegen::kFillsRegisters,
                                     UnitAttr::get(structured.getContext()));
  return result;
}

} // namespace heddle
