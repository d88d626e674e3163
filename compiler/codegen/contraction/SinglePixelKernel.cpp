// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// onnx.Conv with windows that are the whole input, as a product of the images, one a row, and the
// filters: channels are in the lanes, and so few rows read the filters once, in order.

#include "compiler/codegen/contraction/Emitters.h"
#include "compiler/codegen/contraction/MatmulShape.h"
#include "compiler/codegen/contraction/PackingKernel.h"
#include "compiler/codegen/contraction/Precision.h"
#include "compiler/codegen/contraction/SpatialOperation.h"
#include "compiler/codegen/matmul/Matmul.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

static Packing packFilters(func::FuncOp structured, onnx::ConvOp conv, StringRef name,
                           const MatmulSpec &spec, const MatmulPlan &plan, const DimExpr &n,
                           const DimExpr &k, const Target &target) {
  Packing packing{cast<BlockArgument>(conv.getW()).getArgNumber(),
                  {n, k},
                  {},
                  n.ceilDiv(plan.panel) * plan.panel * packedRows(plan, k),
                  spec.b};
  packing.kernel.grid = n.ceilDiv(plan.panel);
  packing.kernel.nanosecondsPerElement = 0.3;
  emitPackingKernel(packing, structured, name + "_pack", spec.a, target,
                    [&](Emitter &e, KernelFrame &frame, ArrayRef<Value> sizes) {
                      emitPackB(e, spec, /*transposed=*/true, frame.buffers[0], frame.buffers[1],
                                sizes[0], sizes[1], frame.begin, frame.end);
                    });
  return packing;
}

FailureOr<ContractionKernel> emitSinglePixelKernel(func::FuncOp structured, Operation *op,
                                                   StringRef name, const Target &target) {
  auto conv = cast<onnx::ConvOp>(op);
  SpatialOperation space(op);
  Dims filter = dimsOf(conv.getW());
  DimExpr m = space.y[0], n = filter[0], k = filter[1] * space.taps();
  Type type = space.element;
  bool rounds = type.isF32() && roundsOperands(op, target);
  MatmulSpec spec{type, packedElement(op, type, rounds), type};
  spec.pairs = rounds;
  MatmulPlan plan = planMatmul(spec, target);

  unsigned filters = cast<BlockArgument>(conv.getW()).getArgNumber();
  KernelFrame frame(structured, name, bufferElements(structured, filters, spec.b));
  Emitter e(frame.b, frame.b.getLoc(), target);
  Epilogue epilogue(frame, op);
  frame.requireEqual(countElements(ArrayRef(space.x).drop_front()), k);
  frame.requireEqual(countElements(ArrayRef(filter).drop_front()), k);
  frame.requireEqual(space.y[1], n);
  if (conv.getB())
    frame.requireEqual(countElements(dimsOf(conv.getB())), n);
  frame.guarded([&] {
    auto bufferOf = [&](Value operand) {
      return frame.buffers[cast<BlockArgument>(operand).getArgNumber()];
    };
    MatmulOperands operands{.a = bufferOf(conv.getX()),
                            .b = bufferOf(conv.getW()),
                            .batch = e.index(1),
                            .m = frame.index(m),
                            .n = frame.index(n),
                            .k = frame.index(k)};
    auto placeOf = [&](Emitter &inner, const MatmulPosition &at, Element::Kind channels) {
      Place place(space.y.size(), Element{inner.index(0)});
      place[0] = {at.m};
      place[1] = {at.n, channels};
      return place;
    };
    operands.prefetch = [&](Emitter &inner, const MatmulPosition &at) {
      epilogue.prefetch(placeOf(inner, at, Element::Uniform));
    };
    emitMatmul(e, spec, operands, frame.begin, frame.end, frame.scratch,
               [&](Value acc, const MatmulPosition &at) {
                 bool isVector = isa<VectorType>(acc.getType());
                 Element::Kind channels = isVector ? Element::Contiguous : Element::Uniform;
                 if (Value bias = conv.getB())
                   acc = epilogue.plus(
                       acc, epilogue.operandAt(bias, Element{at.n, channels}, at.lanes, at.mask));
                 epilogue.store(acc, placeOf(e, at, channels), at.lanes, at.mask);
               });
  });
  ContractionKernel result;
  result.kernel.function = frame.function;
  result.kernel.grid = m.ceilDiv(plan.mBlock) * n.ceilDiv(plan.nBlock);
  result.kernel.pointElements = DimExpr::min(m, plan.mBlock) * DimExpr::min(n, plan.nBlock) * k;
  result.kernel.nanosecondsPerElement =
      (type.isF64() ? 2.0 : 1.0) * 0.4 / static_cast<double>(target.vectorBytes() / 4);
  result.scratchBytes = DimExpr(plan.scratchFixed) + DimExpr(plan.scratchPerK) * k;
  result.packings = {packFilters(structured, conv, name, spec, plan, n, k, target)};
  return result;
}

} // namespace heddle
