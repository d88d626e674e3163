// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// heddle.block_matmul by way of its emitter. Codes, scales and zero points are laid out by tasks of
// their own, each from a column's to a panel's.

#include "compiler/codegen/contraction/Emitters.h"
#include "compiler/codegen/contraction/Epilogue.h"
#include "compiler/codegen/contraction/PackingKernel.h"
#include "compiler/codegen/contraction/Precision.h"
#include "compiler/codegen/matmul/BlockMatmul.h"
#include "dialects/heddle/Heddle.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

/// Lays out columns of `length` elements of type `moved`, in which the operand's elements are.
static Packing packColumns(func::FuncOp structured, Value operand, const Twine &name,
                           const DimExpr &n, const DimExpr &length, Type moved,
                           const Target &target) {
  constexpr int64_t panel = BlockMatmulPlan::kPanel;
  Type stored = elementOf(operand);
  int64_t each = moved.getIntOrFloatBitWidth() / stored.getIntOrFloatBitWidth();
  DimExpr panels = n.ceilDiv(panel);
  Packing packing{cast<BlockArgument>(operand).getArgNumber(),
                  {n, length},
                  {},
                  panels * length * (panel * each),
                  stored};
  packing.kernel.grid = panels;
  packing.kernel.nanosecondsPerElement = 0.3;
  emitPackingKernel(packing, structured, name, stored, target,
                    [&](Emitter &e, KernelFrame &frame, ArrayRef<Value> sizes) {
                      auto as = [&](Value buffer) {
                        return moved == stored ? buffer : e.view(buffer, int64_t(0), moved);
                      };
                      emitPackColumns(e, as(frame.buffers[0]), as(frame.buffers[1]), sizes[0],
                                      sizes[1], frame.begin, frame.end);
                    });
  return packing;
}

FailureOr<ContractionKernel> emitBlockMatmulKernel(func::FuncOp structured, Operation *op,
                                                   StringRef name, const Target &target) {
  auto matmul = cast<BlockMatmulOp>(op);
  Dims a = dimsOf(matmul.getA()), codes = dimsOf(matmul.getCodes());
  DimExpr m = countElements(ArrayRef(a).drop_back()), n = codes[0], blocks = codes[1];
  BlockMatmulSpec spec{static_cast<int64_t>(matmul.getBits()),
                       static_cast<int64_t>(matmul.getBlock()),
                       static_cast<int64_t>(matmul.getZeroPoint())};
  BlockMatmulPlan plan = planBlockMatmul(spec, target);

  KernelFrame frame(structured, name,
                    cast<RankedTensorType>(structured.getResultTypes()[0]).getElementType());
  Emitter e(frame.b, frame.b.getLoc(), target);
  Epilogue epilogue(frame, op);
  frame.requireEqual(a.back(), blocks * spec.block);
  auto bufferOf = [&](Value operand) {
    return operand ? frame.buffers[cast<BlockArgument>(operand).getArgNumber()] : Value();
  };
  auto sink = [&](Value sums, const MatmulPosition &at) {
    Place place;
    if (a.size() > 1)
      place = epilogue.place(at.m, 0, a.size() - 2);
    place.push_back({at.n, Element::Contiguous});
    epilogue.store(e.convertFloat(sums, elementOf(matmul.getY())), place, at.lanes, at.mask);
  };
  frame.guarded([&] {
    BlockMatmulOperands operands{bufferOf(matmul.getA()),
                                 bufferOf(matmul.getCodes()),
                                 bufferOf(matmul.getScales()),
                                 bufferOf(matmul.getZeroPoints()),
                                 frame.index(m),
                                 frame.index(n),
                                 frame.index(blocks)};
    emitBlockMatmul(e, spec, operands, frame.begin, frame.end, frame.scratch, sink);
  });
  ContractionKernel result;
  result.kernel.function = frame.function;
  result.kernel.grid = m.ceilDiv(plan.mBlock) * n.ceilDiv(plan.nBlock);
  result.kernel.pointElements =
      DimExpr::min(m, plan.mBlock) * DimExpr::min(n, plan.nBlock) * a.back();
  result.kernel.nanosecondsPerElement = 0.3 / static_cast<double>(target.vectorBytes() / 4);
  result.scratchBytes =
      DimExpr(plan.parkedBytes()) + DimExpr::min(m, plan.mBlock) * blocks * plan.bytesOfBlock();
  auto pack = [&](Value operand, const Twine &what, const DimExpr &length, Type moved) {
    result.packings.push_back(
        packColumns(structured, operand, name + what, n, length, moved, target));
  };
  pack(matmul.getCodes(), "_pack_codes", blocks * spec.wordsOfBlock(), e.builder.getI32Type());
  pack(matmul.getScales(), "_pack_scales", blocks, elementOf(matmul.getScales()));
  if (Value zeroPoints = matmul.getZeroPoints())
    pack(zeroPoints, "_pack_zero_points", blocks, elementOf(zeroPoints));
  return result;
}

} // namespace heddle
