// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Marks the convolutions that may be computed by Winograd's minimal filtering, and those that are.

#include "compiler/Passes.h"
#include "compiler/codegen/contraction/ContractionKernel.h"
#include "compiler/source/ConstantValues.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_CHOOSEWINOGRADPASS
#include "compiler/Passes.h.inc"

namespace {

struct ChooseWinograd : impl::ChooseWinogradPassBase<ChooseWinograd> {
  void runOnOperation() override {
    ConstantValues constants;
    getOperation()->walk([&](onnx::ConvOp conv) {
      if (!mayBeWinograd(conv) || !constants.contain(conv.getW()))
        return;
      bool faster = isFasterWinograd(conv);
      conv->setAttr(kWinograd, BoolAttr::get(&getContext(), faster));
      numChosen += faster;
    });
  }
};

} // namespace
} // namespace heddle
