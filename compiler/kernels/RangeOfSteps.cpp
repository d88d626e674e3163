// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/RangeOfSteps.h"

#include "compiler/kernels/OperationKinds.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace heddle {
namespace {

struct Made {
  bool byArithmetic = false, byChoice = false;
};

Made madeBy(Block &step, unsigned yielded) {
  Made made;
  llvm::SetVector<Value> open;
  open.insert(step.getTerminator()->getOperand(yielded));
  for (size_t i = 0; i < open.size(); ++i) {
    Operation *op = open[i].getDefiningOp();
    if (!op || op->getBlock() != &step || !isa<FloatType>(elementOf(open[i])))
      continue; // conditions and integers choose, their values do not get here
    if (isa<onnx::MaxOp, onnx::MinOp, onnx::WhereOp, onnx::ClipOp, onnx::ReluOp>(op))
      made.byChoice = true;
    else if (operationKind(op) != OperationKind::View &&
             operationKind(op) != OperationKind::Constant)
      made.byArithmetic = true;
    open.insert(op->operand_begin(), op->operand_end());
  }
  return made;
}

} // namespace

bool hasArithmetic(Block &step, unsigned yielded) { return madeBy(step, yielded).byArithmetic; }

bool isArithmetic(Block &step, unsigned yielded) {
  Made made = madeBy(step, yielded);
  return made.byArithmetic && !made.byChoice;
}

bool isProduct(Block &combine, unsigned yielded) {
  Value value = combine.getTerminator()->getOperand(yielded);
  auto mul = value.getDefiningOp<onnx::MulOp>();
  Type element = elementOf(value);
  if (!mul || !(element.isF32() || element.isF64()))
    return false;
  Value x = combine.getArgument(yielded),
        y = combine.getArgument(combine.getNumArguments() / 2 + yielded);
  return (mul.getA() == x && mul.getB() == y) || (mul.getA() == y && mul.getB() == x);
}

} // namespace heddle
