// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/onnx/shapes/Window.h"

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

DimExpr Window::places(int64_t i, const DimExpr &size) const {
  if (isSame)
    return size.ceilDiv(strides[i]);
  DimExpr room = size - extent(i);
  if (isValid)
    return room.floorDiv(strides[i]) + 1;
  room = room + padsBefore[i] + padsAfter[i];
  if (!ceil)
    return room.floorDiv(strides[i]) + 1;
  // A window must not begin in the padding at the end. Both counts round up with one divisor, so
  // which is less does not depend on the size.
  DimExpr rounded = room.ceilDiv(strides[i]) + 1;
  DimExpr begun = (size + padsBefore[i]).ceilDiv(strides[i]);
  std::optional<int64_t> slack = (extent(i) - padsAfter[i] - strides[i]).asConstant();
  return !slack ? DimExpr::min(rounded, begun) : *slack >= 0 ? rounded : begun;
}

FailureOr<SmallVector<int64_t>> heddle::onnx::readList(Operation *op, StringRef name,
                                                       std::optional<ArrayRef<int64_t>> given,
                                                       int64_t count, int64_t fallback,
                                                       int64_t least) {
  if (!given || given->empty())
    return SmallVector<int64_t>(count, fallback);
  if (int64_t(given->size()) != count)
    return op->emitOpError("expects ")
           << count << " values in " << name << ", got " << given->size();
  for (int64_t value : *given)
    if (value < least || value > INT32_MAX)
      return op->emitOpError("has ") << value << " in " << name;
  return llvm::to_vector(*given);
}
