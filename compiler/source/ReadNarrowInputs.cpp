// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions that copy what they read of their input read f16 and bf16 as they are: the copy
// converts them, and no task before it writes the input once more, in twice the bytes.

#include "compiler/Passes.h"
#include "compiler/codegen/contraction/Precision.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_READNARROWINPUTSPASS
#include "compiler/Passes.h.inc"

namespace {

struct ReadNarrowInputs : impl::ReadNarrowInputsPassBase<ReadNarrowInputs> {
  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (!mayReadNarrowInput(op))
        return;
      auto cast = op->getOperand(0).getDefiningOp<onnx::CastOp>();
      if (!cast || !isa<Float16Type, BFloat16Type>(getElementTypeOrSelf(cast.getInput())))
        return;
      op->setOperand(0, cast.getInput());
      if (cast.use_empty())
        cast.erase();
      ++numNarrow;
    });
  }
};

} // namespace
} // namespace heddle
