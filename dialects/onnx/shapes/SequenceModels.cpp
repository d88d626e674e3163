// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recurrent layers.

#include "dialects/onnx/shapes/ShapeRules.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

template <typename Op> static LogicalResult inferRecurrent(Op op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX()), &w = context.facts(op.getW());
  const TensorFacts &r = context.facts(op.getR());
  if (failed(expectRank(op, "X", x, 3)) || failed(expectRank(op, "W", w, 3)) ||
      failed(expectRank(op, "R", r, 3)) || failed(expectSameType(op, x, w)) ||
      failed(expectSameType(op, x, r)) ||
      failed(unifyDims(op, "input sizes of X and W", x.dims[2], w.dims[2])))
    return failure();
  StringRef direction = op.getDirection();
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    return op.emitOpError("has the unknown direction '") << direction << "'";
  int64_t directions = direction == "bidirectional" ? 2 : 1;
  if (failed(unifyDims(op, "numbers of directions", w.dims[0], directions)))
    return failure();
  DimExpr hidden = r.dims[2];
  if (std::optional<uint64_t> given = op.getHiddenSize()) {
    FailureOr<DimExpr> size = unifyDims(op, "hidden sizes", hidden, int64_t(*given));
    if (failed(size))
      return failure();
    hidden = *size;
  }
  bool batchFirst = op.getLayout() != 0;
  const DimExpr &steps = x.dims[batchFirst], &batch = x.dims[!batchFirst];
  Dims all =
      batchFirst ? Dims{batch, steps, directions, hidden} : Dims{steps, directions, batch, hidden};
  Dims last = batchFirst ? Dims{batch, directions, hidden} : Dims{directions, batch, hidden};
  if (op.getY())
    context.setFacts(op.getY(), x.elementType, all);
  if (op.getYH())
    context.setFacts(op.getYH(), x.elementType, last);
  if constexpr (requires { op.getYC(); })
    if (op.getYC())
      context.setFacts(op.getYC(), x.elementType, last);
  return success();
}

void heddle::onnx::attachSequenceModelShapes(MLIRContext *context) {
  attachRules<inferRecurrent<LSTMOp>, inferRecurrent<GRUOp>, inferRecurrent<RNNOp>>(context);
}
