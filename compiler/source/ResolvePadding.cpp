// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the windows and pads of convolutions out: kernel_shape from the filter, pads from auto_pad
// and output_shape where the sizes are known. Kernels are generated for known windows and pads.

#include "compiler/Passes.h"
#include "dialects/heddle/TensorDims.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_RESOLVEPADDINGPASS
#include "compiler/Passes.h.inc"

namespace {

/// Pads before and after one axis under SAME_UPPER or SAME_LOWER; nothing where sizes decide that
/// are not known.
std::optional<std::pair<int64_t, int64_t>>
samePads(StringRef mode, const DimExpr &input, int64_t window, int64_t stride, int64_t dilation) {
  int64_t extent = (window - 1) * dilation + 1;
  std::optional<int64_t> size = input.asConstant();
  if (!size && stride != 1)
    return std::nullopt;
  int64_t total = extent - 1;
  if (size) {
    int64_t steps = (*size + stride - 1) / stride;
    total = std::max<int64_t>(0, (steps - 1) * stride + extent - *size);
  }
  int64_t small = total / 2, large = total - small;
  return mode == "SAME_UPPER" ? std::pair(small, large) : std::pair(large, small);
}

struct ResolvePadding : impl::ResolvePaddingPassBase<ResolvePadding> {
  void runOnOperation() override {
    getOperation()->walk([](Operation *op) {
      if (auto conv = dyn_cast<onnx::ConvOp>(op))
        resolve(conv);
      else if (auto conv = dyn_cast<onnx::ConvIntegerOp>(op))
        resolve(conv);
      else if (auto conv = dyn_cast<onnx::ConvTransposeOp>(op))
        resolve(conv);
    });
  }

  /// ConvTranspose: pads are what the result's size says is cut off.
  static void resolve(onnx::ConvTransposeOp conv) {
    auto window = windowOf(conv);
    if (!window)
      return;
    conv.setKernelShape(*window);
    StringRef mode = conv.getAutoPad();
    bool isSame = mode == "SAME_UPPER" || mode == "SAME_LOWER";
    bool isSized = conv.getOutputShape() && !conv.getOutputShape()->empty();
    Dims x = dimsOf(conv.getX()), y = dimsOf(conv.getY());
    SmallVector<int64_t> before, after;
    for (auto [axis, size] : llvm::enumerate(*window)) {
      auto attribute = [axis = axis](std::optional<ArrayRef<int64_t>> values, int64_t fallback) {
        return values && !values->empty() ? (*values)[axis] : fallback;
      };
      int64_t extent = (size - 1) * attribute(conv.getDilations(), 1) + 1;
      DimExpr full = (x[2 + axis] - 1) * attribute(conv.getStrides(), 1) +
                     attribute(conv.getOutputPadding(), 0) + extent;
      std::optional<int64_t> total = (full - y[2 + axis]).asConstant();
      if (isSame || isSized) {
        if (!total || *total < 0)
          return;
        before.push_back(mode == "SAME_LOWER" ? *total - *total / 2 : *total / 2);
        after.push_back(*total - before.back());
      } else if (mode == "VALID") {
        before.push_back(0);
        after.push_back(0);
      }
    }
    if (!before.empty()) {
      before.append(after);
      conv.setPads(before);
    }
    conv.setAutoPad("NOTSET");
    conv.removeOutputShapeAttr();
  }

  /// The filter's window, where it is known.
  static std::optional<SmallVector<int64_t>> windowOf(Operation *conv) {
    SmallVector<int64_t> window;
    for (const DimExpr &dim : ArrayRef(dimsOf(conv->getOperand(1))).drop_front(2)) {
      std::optional<int64_t> size = dim.asConstant();
      if (!size)
        return std::nullopt;
      window.push_back(*size);
    }
    return window;
  }

  template <typename Conv> static void resolve(Conv conv) {
    Dims x = dimsOf(conv->getOperand(0));
    auto window = windowOf(conv);
    if (!window)
      return;
    conv.setKernelShape(*window);
    StringRef mode = conv.getAutoPad();
    if (mode == "NOTSET" || mode.empty()) { // the same to the shape rules
      conv.setAutoPad("NOTSET");
      return;
    }
    SmallVector<int64_t> before, after;
    for (auto [axis, size] : llvm::enumerate(*window)) {
      int64_t stride = conv.getStrides() ? (*conv.getStrides())[axis] : 1;
      int64_t dilation = conv.getDilations() ? (*conv.getDilations())[axis] : 1;
      std::pair<int64_t, int64_t> pads{0, 0};
      if (mode != "VALID") {
        auto same = samePads(mode, x[2 + axis], size, stride, dilation);
        if (!same)
          return;
        pads = *same;
      }
      before.push_back(pads.first);
      after.push_back(pads.second);
    }
    before.append(after);
    conv.setPads(before);
    conv.setAutoPad("NOTSET");
  }
};

} // namespace
} // namespace heddle
