// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/contraction/ContractionKernel.h"

#include "dialects/onnx/Onnx.h"

using namespace mlir;

namespace heddle {

std::optional<Contraction> contractionOf(Operation *op) { return std::nullopt; }

FailureOr<ContractionKernel> emitContractionKernel(func::FuncOp structured, StringRef name,
                                                   ArrayRef<bool> constantOperands,
                                                   const codegen::Target &target) {
  return failure();
}

} // namespace heddle
