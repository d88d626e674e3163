// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// BatchNormalization with constant parameters becomes x * factor + shift, where factor and shift are
// computed once, while compiling. As one operation it takes a square root and a division for each
// vector of a convolution's results, which costs as much as a product of 64 channels.

#include "compiler/Passes.h"
#include "dialects/heddle/TensorDims.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_EXPANDBATCHNORMALIZATIONPASS
#include "compiler/Passes.h.inc"

namespace {

/// Whether a value is computed from constants alone, and has a known shape.
bool dependsOnConstants(Value value) {
  Operation *producer = value.getDefiningOp();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!producer || !type || !type.hasStaticShape())
    return false;
  if (isa<onnx::ConstantOp>(producer))
    return true;
  return producer->getNumOperands() != 0 && producer->getNumRegions() == 0 &&
         isMemoryEffectFree(producer) && llvm::all_of(producer->getOperands(), dependsOnConstants);
}

void expand(onnx::BatchNormalizationOp norm) {
  auto type = cast<RankedTensorType>(norm.getX().getType());
  auto channels = dyn_cast<RankedTensorType>(norm.getScale().getType());
  bool isFloat = type.getElementType().isF32() || type.getElementType().isF64();
  Value parameters[] = {norm.getScale(), norm.getB(), norm.getInputMean(), norm.getInputVar()};
  bool known = llvm::all_of(parameters, [&](Value parameter) {
    return parameter.getType() == channels && dependsOnConstants(parameter);
  });
  if (!known || !isFloat || channels.getElementType() != type.getElementType() ||
      type.getRank() < 2 || norm.getTrainingMode() || norm->getNumResults() != 1)
    return;

  OpBuilder b(norm);
  Location loc = norm.getLoc();
  auto constant = [&](DenseElementsAttr elements) -> Value {
    auto op = onnx::ConstantOp::create(b, loc, TypeRange{elements.getType()}, ValueRange{});
    op.setValueAttr(elements);
    return op.getResult();
  };
  auto scalar = RankedTensorType::get({}, channels.getElementType());
  Value epsilon = constant(DenseElementsAttr::get(
      scalar,
      Attribute(b.getFloatAttr(scalar.getElementType(), norm.getEpsilon().convertToDouble()))));
  Value variance = onnx::AddOp::create(b, loc, channels, norm.getInputVar(), epsilon);
  Value deviation = onnx::SqrtOp::create(b, loc, channels, variance);
  Value factor = onnx::DivOp::create(b, loc, channels, norm.getScale(), deviation);
  Value moved = onnx::MulOp::create(b, loc, channels, norm.getInputMean(), factor);
  Value shift = onnx::SubOp::create(b, loc, channels, norm.getB(), moved);

  // One number a channel stands along axis 1.
  SmallVector<int64_t> shape(type.getRank() - 1, 1);
  shape[0] = channels.getDimSize(0);
  Value target = constant(DenseElementsAttr::get(
      RankedTensorType::get({static_cast<int64_t>(shape.size())}, b.getI64Type()),
      ArrayRef<int64_t>(shape)));
  auto alongChannels = [&](Value value) -> Value {
    return onnx::ReshapeOp::create(b, loc, RankedTensorType::get(shape, channels.getElementType()),
                                   value, target, /*allowzero=*/0);
  };
  Value scaled = onnx::MulOp::create(b, loc, type, norm.getX(), alongChannels(factor));
  Value sum = onnx::AddOp::create(b, loc, type, scaled, alongChannels(shift));
  norm.getY().replaceAllUsesWith(sum);
  norm.erase();
}

struct ExpandBatchNormalization : impl::ExpandBatchNormalizationPassBase<ExpandBatchNormalization> {
  void runOnOperation() override {
    getOperation()->walk([](onnx::BatchNormalizationOp norm) { expand(norm); });
  }
};

} // namespace
} // namespace heddle
