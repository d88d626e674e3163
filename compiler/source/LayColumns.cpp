// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Vectors go along the last axis. Where that has one element, as a signal has that is written as an
// image one pixel wide, the axis before it is as long in memory and takes its place: a column
// becomes a row, which is a view of the same elements.
//
//   Conv of [N, C, H, 1] by windows of [k, 1]    -> Conv of [N, C, 1, H] by windows of [1, k]
//   Concat of [N, C, Ti, 1] along the third axis -> Concat of [N, C, Ti] along the last one
//   Slice of [N, C, T, 1]                        -> Slice of [N, C, T]

#include "compiler/Passes.h"
#include "compiler/kernels/Parameters.h"
#include "compiler/source/Arithmetic.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_LAYCOLUMNSPASS
#include "compiler/Passes.h.inc"

namespace {

/// With the last two axes the other way around, one of which has one element.
Value turned(Arithmetic &m, Value value) {
  Dims dims = dimsOf(value);
  std::swap(dims[dims.size() - 2], dims[dims.size() - 1]);
  return m.viewedAs(value, dims);
}

void layRow(onnx::ConvOp conv) {
  Dims image = dimsOf(conv.getX()), filters = dimsOf(conv.getW());
  if (image.size() != 4 || !image[3].isConstant(1) || image[2].isConstant(1) ||
      !filters[3].isConstant(1) || conv.getAutoPad() != "NOTSET")
    return;
  SmallVector<int64_t> pads(conv.getPads().value_or(ArrayRef<int64_t>{0, 0, 0, 0}));
  if (pads[1] != 0 || pads[3] != 0)
    return;
  Arithmetic m(conv);
  auto copy = cast<onnx::ConvOp>(m.b.clone(*conv));
  copy->setOperand(0, turned(m, conv.getX()));
  copy->setOperand(1, turned(m, conv.getW()));
  copy->moveAfter(conv);
  auto swapped = [](ArrayRef<int64_t> pair) { return SmallVector<int64_t>{pair[1], pair[0]}; };
  if (conv.getKernelShape())
    copy.setKernelShape(swapped(*conv.getKernelShape()));
  if (conv.getStrides())
    copy.setStrides(swapped(*conv.getStrides()));
  if (conv.getDilations())
    copy.setDilations(swapped(*conv.getDilations()));
  copy.setPads(SmallVector<int64_t>{0, pads[0], 0, pads[2]});
  Dims result = dimsOf(conv.getY());
  std::swap(result[2], result[3]);
  copy.getY().setType(tensorWithDims(result, elementOf(conv.getY())));
  m.b.setInsertionPointAfter(copy);
  conv.getY().replaceAllUsesWith(turned(m, copy.getY()));
  conv.erase();
}

void layRow(onnx::ConcatOp concat) {
  Dims dims = dimsOf(concat.getConcatResult());
  int64_t rank = static_cast<int64_t>(dims.size());
  int64_t axis = concat.getAxis() < 0 ? concat.getAxis() + rank : concat.getAxis();
  auto isOne = [](const DimExpr &dim) { return dim.isConstant(1); };
  if (axis + 1 >= rank || !llvm::all_of(ArrayRef(dims).drop_front(axis + 1), isOne))
    return;
  Arithmetic m(concat);
  SmallVector<Value> parts;
  for (Value part : concat.getInputs()) {
    Dims own = dimsOf(part);
    own.truncate(axis + 1);
    parts.push_back(m.viewedAs(part, own));
  }
  concat.getConcatResult().replaceAllUsesWith(m.viewedAs(m.joined(parts, axis), dims));
  concat.erase();
}

void layRow(onnx::SliceOp slice) {
  Dims from = dimsOf(slice.getData()), to = dimsOf(slice.getOutput());
  size_t kept = to.size();
  while (kept > 1 && from[kept - 1].isConstant(1) && to[kept - 1].isConstant(1))
    --kept;
  auto starts = dimsOf(slice.getStarts())[0].asConstant();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, starts.value_or(0)));
  if (slice.getAxes()) {
    auto given = constantIntegers(slice.getAxes());
    if (!given)
      return;
    axes.assign(given->begin(), given->end());
  }
  for (int64_t &axis : axes)
    axis += axis < 0 ? static_cast<int64_t>(to.size()) : 0;
  auto isKept = [&](int64_t axis) { return axis < static_cast<int64_t>(kept); };
  if (kept == to.size() || axes.empty() || !llvm::all_of(axes, isKept))
    return;
  Arithmetic m(slice);
  auto copy = cast<onnx::SliceOp>(m.b.clone(*slice));
  Dims whole = to;
  from.truncate(kept);
  to.truncate(kept);
  m.b.setInsertionPoint(copy);
  copy.getDataMutable().assign(m.viewedAs(slice.getData(), from));
  copy.getAxesMutable().assign(m.integers(axes));
  copy.getOutput().setType(tensorWithDims(to, elementOf(slice.getOutput())));
  m.b.setInsertionPoint(slice);
  slice.getOutput().replaceAllUsesWith(m.viewedAs(copy.getOutput(), whole));
  slice.erase();
}

struct LayColumns : impl::LayColumnsPassBase<LayColumns> {
  void runOnOperation() override {
    layAll<onnx::ConvOp>([](onnx::ConvOp) { return true; });
    // Sizes are not for vectors.
    layAll<onnx::ConcatOp>(makesFloats);
    layAll<onnx::SliceOp>(makesFloats);
  }

private:
  static bool makesFloats(Operation *op) { return isa<FloatType>(elementOf(op->getResult(0))); }

  template <typename Op> void layAll(llvm::function_ref<bool(Op)> wanted) {
    SmallVector<Op> all;
    getOperation()->walk([&](Op op) {
      if (wanted(op))
        all.push_back(op);
    });
    llvm::for_each(all, [](Op op) { layRow(op); });
  }
};

} // namespace
} // namespace heddle
