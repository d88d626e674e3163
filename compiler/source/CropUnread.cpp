// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/source/CropUnread.h"

#include "compiler/kernels/StructuredLowering.h"
#include "dialects/heddle/TensorDims.h"

using namespace mlir;

namespace heddle {

/// For each spatial axis, how many elements at its end no window reaches.
static SmallVector<int64_t> unreadBy(onnx::MaxPoolOp pool) {
  Dims from = dimsOf(pool.getX()), to = dimsOf(pool.getY());
  SmallVector<int64_t> unread;
  for (auto [axis, window] : llvm::enumerate(pool.getKernelShape())) {
    std::optional<int64_t> size = from[2 + axis].asConstant(), pooled = to[2 + axis].asConstant();
    if (!size || !pooled)
      return {};
    int64_t stride = pool.getStrides() ? (*pool.getStrides())[axis] : 1;
    int64_t dilation = pool.getDilations() ? (*pool.getDilations())[axis] : 1;
    int64_t reach = (*pooled - 1) * stride + (window - 1) * dilation + 1;
    unread.push_back(std::max<int64_t>(0, *size - reach));
  }
  return unread;
}

Value spatialOperand(Operation *op) {
  if (op->getNumResults() != 1 || op->getNumRegions() != 0 ||
      accessPattern(op) != AccessPattern::Elementwise)
    return {};
  Dims result = dimsOf(op->getResult(0));
  Value found;
  for (Value operand : op->getOperands()) {
    Dims dims = dimsOf(operand);
    if (dims == result) {
      if (found)
        return {};
      found = operand;
      continue;
    }
    size_t spatial = std::min(dims.size(), result.size() - 2);
    if (!llvm::all_of(ArrayRef(dims).take_back(spatial),
                      [](const DimExpr &dim) { return dim.isConstant(1); }))
      return {};
  }
  return found;
}

void cropUnread(onnx::MaxPoolOp pool) {
  auto pads = pool.getPads();
  bool isPadded = pads && llvm::any_of(*pads, [](int64_t pad) { return pad != 0; });
  StringRef mode = pool.getAutoPad();
  // A rounded-up count would see the smaller size as one more window.
  if (isPadded || pool.getCeilMode() != 0 || pool.getNumResults() != 1 ||
      !(mode.empty() || mode == "NOTSET" || mode == "VALID"))
    return;
  SmallVector<Value> between;
  Value value = pool.getX();
  while (value && value.hasOneUse() && value.getDefiningOp() &&
         !isa<onnx::ConvOp>(value.getDefiningOp())) {
    between.push_back(value);
    value = spatialOperand(value.getDefiningOp());
  }
  auto conv = value && value.hasOneUse() ? value.getDefiningOp<onnx::ConvOp>() : onnx::ConvOp();
  if (!conv || conv.getAutoPad() != "NOTSET" || !conv.getPads())
    return;
  between.push_back(value);
  SmallVector<int64_t> unread = unreadBy(pool), kept(*conv.getPads());
  Dims dims = dimsOf(value);
  for (auto [axis, count] : llvm::enumerate(unread)) {
    int64_t &after = kept[unread.size() + axis];
    // A row of results is a stride of padding.
    int64_t stride = conv.getStrides() ? (*conv.getStrides())[axis] : 1;
    int64_t cropped = std::min(count, after / stride);
    after -= cropped * stride;
    dims[2 + axis] = *dims[2 + axis].asConstant() - cropped;
  }
  conv.setPads(kept);
  for (Value result : between)
    result.setType(tensorWithDims(dims, cast<RankedTensorType>(result.getType()).getElementType()));
}

} // namespace heddle
