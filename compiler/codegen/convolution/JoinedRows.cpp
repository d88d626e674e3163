// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Windows in planes of short rows: a vector has pixels of several rows. Where windows do not change
// the width, what a tap meets is as far from each pixel of the plane; masks leave the pads out.

#include "compiler/codegen/convolution/WindowEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace heddle::codegen {

// Where rows are vectors of their own, loads serve several of them: joined rows pay where they take at
// most two thirds of the vectors. A plane is code without loops.
bool WindowEmitter::joinsRows() const {
  constexpr int64_t mostProducts = 400;
  auto known = [](const SpatialValues &size) {
    return getConstantIntValue(size[0]) == 1 && getConstantIntValue(size[1]) &&
           getConstantIntValue(size[2]);
  };
  if (!spec.joinsRows || !inPlace || !known(ops.inputSize) || !known(ops.outputSize) ||
      spec.stride != Spatial{1, 1, 1} || !matchPattern(fill, m_AnyZeroFloat()))
    return false;
  int64_t height = *getConstantIntValue(ops.outputSize[1]),
          width = *getConstantIntValue(ops.outputSize[2]);
  int64_t vectors = (height * width + lanes - 1) / lanes;
  return getConstantIntValue(ops.inputSize[2]) == width && width <= lanes &&
         height <= plan.rowBlock && 3 * vectors <= 2 * height &&
         vectors * spec.taps() <= mostProducts;
}

Value WindowEmitter::joinedLoad(const Place &place, int64_t first, int64_t h, int64_t w) {
  int64_t height = *getConstantIntValue(ops.inputSize[1]),
          width = *getConstantIntValue(ops.inputSize[2]);
  int64_t down = h * spec.dilation[1] - spec.padding[1],
          right = w * spec.dilation[2] - spec.padding[2];
  SmallVector<bool> inside;
  for (int64_t pixel = first; pixel < first + lanes; ++pixel) {
    int64_t row = pixel / width + down, column = pixel % width + right;
    inside.push_back(row >= 0 && row < height && column >= 0 && column < width);
  }
  auto maskType = VectorType::get({lanes}, e.builder.getI1Type());
  Value mask =
      arith::ConstantOp::create(e.builder, e.loc, DenseElementsAttr::get(maskType, inside));
  return e.load(
      ops.input,
      e.add(place.patch.start, first + h * spec.dilation[1] * width + w * spec.dilation[2]), lanes,
      mask);
}

void WindowEmitter::joinedRows(const Place &place) {
  int64_t pixels =
      *getConstantIntValue(ops.outputSize[1]) * *getConstantIntValue(ops.outputSize[2]);
  int64_t tilePixels = plan.rows * lanes;
  for (int64_t begin = 0; begin < pixels; begin += tilePixels) {
    int64_t end = std::min(begin + tilePixels, pixels);
    Values sums((end - begin + lanes - 1) / lanes, start);
    for (int64_t h = 0; h < spec.window[1]; ++h)
      for (int64_t w = 0; w < spec.window[2]; ++w)
        for (auto [v, sum] : llvm::enumerate(sums))
          sum = combine(sum, joinedLoad(place, begin + v * lanes, h, w), place.channel,
                        e.index(h * spec.window[2] + w));
    for (auto [v, sum] : llvm::enumerate(sums)) {
      Value first = e.index(begin + v * lanes);
      sink(sum, {place.n,
                 place.channel,
                 {e.index(0), e.index(0), first},
                 e.add(place.planeOffset, first),
                 e.firstLanes(e.sub(e.index(end), first), lanes),
                 lanes});
    }
  }
}

} // namespace heddle::codegen
