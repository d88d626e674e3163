// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/kernels/ResizedAxes.h"

#include "compiler/kernels/Parameters.h"
#include "dialects/heddle/ScaledDim.h"
#include "dialects/heddle/TensorDims.h"

using namespace mlir;

namespace heddle {

bool ResizedAxis::hasKnownSize() const { return !scale || scaledDim(from, *scale).isKnown(); }

SmallVector<ResizedAxis> resizedAxes(onnx::ResizeOp resize) {
  Dims from = dimsOf(resize.getX()), to = dimsOf(resize.getY());
  auto scales = knownFloats(resize.getScales());
  if (scales && scales->empty())
    scales.reset();
  int64_t rank = static_cast<int64_t>(from.size());
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (auto given = resize.getAxes())
    axes.assign(given->begin(), given->end());
  SmallVector<ResizedAxis> resized;
  for (auto [i, given] : llvm::enumerate(axes)) {
    int64_t axis = given < 0 ? given + rank : given;
    std::optional<double> scale;
    if (scales)
      scale = (*scales)[i];
    resized.push_back({axis, from[axis], to[axis], scale});
  }
  return resized;
}

} // namespace heddle
