// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Linear and cubic interpolation along several axes is one along each, after the other. What
// shrinks comes first, and what grows from the last axis on: places within rows are gathered, whole
// rows are added as vectors, and only the last axis that is resized has as many elements as the
// result.

#include "compiler/Passes.h"
#include "compiler/kernels/ResizedAxes.h"
#include "compiler/source/Arithmetic.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_SPLITRESIZEPASS
#include "compiler/Passes.h.inc"

namespace {

/// As far as it is known: what is not counts as growing.
bool shrinks(const ResizedAxis &axis) {
  std::optional<int64_t> from = axis.from.asConstant(), to = axis.to.asConstant();
  return axis.scale ? *axis.scale < 1 : from && to && *to < *from;
}

/// Those that change, in the order to take them in.
SmallVector<ResizedAxis> orderedAxes(onnx::ResizeOp resize) {
  SmallVector<ResizedAxis> axes = resizedAxes(resize);
  llvm::erase_if(axes, [](const ResizedAxis &axis) { return !axis.changes(); });
  llvm::sort(axes, [](const ResizedAxis &a, const ResizedAxis &b) {
    if (shrinks(a) != shrinks(b))
      return shrinks(a);
    return shrinks(a) ? a.axis < b.axis : a.axis > b.axis;
  });
  return axes;
}

/// Whether the size of each axis follows from its scale or from the operand's sizes.
bool haveKnownSizes(ArrayRef<ResizedAxis> axes) {
  llvm::StringSet<> symbols;
  for (const ResizedAxis &axis : axes)
    axis.from.walkSymbols([&](StringRef symbol) { symbols.insert(symbol); });
  return llvm::all_of(axes, [&](const ResizedAxis &axis) {
    bool known = axis.hasKnownSize() && axis.to.isKnown();
    if (!axis.scale)
      axis.to.walkSymbols([&](StringRef symbol) { known &= symbols.contains(symbol); });
    return known;
  });
}

bool isSeparable(onnx::ResizeOp resize) {
  Type element = elementOf(resize.getX());
  return resize.getMode() != "nearest" && !resize.getAntialias() &&
         (element.isF32() || element.isF64()) &&
         resize.getCoordinateTransformationMode() != "tf_crop_and_resize" &&
         resize.getKeepAspectRatioPolicy() == "stretch";
}

void split(onnx::ResizeOp resize) {
  SmallVector<ResizedAxis> axes = orderedAxes(resize);
  if (axes.size() < 2 || !isSeparable(resize) || !haveKnownSizes(axes))
    return;
  Arithmetic m(resize);
  Value value = resize.getX(), none;
  Dims dims = dimsOf(value);
  for (const ResizedAxis &axis : axes) {
    Value scale = axis.scale ? m.numbers({static_cast<float>(*axis.scale)}) : none;
    Value size = axis.scale ? none : m.shape({axis.to}, value);
    dims[axis.axis] = axis.to;
    value = onnx::ResizeOp::create(
        m.b, m.loc, tensorWithDims(dims, elementOf(value)), value, none, scale, size,
        /*antialias=*/0, m.b.getDenseI64ArrayAttr({axis.axis}),
        resize.getCoordinateTransformationMode(), resize.getCubicCoeffA(),
        resize.getExcludeOutside(), resize.getExtrapolationValue(),
        resize.getKeepAspectRatioPolicy(), resize.getMode(), resize.getNearestMode());
  }
  resize.getY().replaceAllUsesWith(value);
  resize.erase();
}

struct SplitResize : impl::SplitResizePassBase<SplitResize> {
  void runOnOperation() override {
    SmallVector<onnx::ResizeOp> resizes;
    getOperation()->walk([&](onnx::ResizeOp resize) { resizes.push_back(resize); });
    for (onnx::ResizeOp resize : resizes)
      split(resize);
  }
};

} // namespace
} // namespace heddle
