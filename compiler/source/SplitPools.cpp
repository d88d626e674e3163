// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The greatest element of a large window is the greatest of its rows' greatest: a window of k x k
// elements becomes one of k and another of k. Small windows stay, as what is between is stored, but
// where rows become single pixels: windows along one axis need no vectors of rows. The average of all
// of a plane is that of a row.

#include "compiler/Passes.h"
#include "compiler/source/CropUnread.h"
#include "dialects/heddle/TensorDims.h"
#include "mlir/IR/Builders.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_SPLITPOOLSPASS
#include "compiler/Passes.h.inc"

namespace {

/// An attribute of one number an axis (`sides` 1), or of one before and one after each (2), with
/// the numbers of the axes for which `keep` does not hold replaced by what does nothing.
SmallVector<int64_t> restricted(std::optional<ArrayRef<int64_t>> values, int64_t axes, int sides,
                                int64_t neutral, function_ref<bool(int64_t)> keep) {
  SmallVector<int64_t> result(axes * sides, neutral);
  if (values)
    for (int64_t i = 0; i < axes * sides; ++i)
      if (keep(i % axes))
        result[i] = (*values)[i];
  return result;
}

void restrict(onnx::MaxPoolOp pool, function_ref<bool(int64_t)> keep) {
  int64_t axes = pool.getKernelShape().size();
  pool.setStrides(restricted(pool.getStrides(), axes, 1, 1, keep));
  pool.setDilations(restricted(pool.getDilations(), axes, 1, 1, keep));
  pool.setPads(restricted(pool.getPads(), axes, 2, 0, keep));
  pool.setKernelShape(restricted(pool.getKernelShape(), axes, 1, 1, keep));
}

/// Whether the last axis is one window, without padding.
bool endsEvenly(onnx::MaxPoolOp pool) {
  Dims from = getDims(cast<RankedTensorType>(pool.getX().getType())),
       to = getDims(cast<RankedTensorType>(pool.getY().getType()));
  auto pads = pool.getPads();
  return from.back().isConstant(pool.getKernelShape().back()) && to.back().isConstant(1) &&
         (!pads || llvm::all_of(*pads, [](int64_t pad) { return pad == 0; }));
}

/// Takes the last axis with a window first: its elements follow each other.
void split(onnx::MaxPoolOp pool) {
  ArrayRef<int64_t> window = pool.getKernelShape();
  int64_t last = window.size() - 1, others = 1;
  while (last > 0 && window[last] == 1)
    --last;
  for (int64_t size : window.take_front(last))
    others *= size;
  bool isLarge = window[last] * others > 2 * (window[last] + others);
  bool becomesPixels = others > 1 && endsEvenly(pool);
  if (pool.getNumResults() != 1 || pool.getAutoPad() != "NOTSET" || !(isLarge || becomesPixels))
    return;
  auto type = cast<RankedTensorType>(pool.getY().getType());
  Dims dims = getDims(cast<RankedTensorType>(pool.getX().getType()));
  for (size_t axis = last + 2; axis < dims.size(); ++axis)
    dims[axis] = getDims(type)[axis];
  OpBuilder b(pool);
  auto rows = cast<onnx::MaxPoolOp>(b.clone(*pool));
  rows.getY().setType(tensorWithDims(dims, type.getElementType()));
  restrict(rows, [&](int64_t axis) { return axis >= last; });
  restrict(pool, [&](int64_t axis) { return axis < last; });
  pool.getXMutable().assign(rows.getY());
  // Three axes have one more to take apart.
  split(pool);
}

/// Whether the only window is all of a plane.
bool coversPlane(onnx::AveragePoolOp pool) {
  auto pads = pool.getPads();
  StringRef mode = pool.getAutoPad();
  if (!(mode == "NOTSET" || mode == "VALID") ||
      (pads && llvm::any_of(*pads, [](int64_t pad) { return pad != 0; })))
    return false;
  Dims from = getDims(cast<RankedTensorType>(pool.getX().getType())),
       to = getDims(cast<RankedTensorType>(pool.getY().getType()));
  for (auto [axis, window] : llvm::enumerate(pool.getKernelShape())) {
    bool isDilated = window != 1 && pool.getDilations() && (*pool.getDilations())[axis] != 1;
    if (isDilated || !from[2 + axis].isConstant(window) || !to[2 + axis].isConstant(1))
      return false;
  }
  return true;
}

struct SplitPools : impl::SplitPoolsPassBase<SplitPools> {
  void runOnOperation() override {
    SmallVector<onnx::MaxPoolOp> pools;
    getOperation()->walk([&](onnx::MaxPoolOp pool) { pools.push_back(pool); });
    for (onnx::MaxPoolOp pool : pools) {
      cropUnread(pool);
      split(pool);
    }
    SmallVector<onnx::AveragePoolOp> averages;
    getOperation()->walk([&](onnx::AveragePoolOp pool) { averages.push_back(pool); });
    for (onnx::AveragePoolOp pool : averages)
      if (coversPlane(pool)) {
        OpBuilder b(pool);
        Value average =
            onnx::GlobalAveragePoolOp::create(b, pool.getLoc(), pool.getY().getType(), pool.getX());
        pool.getY().replaceAllUsesWith(average);
        pool.erase();
      }
  }
};

} // namespace
} // namespace heddle
