// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Says how narrow the operands of products and convolutions may be: what kernels may round, and what
// weights were before they were converted. The marks are for the kernels to use where the CPU gains.

#include "compiler/Passes.h"
#include "compiler/codegen/contraction/Precision.h"
#include "compiler/source/ConstantValues.h"
#include "dialects/heddle/TensorDims.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_NARROWPRODUCTSPASS
#include "compiler/Passes.h.inc"

namespace {

/// Rows from which packing the other operand at every run is repaid.
constexpr int64_t kFewRows = 32;

Type elementOf(Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); }

struct NarrowProducts : impl::NarrowProductsPassBase<NarrowProducts> {
  using NarrowProductsPassBase::NarrowProductsPassBase;

  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (!isa<onnx::MatMulOp, onnx::GemmOp, onnx::ConvOp, onnx::ConvTransposeOp>(op) ||
          !elementOf(op->getResult(0)).isF32())
        return;
      Value weights = op->getOperand(1);
      if (Type stored = convertedFrom(weights)) {
        op->setAttr(kWeightsFit, TypeAttr::get(stored));
        ++numStored;
      }
      if (isa<onnx::ConvOp, onnx::ConvTransposeOp>(op) && !convolutions)
        return;
      if (bf16 && (constants.contain(weights) || hasManyRows(op))) {
        op->setAttr(kRoundsOperands, UnitAttr::get(op->getContext()));
        ++numRounded;
      }
    });
  }

private:
  /// f16 or bf16 where constants of that type become these by a Cast and moving elements.
  Type convertedFrom(Value value) {
    while (Operation *op = value.getDefiningOp()) {
      if (auto conversion = dyn_cast<onnx::CastOp>(op)) {
        Type from = elementOf(conversion.getInput());
        bool narrow = isa<Float16Type, BFloat16Type>(from);
        return narrow && constants.contain(conversion.getInput()) ? from : Type();
      }
      if (!isa<onnx::TransposeOp, onnx::ReshapeOp, onnx::SqueezeOp, onnx::UnsqueezeOp,
               onnx::IdentityOp>(op))
        return {};
      value = op->getOperand(0);
    }
    return {};
  }

  static bool hasManyRows(Operation *op) {
    if (!isa<onnx::MatMulOp, onnx::GemmOp>(op))
      return true; // filters are packed in any case
    Dims dims = getDims(cast<RankedTensorType>(op->getResult(0).getType()));
    if (dims.size() < 2)
      return false;
    std::optional<int64_t> rows = dims[dims.size() - 2].asConstant();
    return rows && *rows >= kFewRows;
  }

  ConstantValues constants;
};

} // namespace
} // namespace heddle
