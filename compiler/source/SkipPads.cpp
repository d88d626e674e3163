// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Marks the dilated convolutions that need not multiply what their windows meet of the pads: a weight
// that is not finite makes NaN of a zero, so all of them have to be known.

#include "compiler/Passes.h"
#include "compiler/codegen/contraction/ContractionKernel.h"
#include "compiler/source/ConstantFloats.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cmath>

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_SKIPPADSPASS
#include "compiler/Passes.h.inc"

namespace {

bool isDilated(onnx::ConvOp conv) {
  auto dilations = conv.getDilations();
  return dilations && llvm::any_of(*dilations, [](int64_t dilation) { return dilation > 1; });
}

bool hasFiniteWeights(onnx::ConvOp conv) {
  std::optional<ConstantFloats> weights = ConstantFloats::of(conv.getW());
  return weights && llvm::all_of(llvm::seq(weights->size()),
                                 [&](int64_t index) { return std::isfinite((*weights)[index]); });
}

struct SkipPads : impl::SkipPadsPassBase<SkipPads> {
  void runOnOperation() override {
    getOperation()->walk([&](onnx::ConvOp conv) {
      if (!isDilated(conv) || !hasFiniteWeights(conv))
        return;
      conv->setAttr(kSkipsPads, UnitAttr::get(&getContext()));
      ++numMarked;
    });
  }
};

} // namespace
} // namespace heddle
