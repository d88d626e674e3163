// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Products and convolutions of f16 or bf16 by weights become those of f32 between conversions, which
// the kernels around them take in: an element is converted once and not each time it is multiplied.
// Sums have been f32 before. Weights stay narrow where they are stored: see NarrowProducts.cpp.

#include "compiler/Passes.h"
#include "compiler/source/Arithmetic.h"
#include "compiler/source/ConstantValues.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_WIDENPRODUCTSPASS
#include "compiler/Passes.h.inc"

namespace {

constexpr int64_t kFloat16 = 10, kBFloat16 = 16; // as ONNX counts types

struct WidenProducts : impl::WidenProductsPassBase<WidenProducts> {
  void runOnOperation() override {
    SmallVector<Operation *> narrow;
    ConstantValues constants;
    getOperation()->walk([&](Operation *op) {
      bool convolves = isa<onnx::ConvOp, onnx::ConvTransposeOp>(op);
      bool multiplies = isa<onnx::MatMulOp, onnx::GemmOp>(op);
      if ((!convolves && !multiplies) || !isa<RankedTensorType>(op->getResult(0).getType()))
        return;
      // What is no weight would have to be converted as a whole, at every run.
      if (isa<Float16Type, BFloat16Type>(getElementTypeOrSelf(op->getResult(0))) &&
          (convolves || constants.contain(op->getOperand(1))))
        narrow.push_back(op);
    });
    for (Operation *op : narrow) {
      Arithmetic wide(op);
      for (OpOperand &operand : op->getOpOperands())
        if (isa<RankedTensorType>(operand.get().getType()))
          operand.set(wide.toF32(operand.get()));
      Value result = op->getResult(0);
      RankedTensorType type = cast<RankedTensorType>(result.getType());
      OpBuilder b(op->getContext());
      b.setInsertionPointAfter(op);
      result.setType(withElement(type, b.getF32Type()));
      auto narrowed = onnx::CastOp::create(b, op->getLoc(), type, result, "up", /*saturate=*/1,
                                           type.getElementType().isF16() ? kFloat16 : kBFloat16);
      result.replaceAllUsesExcept(narrowed, narrowed);
      ++numWidened;
    }
  }
};

} // namespace
} // namespace heddle
