// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/OperationKinds.h"

#include "compiler/codegen/contraction/ContractionKernel.h"
#include "compiler/kernels/Parameters.h"
#include "compiler/kernels/StructuredLowering.h"
#include "dialects/heddle/Heddle.h"
#include "dialects/heddle/TensorDims.h"

#include "dialects/onnx/Onnx.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace heddle {

bool mayBe(OperationKind kind, OperationName name) {
  switch (kind) {
  case OperationKind::Constant:
    return isNamed<onnx::ConstantOp>(name);
  case OperationKind::View:
    return isNamed<onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp, onnx::FlattenOp>(name);
  case OperationKind::Loops:
    return findStructuredLowering(name);
  case OperationKind::Contraction:
    return mayBeContraction(name);
  case OperationKind::Control:
    return isNamed<onnx::IfOp, onnx::LoopOp, onnx::ScanOp>(name);
  case OperationKind::Library:
    return true;
  }
  llvm_unreachable("all kinds are handled");
}

/// Reshapes and their like, where the result's dimensions are known without running them.
static bool isView(Operation *op) {
  if (!mayBe(OperationKind::View, op->getName()))
    return false;
  // Without axes, those of size 1 go: that the others are not 1 is for the library to see.
  auto squeeze = dyn_cast<onnx::SqueezeOp>(op);
  if (squeeze && !squeeze.getAxes() &&
      !llvm::all_of(getDims(cast<RankedTensorType>(squeeze.getData().getType())),
                    [](const DimExpr &dim) { return dim.asConstant() || dim.isAtLeast(2); }))
    return false;
  // A symbol that the operand does not have is defined by the operation itself.
  llvm::StringSet<llvm::MallocAllocator> known;
  for (Value operand : op->getOperands())
    if (auto type = dyn_cast<RankedTensorType>(operand.getType()))
      for (const DimExpr &dim : getDims(type))
        dim.walkSymbols([&](StringRef symbol) { known.insert(symbol); });
  auto source = cast<RankedTensorType>(op->getOperand(0).getType());
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  return countElements(getDims(source)) == countElements(getDims(result));
}

OperationKind operationKind(Operation *op) {
  for (OperationKind kind : {OperationKind::Constant, OperationKind::Control})
    if (mayBe(kind, op->getName()))
      return kind;
  if (isView(op))
    return OperationKind::View;
  if (isContraction(op))
    return OperationKind::Contraction;
  if (accessPattern(op))
    return OperationKind::Loops;
  return OperationKind::Library;
}

bool isContraction(Operation *op) { return isEmittedContraction(op); }

bool takesLong(Operation *op) {
  return isa<onnx::ExpOp, onnx::LogOp, onnx::TanhOp, onnx::ErfOp, onnx::SigmoidOp, onnx::GeluOp,
             onnx::PowOp, onnx::SinOp, onnx::CosOp, onnx::SoftplusOp, onnx::MishOp, onnx::SwishOp,
             onnx::EluOp, onnx::SeluOp, onnx::DivOp, onnx::SqrtOp>(op);
}

void cloneParameter(Value parameter, OpBuilder &builder, IRMapping &mapping) {
  if (mapping.contains(parameter))
    return;
  Operation *producer = parameter.getDefiningOp();
  if (auto sizes = dyn_cast<IndexTensorOp>(producer)) {
    // The operands only keep it after what defines its symbols, which the cluster's dims do anyway.
    auto copy = IndexTensorOp::create(builder, sizes.getLoc(), sizes.getValue().getType(),
                                      sizes.getExprs(), ValueRange());
    mapping.map(parameter, copy.getValue());
    return;
  }
  builder.clone(*producer, mapping);
}

bool isParameter(OpOperand &operand) {
  Operation *producer = operand.get().getDefiningOp();
  if (!producer || !isa<onnx::ConstantOp, IndexTensorOp>(producer))
    return false;
  Operation *op = operand.getOwner();
  if (isContraction(op))
    return false;
  unsigned number = operand.getOperandNumber();
  return isParameter(op, number) || isDecisiveNumber(op, number);
}

} // namespace heddle
