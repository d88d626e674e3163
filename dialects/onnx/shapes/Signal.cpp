// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fourier transforms.

#include "dialects/onnx/shapes/ShapeRules.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

static LogicalResult inferDFT(DFTOp op, ShapeContext &context) {
  const TensorFacts &input = context.facts(op.getInput());
  if (failed(expectRankAtLeast(op, "an operand", input, 2)))
    return failure();
  TensorFacts result(input.elementType, input.dims);
  bool oneSided = op.getOnesided(), inverse = op.getInverse();
  // An inverse of a one-sided spectrum is real; everything else is complex.
  result.dims.back() = oneSided && inverse ? 1 : 2;
  int64_t axis = -2;
  if (op.getAxis()) {
    std::optional<SmallVector<int64_t>> given = constantIntegers(context, op.getAxis());
    if (!given || given->size() != 1) {
      // Any but the last dimension may be the transformed one.
      for (int64_t i = 0; i + 1 < input.rank(); ++i)
        result.dims[i] = context.freshSymbol(op.getOutput(), i);
      context.setFacts(op.getOutput(), std::move(result));
      return success();
    }
    axis = given->front();
  }
  FailureOr<int64_t> along = normalizeAxis(op, axis, input.rank());
  if (failed(along))
    return failure();
  if (*along == input.rank() - 1)
    return op.emitOpError("transforms the last axis, which holds the parts of complex numbers");
  DimExpr length = oneSided && inverse ? (input.dims[*along] - 1) * 2 : input.dims[*along];
  if (const TensorFacts *given = optionalFacts(context, op.getDftLength()))
    length = given->scalar().value_or(DimExpr::unknown());
  if (oneSided && !inverse)
    length = length.floorDiv(2) + 1;
  result.dims[*along] = length.isKnown() ? length : context.freshSymbol(op.getOutput(), *along);
  context.setFacts(op.getOutput(), std::move(result));
  return success();
}

static LogicalResult inferSTFT(STFTOp op, ShapeContext &context) {
  const TensorFacts &signal = context.facts(op.getSignal());
  if (signal.rank() != 2 && failed(expectRank(op, "a signal", signal, 3)))
    return failure();
  DimExpr length = DimExpr::unknown();
  const TensorFacts *window = optionalFacts(context, op.getWindow());
  if (const TensorFacts *given = optionalFacts(context, op.getFrameLength()))
    length = given->scalar().value_or(DimExpr::unknown());
  else if (window && window->rank() == 1)
    length = window->dims[0];
  else
    return op.emitOpError("expects a window or a frame length");
  DimExpr step = context.facts(op.getFrameStep()).scalar().value_or(DimExpr::unknown());
  DimExpr frames = (signal.dims[1] - length).floorDiv(step) + 1;
  DimExpr bins = op.getOnesided() ? length.floorDiv(2) + 1 : length;
  Value output = op.getOutput();
  context.setFacts(output, signal.elementType,
                   {signal.dims[0], frames.isKnown() ? frames : context.freshSymbol(output, 1),
                    bins.isKnown() ? bins : context.freshSymbol(output, 2), 2});
  return success();
}

void heddle::onnx::attachSignalShapes(MLIRContext *context) {
  attachRules<inferDFT, inferSTFT>(context);
}
