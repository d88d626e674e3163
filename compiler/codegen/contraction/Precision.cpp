// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/contraction/Precision.h"

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/matmul/TileRegisters.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;

namespace heddle {

bool roundsConvolutions(const codegen::Target &target) {
  return codegen::TileMath::hasPairs(target) && target.hasFastPairs();
}

bool roundsOperands(Operation *contraction, const codegen::Target &target) {
  bool multiplies = !isa<onnx::ConvOp, onnx::ConvTransposeOp>(contraction);
  return contraction->hasAttr(kRoundsOperands) &&
         (roundsConvolutions(target) || (multiplies && codegen::hasPairTiles(target)));
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
