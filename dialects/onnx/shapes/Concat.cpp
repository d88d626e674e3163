// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors put together along an axis, and the elements of small ones.

#include "dialects/onnx/shapes/ShapeRules.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// Elements row by row: for each index before the axis, the parts of all operands.
static void joinElements(ConcatOp op, ShapeContext &context, int64_t rows, TensorFacts &result) {
  std::vector<DimExpr> integers;
  std::vector<double> floats;
  bool allFloats = true, anyIntegers = false;
  for (int64_t row = 0; row < rows; ++row) {
    for (Value input : op.getInputs()) {
      const TensorFacts &part = context.facts(input);
      int64_t width = part.trackedCount().value_or(0) / rows;
      allFloats &= part.floats.has_value();
      anyIntegers |= part.integers.has_value();
      for (int64_t i = row * width; i < (row + 1) * width; ++i) {
        integers.push_back(part.integers ? (*part.integers)[i] : DimExpr::unknown());
        floats.push_back(part.floats ? (*part.floats)[i] : 0.0);
      }
    }
  }
  if (anyIntegers || integers.empty())
    result.integers = std::move(integers);
  if (allFloats)
    result.floats = std::move(floats);
}

static LogicalResult inferConcat(ConcatOp op, ShapeContext &context) {
  if (op.getInputs().empty())
    return op.emitOpError("has no operands, expected one or more");
  const TensorFacts &first = context.facts(op.getInputs().front());
  FailureOr<int64_t> axis = normalizeAxis(op, int64_t(op.getAxis()), first.rank());
  if (failed(axis))
    return failure();
  TensorFacts result(first.elementType, first.dims);
  for (Value input : op.getInputs().drop_front()) {
    const TensorFacts &next = context.facts(input);
    if (failed(expectSameType(op, first, next)) ||
        failed(expectRank(op, "operands", next, first.rank())))
      return failure();
    for (int64_t i = 0; i < first.rank(); ++i) {
      if (i == *axis) {
        result.dims[i] = result.dims[i] + next.dims[i];
        continue;
      }
      FailureOr<DimExpr> dim =
          unifyDims(op, "dimensions beside the axis", result.dims[i], next.dims[i]);
      if (failed(dim))
        return failure();
      result.dims[i] = *dim;
    }
  }
  if (std::optional<int64_t> count = result.trackedCount()) {
    // Without elements there can be any number of rows.
    int64_t rows = *count == 0 ? 0 : 1;
    for (const DimExpr &dim : ArrayRef(result.dims).take_front(*axis))
      rows *= *dim.asConstant();
    joinElements(op, context, rows, result);
  }
  context.setFacts(op.getConcatResult(), std::move(result));
  return success();
}

void heddle::onnx::attachConcatShapes(MLIRContext *context) { attachRules<inferConcat>(context); }
