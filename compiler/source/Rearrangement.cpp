// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What moves elements and computes nothing: axes in another order, parts, and parts joined.

#include "compiler/source/Arithmetic.h"

#include <limits>

using namespace mlir;

namespace heddle {

Value Arithmetic::transposed(Value value, ArrayRef<int64_t> permutation) {
  if (llvm::is_sorted(permutation))
    return value;
  Dims dims = dimsOf(value), result;
  for (int64_t axis : permutation)
    result.push_back(dims[axis]);
  return onnx::TransposeOp::create(b, loc, tensorWithDims(result, elementOf(value)), value,
                                   b.getDenseI64ArrayAttr(permutation));
}

Value Arithmetic::exchanged(Value value, int64_t axis, int64_t other) {
  auto permutation = llvm::to_vector<6>(llvm::seq<int64_t>(0, dimsOf(value).size()));
  std::swap(permutation[axis], permutation[other]);
  return transposed(value, permutation);
}

Value Arithmetic::moved(Value value, int64_t from, int64_t to) {
  auto permutation = llvm::to_vector<6>(llvm::seq<int64_t>(0, dimsOf(value).size()));
  permutation.erase(permutation.begin() + from);
  permutation.insert(permutation.begin() + to, from);
  return transposed(value, permutation);
}

Value Arithmetic::sliced(Value value, int64_t axis, const DimExpr &begin, const DimExpr &end,
                         Value sizes) {
  Dims dims = dimsOf(value);
  if (begin == DimExpr(0) && end == dims[axis])
    return value;
  dims[axis] = end - begin;
  if (!sizes)
    sizes = value;
  return onnx::SliceOp::create(b, loc, tensorWithDims(dims, elementOf(value)), value,
                               shape({begin}, sizes), shape({end}, sizes), integers(axis), Value());
}

Value Arithmetic::reversed(Value value) {
  constexpr int64_t before = std::numeric_limits<int64_t>::min();
  return onnx::SliceOp::create(b, loc, value.getType(), value, integers({-1}), integers({before}),
                               integers({0}), integers({-1}));
}

Value Arithmetic::joined(ValueRange values, int64_t axis) {
  if (values.size() == 1)
    return values.front();
  Dims dims = dimsOf(values.front());
  for (Value value : values.drop_front())
    dims[axis] = dims[axis] + dimsOf(value)[axis];
  return onnx::ConcatOp::create(b, loc, tensorWithDims(dims, elementOf(values.front())), values,
                                axis);
}

Value Arithmetic::asRow(Value value) {
  Dims dims = dimsOf(value);
  dims.insert(dims.begin(), 1);
  return viewedAs(value, dims);
}

} // namespace heddle
