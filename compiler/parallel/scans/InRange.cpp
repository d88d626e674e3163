// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/scans/InRange.h"

using namespace mlir;

namespace heddle {

Value areBelow(Arithmetic &m, ValueRange values, double bound) {
  Value all;
  for (Value value : values) {
    auto element = dyn_cast<FloatType>(elementOf(value));
    if (!element)
      continue;
    auto scalar = RankedTensorType::get({}, element);
    auto condition = RankedTensorType::get({}, m.b.getI1Type());
    Value size = onnx::AbsOp::create(m.b, m.loc, value.getType(), value);
    // A maximum is NaN where an element is, and then it is not less.
    Value most = onnx::ReduceMaxOp::create(m.b, m.loc, scalar, size, Value(), /*keepdims=*/0,
                                           /*noop_with_empty_axes=*/0);
    APFloat limit(bound);
    bool inexact;
    limit.convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
    auto constant = onnx::ConstantOp::create(m.b, m.loc, TypeRange{scalar}, ValueRange{});
    constant.setValueAttr(DenseElementsAttr::get(scalar, limit));
    Value is = onnx::LessOp::create(m.b, m.loc, condition, most, constant.getResult());
    all = all ? Value(onnx::AndOp::create(m.b, m.loc, condition, all, is)) : is;
  }
  return all;
}

SmallVector<Value> either(Arithmetic &m, Value condition, TypeRange types, BuildValues build,
                          BuildValues otherwise) {
  if (!condition)
    return build();
  auto branch = onnx::IfOp::create(m.b, m.loc, types, condition);
  auto fill = [&](Region &region, BuildValues values) {
    OpBuilder::InsertionGuard guard(m.b);
    m.b.setInsertionPointToEnd(&region.emplaceBlock());
    SmallVector<Value> made = values();
    onnx::YieldOp::create(m.b, m.loc, made);
  };
  fill(branch.getThenBranch(), build);
  fill(branch.getElseBranch(), otherwise);
  return llvm::to_vector_of<Value>(branch.getResults());
}

} // namespace heddle
