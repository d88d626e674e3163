// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// heddle.merge_attention by way of the attention emitter; what follows it is evaluated on vectors of
// results.

#include "compiler/codegen/contraction/AttentionPlaces.h"
#include "compiler/codegen/contraction/Emitters.h"
#include "compiler/codegen/contraction/Epilogue.h"
#include "dialects/heddle/Heddle.h"

using namespace mlir;
using namespace heddle::codegen;

namespace heddle {

bool isEmittedMergeAttention(Operation *op) { return isa<FloatType>(elementOf(op->getResult(0))); }

FailureOr<ContractionKernel> emitMergeAttentionKernel(func::FuncOp structured, Operation *op,
                                                      StringRef name, const Target &target) {
  auto merge = cast<MergeAttentionOp>(op);
  Type accumulator = elementOf(merge.getParts());
  AttentionSpec spec{accumulator, accumulator};
  spec.undefined = undefinedRows(merge.getUndefined());
  Dims parts = dimsOf(merge.getParts()); // B..., L, P, E + 2
  ArrayRef<DimExpr> rows = ArrayRef(parts).drop_back(2);
  DimExpr count = parts[parts.size() - 2], width = dimsOf(merge.getOutput()).back();

  KernelFrame frame(structured, name,
                    cast<RankedTensorType>(structured.getResultTypes()[0]).getElementType());
  Emitter e(frame.b, frame.b.getLoc(), target);
  Epilogue epilogue(frame, op);
  auto sink = [&](Value results, const AttentionPosition &at) {
    Place logical;
    for (Value coordinate : coordinatesOf(frame, e, at.query, rows))
      logical.push_back({coordinate});
    logical.push_back({at.first, Element::Contiguous});
    epilogue.store(e.convertFloat(results, elementOf(merge.getOutput())),
                   ordered(logical, merge.getResultOrder()), at.lanes, at.mask);
  };
  frame.guarded([&] {
    MergeOperands operands{frame.buffers[cast<BlockArgument>(merge.getParts()).getArgNumber()],
                           frame.index(count), frame.index(width)};
    emitMergeAttention(e, spec, operands, frame.begin, frame.end, sink);
  });
  ContractionKernel result;
  result.kernel.function = frame.function;
  result.kernel.grid = countElements(rows);
  result.kernel.pointElements = count * width;
  result.kernel.nanosecondsPerElement = 0.5;
  return result;
}

} // namespace heddle
