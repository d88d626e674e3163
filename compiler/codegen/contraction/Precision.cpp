// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/contraction/Precision.h"

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/contraction/Emitters.h"
#include "compiler/codegen/contraction/SpatialOperation.h"
#include "compiler/codegen/matmul/TileRegisters.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;
using heddle::codegen::Spatial;

namespace heddle {

bool roundsConvolutions(const codegen::Target &target) {
  return codegen::TileMath::hasPairs(target) && target.hasFastPairs();
}

bool roundsOperands(Operation *contraction, const codegen::Target &target) {
  bool multiplies = !isa<onnx::ConvOp, onnx::ConvTransposeOp>(contraction);
  return contraction->hasAttr(kRoundsOperands) &&
         (roundsConvolutions(target) || (multiplies && codegen::hasPairTiles(target)));
}

bool mayReadNarrowInput(Operation *op) {
  if (!isa<onnx::ConvOp, onnx::ConvTransposeOp>(op) || !isEmittedConvolution(op) ||
      op->hasAttr(kRoundsOperands) || hasSinglePixel(op))
    return false;
  SpatialOperation space(op);
  Dims filter = dimsOf(op->getOperand(1));
  auto conv = dyn_cast<onnx::ConvOp>(op);
  bool isDepthwise = conv && conv.getGroup() != 1 && filter[1].isConstant(1);
  if (!space.element.isF32() || isDepthwise)
    return false;
  if (!conv)
    return true;
  if (isUsuallyWinograd(op)) // others read it where it is
    return space.window == Spatial{1, 3, 3};
  Spatial none{0, 0, 0};
  bool isPadded = space.padBefore != none || space.padAfter != none;
  return isPadded && space.taps() > 1 && !registersForPixelsInLanes(op);
}

Type packedElement(Operation *contraction, Type element, bool rounds) {
  if (rounds)
    return BFloat16Type::get(element.getContext());
  auto fits = contraction->getAttrOfType<TypeAttr>(kWeightsFit);
  return fits ? fits.getValue() : element;
}

SmallVector<Type> bufferElements(func::FuncOp structured, unsigned packed, Type element) {
  SmallVector<Type> elements;
  for (BlockArgument argument : structured.getArguments())
    if (auto tensor = dyn_cast<RankedTensorType>(argument.getType()))
      elements.push_back(argument.getArgNumber() == packed ? element : tensor.getElementType());
  elements.push_back(cast<RankedTensorType>(structured.getResultTypes()[0]).getElementType());
  return elements;
}

} // namespace heddle
