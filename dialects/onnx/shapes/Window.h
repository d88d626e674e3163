// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The window that convolutions and poolings move over an image.

#ifndef HEDDLE_DIALECTS_ONNX_SHAPES_WINDOW_H
#define HEDDLE_DIALECTS_ONNX_SHAPES_WINDOW_H

#include "dialects/onnx/shapes/ShapeRules.h"

namespace heddle::onnx {

/// The attributes that convolutions and poolings share, for each spatial axis.
struct Window {
  Dims kernel;
  SmallVector<int64_t> strides, dilations, padsBefore, padsAfter;
  bool isSame = false, isValid = false, ceil = false;

  /// The extent of the kernel with its gaps.
  DimExpr extent(int64_t i) const { return (kernel[i] - 1) * dilations[i] + 1; }

  /// The number of places for the window along an axis.
  DimExpr places(int64_t i, const DimExpr &size) const;
};

/// A list of an attribute, or as many times the fallback where there is none. Fails, with an error,
/// where it has another length or a value below `least`.
FailureOr<SmallVector<int64_t>> readList(Operation *op, StringRef name,
                                         std::optional<ArrayRef<int64_t>> given, int64_t count,
                                         int64_t fallback, int64_t least);

/// `kernel` is taken from an attribute, or from the weights.
template <typename Op> FailureOr<Window> readWindow(Op op, Dims kernel) {
  int64_t count = kernel.size();
  Window window;
  window.kernel = std::move(kernel);
  for (const DimExpr &size : window.kernel)
    if (size.asConstant() && !size.isAtLeast(1))
      return op.emitOpError("has a kernel of ") << describe(window.kernel);
  std::optional<ArrayRef<int64_t>> dilations;
  if constexpr (requires { op.getDilations(); })
    dilations = op.getDilations();
  FailureOr<SmallVector<int64_t>> strides =
      readList(op, "strides", op.getStrides(), count, 1, /*least=*/1);
  FailureOr<SmallVector<int64_t>> gaps =
      readList(op, "dilations", dilations, count, 1, /*least=*/1);
  FailureOr<SmallVector<int64_t>> pads =
      readList(op, "pads", op.getPads(), 2 * count, 0, /*least=*/INT32_MIN);
  if (failed(strides) || failed(gaps) || failed(pads))
    return failure();
  window.strides = *strides;
  window.dilations = *gaps;
  window.padsBefore = SmallVector<int64_t>(ArrayRef(*pads).take_front(count));
  window.padsAfter = SmallVector<int64_t>(ArrayRef(*pads).drop_front(count));
  if constexpr (requires { op.getAutoPad(); }) {
    StringRef mode = op.getAutoPad();
    window.isSame = mode == "SAME_UPPER" || mode == "SAME_LOWER";
    window.isValid = mode == "VALID";
    if (!window.isSame && !window.isValid && mode != "NOTSET" && !mode.empty())
      return op.emitOpError("has the unknown auto_pad '") << mode << "'";
  }
  if constexpr (requires { op.getCeilMode(); })
    window.ceil = op.getCeilMode() != 0;
  return window;
}

} // namespace heddle::onnx

#endif // HEDDLE_DIALECTS_ONNX_SHAPES_WINDOW_H
