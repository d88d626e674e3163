// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/contraction/ContractionKernel.h"

#include "compiler/codegen/contraction/Emitters.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;

namespace heddle {

bool isEmittedContraction(Operation *op) {
  if (isa<onnx::MatMulOp, onnx::GemmOp, onnx::MatMulIntegerOp>(op))
    return isEmittedMatmul(op);
  if (isa<onnx::ConvOp>(op))
    return isEmittedConvolution(op);
  return false;
}

FailureOr<ContractionKernel> emitContractionKernel(func::FuncOp structured, StringRef name,
                                                   ArrayRef<bool> constantOperands,
                                                   const codegen::Target &target) {
  Operation *contraction = nullptr;
  for (Operation &op : structured.getBody().front())
    if (isEmittedContraction(&op)) {
      if (contraction)
        return structured.emitError("has two contractions"), failure();
      contraction = &op;
    }
  if (isa<onnx::ConvOp>(contraction))
    return emitConvolutionKernel(structured, contraction, name, target);
  return emitMatmulKernel(structured, contraction, name, constantOperands, target);
}

} // namespace heddle
