// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A transposed convolution whose windows lie side by side is a product for each pixel, with a channel
// for each place of a window, and then the channels put at their places:
//
//   [N, C, H, W] -> Conv 1x1 -> [N, K * s * s, H, W] -> DepthToSpace -> [N, K, s * H, s * W]
//
// Where output channels are few, they would leave vectors of channels mostly empty; the product has
// pixels in its vectors.

#include "compiler/Passes.h"
#include "compiler/source/Arithmetic.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_EXPANDCONVTRANSPOSEPASS
#include "compiler/Passes.h.inc"

namespace {

/// Half a vector of them.
constexpr int64_t kFewChannels = 8;

bool areAll(std::optional<ArrayRef<int64_t>> values, int64_t expected) {
  return !values || llvm::all_of(*values, [&](int64_t value) { return value == expected; });
}

/// The size of the windows, where they are squares that neither overlap nor leave a pixel out.
std::optional<int64_t> tiledWindow(onnx::ConvTransposeOp conv) {
  auto window = conv.getKernelShape(), strides = conv.getStrides();
  if (!window || !strides || window->size() != 2 || (*window)[0] < 2 ||
      (*window)[0] != (*window)[1] || *window != *strides || conv.getGroup() != 1 ||
      conv.getAutoPad() != "NOTSET" || (conv.getOutputShape() && !conv.getOutputShape()->empty()) ||
      !areAll(conv.getPads(), 0) || !areAll(conv.getOutputPadding(), 0))
    return std::nullopt;
  return areAll(conv.getDilations(), 1) ? std::optional((*window)[0]) : std::nullopt;
}

void expand(onnx::ConvTransposeOp conv) {
  std::optional<int64_t> window = tiledWindow(conv);
  Dims input = dimsOf(conv.getX()), filter = dimsOf(conv.getW());
  std::optional<int64_t> outputs = filter[1].asConstant();
  if (!window || !outputs || *outputs < 1 || *outputs >= kFewChannels)
    return;
  Arithmetic m(conv);
  int64_t places = *window * *window, channels = *outputs * places;
  // [C, K, s, s] as [K, s, s, C]: a row for each place of each output channel.
  Value rows = m.transposed(conv.getW(), {1, 2, 3, 0});
  Value weights = m.viewedAs(rows, Dims{channels, filter[0], 1, 1});
  Value bias = conv.getB();
  if (bias) {
    Value columns = m.viewed(bias, {*outputs, 1});
    bias = m.viewed(m.expandedTo(columns, Dims{*outputs, places}, {}), {channels});
  }
  Type type = tensorWithDims(Dims{input[0], channels, input[2], input[3]}, elementOf(conv.getX()));
  SmallVector<Value> operands{conv.getX(), weights};
  if (bias)
    operands.push_back(bias);
  auto product = onnx::ConvOp::create(m.b, m.loc, TypeRange{type}, operands);
  product.setKernelShape(SmallVector<int64_t>{1, 1});
  auto placed = onnx::DepthToSpaceOp::create(m.b, m.loc, conv.getY().getType(), product.getY(),
                                             *window, "CRD");
  conv.getY().replaceAllUsesWith(placed.getOutput());
  conv.erase();
}

struct ExpandConvTranspose : impl::ExpandConvTransposePassBase<ExpandConvTranspose> {
  void runOnOperation() override {
    SmallVector<onnx::ConvTransposeOp> found;
    getOperation()->walk([&](onnx::ConvTransposeOp conv) { found.push_back(conv); });
    for (onnx::ConvTransposeOp conv : found)
      expand(conv);
  }
};

} // namespace
} // namespace heddle
