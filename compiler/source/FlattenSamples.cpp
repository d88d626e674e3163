// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The points of a GridSample lie one after another in its grid and in its result, so that their rows
// need not be those that the model has: rows too short for a vector become one.

#include "compiler/Passes.h"
#include "compiler/source/Arithmetic.h"

#include "llvm/ADT/STLExtras.h"

#include <utility>

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_FLATTENSAMPLESPASS
#include "compiler/Passes.h.inc"

namespace {

/// Elements of the widest vector.
constexpr int64_t kVector = 16;

/// More than one row of points, each known to be shorter than a vector.
bool hasShortRows(ArrayRef<DimExpr> points) {
  std::optional<int64_t> row = points.back().asConstant();
  auto isSingle = [](const DimExpr &dim) { return dim.isConstant(1); };
  return row && *row < kVector && !llvm::all_of(points.drop_back(), isSingle);
}

/// With all of some axes along the last of them.
Dims inOneRow(Dims dims, size_t first, size_t count) {
  DimExpr &row = dims[first + count - 1];
  for (size_t axis = first; axis + 1 < first + count; ++axis)
    row = row * std::exchange(dims[axis], 1);
  return dims;
}

void flatten(onnx::GridSampleOp sample) {
  Dims grid = dimsOf(sample.getGrid()), dims = dimsOf(sample.getY());
  size_t axes = dims.size() - 2;
  if (!hasShortRows(ArrayRef(dims).drop_front(2)))
    return;
  Arithmetic m(sample);
  Value flatGrid = m.viewedAs(sample.getGrid(), inOneRow(grid, 1, axes));
  Dims flat = inOneRow(dims, 2, axes);
  Value points = onnx::GridSampleOp::create(
      m.b, m.loc, tensorWithDims(flat, elementOf(sample.getY())), sample.getX(), flatGrid,
      sample.getAlignCorners(), sample.getMode(), sample.getPaddingMode());
  sample.getY().replaceAllUsesWith(m.viewedAs(points, dims));
  sample.erase();
}

struct FlattenSamples : impl::FlattenSamplesPassBase<FlattenSamples> {
  void runOnOperation() override {
    SmallVector<onnx::GridSampleOp> samples;
    getOperation()->walk([&](onnx::GridSampleOp sample) { samples.push_back(sample); });
    for (onnx::GridSampleOp sample : samples)
      flatten(sample);
  }
};

} // namespace
} // namespace heddle
