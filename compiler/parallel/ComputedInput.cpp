// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/ComputedInput.h"

#include "compiler/codegen/contraction/ContractionKernel.h"
#include "compiler/kernels/OperationKinds.h"
#include "compiler/kernels/StructuredLowering.h"
#include "dialects/heddle/TensorDims.h"

using namespace mlir;

namespace heddle {

static bool isComputableInput(OpOperand &use) {
  return use.getOperandNumber() == 0 && mayComputeInput(use.getOwner());
}

bool computesInput(ArrayRef<Operation *> cluster, ArrayRef<Operation *> elementwise, Value value) {
  auto isImage = [&](Value operand) {
    return dimsOf(operand) == dimsOf(value) &&
           !llvm::is_contained(elementwise, operand.getDefiningOp());
  };
  auto readsImage = [&](Operation *op) { return llvm::any_of(op->getOperands(), isImage); };
  return value.hasOneUse() && isComputableInput(*value.use_begin()) &&
         llvm::count_if(cluster, isEmittedContraction) == 1 &&
         llvm::any_of(elementwise, readsImage);
}

bool becomesInput(Value value) {
  while (value.hasOneUse()) {
    OpOperand &use = *value.use_begin();
    Operation *reader = use.getOwner();
    if (isComputableInput(use))
      return true;
    if (accessPattern(reader) != AccessPattern::Elementwise || takesLong(reader))
      return false;
    value = reader->getResult(0);
  }
  return false;
}

} // namespace heddle
