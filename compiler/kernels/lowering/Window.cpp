// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pooling over windows of the spatial axes: MaxPool, AveragePool, LpPool.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/ReductionSpace.h"

using namespace mlir;
using namespace heddle;

namespace {

/// How windows lie on one spatial axis.
struct WindowAxis {
  DimExpr size, outSize; // of the axis before and after
  DimExpr padBegin, padEnd;
  int64_t kernel, stride, dilation;

  /// Whether a window can begin before the axis, or end after it.
  bool mayBeginBefore() const {
    std::optional<int64_t> bound = padBegin.upperBound();
    return !bound || *bound > 0;
  }
  bool mayEndAfter(const DimExpr &end) const {
    DimExpr last = (outSize - 1) * stride - padBegin + (kernel - 1) * dilation;
    return !(end - 1 - last).isAtLeast(0);
  }
};

SmallVector<WindowAxis> windowAxes(KernelBuilder &b, Operation *op) {
  SmallVector<DimExpr> dims = b.dims(op->getOperand(0)), outDims = b.dims(op->getResult(0));
  auto numbers = [&](StringRef name) {
    auto attribute = op->getAttrOfType<DenseI64ArrayAttr>(name);
    return attribute ? attribute.asArrayRef() : ArrayRef<int64_t>();
  };
  ArrayRef<int64_t> kernel = numbers("kernel_shape"), strides = numbers("strides"),
                    dilations = numbers("dilations"), pads = numbers("pads");
  StringRef autoPad = op->getAttrOfType<StringAttr>("auto_pad").getValue();
  SmallVector<WindowAxis> axes;
  for (unsigned i = 0; i < kernel.size(); ++i) {
    WindowAxis axis{dims[i + 2],
                    outDims[i + 2],
                    0,
                    0,
                    kernel[i],
                    strides.empty() ? 1 : strides[i],
                    dilations.empty() ? 1 : dilations[i]};
    if (autoPad.starts_with("SAME")) {
      int64_t extent = (axis.kernel - 1) * axis.dilation + 1;
      DimExpr total = DimExpr::max((axis.outSize - 1) * axis.stride + extent - axis.size, 0);
      DimExpr less = total.floorDiv(2);
      axis.padBegin = autoPad == "SAME_LOWER" ? total - less : less;
      axis.padEnd = total - axis.padBegin;
    } else if (autoPad != "VALID" && !pads.empty()) {
      axis.padBegin = pads[i];
      axis.padEnd = pads[i + kernel.size()];
    }
    axes.push_back(axis);
  }
  return axes;
}

/// The place of a window's element in the operand, and whether it is inside; null for always.
struct WindowPlace {
  SmallVector<Value> indices;
  Value inside;
};

WindowPlace placeOf(KernelBuilder &b, ArrayRef<WindowAxis> axes, ValueRange at) {
  IndexMath ix(b);
  WindowPlace place{SmallVector<Value>(at.take_front(2)), {}};
  for (auto [i, axis] : llvm::enumerate(axes)) {
    Value start = ix.sub(ix.mul(at[2 + i], axis.stride), axis.padBegin);
    Value index = ix.add(start, ix.mul(at[2 + axes.size() + i], axis.dilation));
    if (axis.mayBeginBefore())
      place.inside = ix.both(place.inside, ix.atLeast(index, ix.value(0)));
    if (axis.mayEndAfter(axis.size))
      place.inside = ix.both(place.inside, ix.less(index, ix.value(axis.size)));
    place.indices.push_back(index);
  }
  return place;
}

/// Combines what `element` makes of the elements inside each window.
Value pooled(KernelBuilder &b, Operation *op, ArrayRef<WindowAxis> axes, Value x, Value outside,
             Value start, function_ref<Value(Value)> element, KernelBuilder::Combine combine) {
  SmallVector<DimExpr> windowDims;
  for (const WindowAxis &axis : axes)
    windowDims.push_back(axis.kernel);
  return b.reduceWindow(
      b.dims(op->getResult(0)), windowDims, start.getType(), start,
      [&](ValueRange at) {
        WindowPlace place = placeOf(b, axes, at);
        return element(place.inside ? b.elementOr(x, place.indices, place.inside, outside)
                                    : b.element(x, place.indices));
      },
      combine);
}

LogicalResult lowerMaxPool(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                           SmallVectorImpl<Value> &results) {
  ScalarMath m(b, signednessOf(elementTypeOf(op->getOperand(0))));
  Value lowest = m.lowest(signlessType(elementTypeOf(op->getResult(0))));
  results.push_back(pooled(
      b, op, windowAxes(b, op), operands[0], lowest, lowest, [](Value x) { return x; },
      [&](Value most, Value x) { return m.max(most, x); }));
  return success();
}

/// The sum over each window of a function of the elements, zero outside, in the compute type.
Value pooledSum(KernelBuilder &b, Operation *op, ArrayRef<WindowAxis> axes, Value x,
                function_ref<Value(Value)> element) {
  ScalarMath m(b);
  Type type = elementTypeOf(op->getResult(0));
  return pooled(
      b, op, axes, x, m.zero(type), m.zero(ScalarMath::computeType(type)),
      [&](Value x) { return element(m.widen(x)); },
      [&](Value sum, Value x) { return m.add(sum, x); });
}

/// The number of elements of the window at these places that count: those in [low, high) of each
/// axis.
Value countInWindow(KernelBuilder &b, ArrayRef<WindowAxis> axes, bool includePads, ValueRange at,
                    Type type) {
  IndexMath ix(b);
  Value count = ix.value(1);
  for (auto [i, axis] : llvm::enumerate(axes)) {
    DimExpr end = includePads ? axis.size + axis.padEnd : axis.size;
    Value start = ix.sub(ix.mul(at[2 + i], axis.stride), axis.padBegin);
    // Steps of the dilation before the axis begins and until it ends.
    Value first = ix.value(0), past = ix.value(axis.kernel);
    auto stepsTo = [&](Value distance) {
      Value ahead = ix.max(distance, ix.value(0));
      return ix.div(ix.add(ahead, axis.dilation - 1), axis.dilation);
    };
    if (!includePads && axis.mayBeginBefore())
      first = stepsTo(ix.sub(ix.value(0), start));
    if (axis.mayEndAfter(end))
      past = ix.min(past, stepsTo(ix.sub(ix.value(end), start)));
    count = ix.mul(count, ix.max(ix.sub(past, first), ix.value(0)));
  }
  return ix.toElement(count, type);
}

LogicalResult lowerAveragePool(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                               SmallVectorImpl<Value> &results) {
  bool includePads = cast<onnx::AveragePoolOp>(op).getCountIncludePad();
  SmallVector<WindowAxis> axes = windowAxes(b, op);
  SmallVector<DimExpr> dims = b.dims(op->getResult(0));
  Type type = elementTypeOf(op->getResult(0));
  ScalarMath m(b);
  Value sums = pooledSum(b, op, axes, operands[0], [](Value x) { return x; });
  bool isWhole = llvm::all_of(axes, [&](const WindowAxis &axis) {
    return includePads ? !axis.mayEndAfter(axis.size + axis.padEnd)
                       : !axis.mayBeginBefore() && !axis.mayEndAfter(axis.size);
  });
  int64_t volume = 1;
  for (const WindowAxis &axis : axes)
    volume *= axis.kernel;
  AffineMap same = b.identity(dims.size());
  results.push_back(b.mapAt(dims, type, sums, same, [&](ValueRange v) {
    Type compute = v[0].getType();
    if (isWhole) {
      Value count = m.constantInt(compute, volume);
      return m.narrow(m.div(v[0], count), type);
    }
    SmallVector<Value> at;
    for (unsigned axis = 0; axis < dims.size(); ++axis)
      at.push_back(b.placeIndex(axis));
    return m.narrow(m.div(v[0], countInWindow(b, axes, includePads, at, compute)), type);
  }));
  return success();
}

/// (sum |x|^p)^(1/p)
LogicalResult lowerLpPool(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                          SmallVectorImpl<Value> &results) {
  int64_t p = cast<onnx::LpPoolOp>(op).getP();
  SmallVector<DimExpr> dims = b.dims(op->getResult(0));
  Type type = elementTypeOf(op->getResult(0));
  ScalarMath m(b);
  Value sums = pooledSum(b, op, windowAxes(b, op), operands[0],
                         [&](Value x) { return absolutePower(m, x, p); });
  results.push_back(b.mapAt(dims, type, sums, b.identity(dims.size()),
                            [&](ValueRange v) { return m.narrow(root(m, v[0], p), type); }));
  return success();
}

/// The second result of MaxPool, the places of the greatest elements, is left to the library.
std::optional<AccessPattern> poolPattern(Operation *op) {
  auto kernel = op->getAttrOfType<DenseI64ArrayAttr>("kernel_shape");
  if (op->getNumResults() != 1 || !kernel || rankOf(op->getOperand(0)) != kernel.size() + 2)
    return std::nullopt;
  return whereComputable<AccessPattern::Reduction>(op);
}

} // namespace

void heddle::addWindowLowerings(StructuredLoweringTable &table) {
  addLowering(table, "MaxPool", {poolPattern, lowerMaxPool});
  addLowering(table, "AveragePool", {poolPattern, lowerAveragePool});
  addLowering(table, "LpPool", {poolPattern, lowerLpPool});
}
