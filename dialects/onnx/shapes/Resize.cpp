// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Resize, and sampling at computed places of an image.

#include "dialects/heddle/ScaledDim.h"
#include "dialects/onnx/shapes/ShapeRules.h"

#include <cmath>

using namespace mlir;
using namespace heddle;
using namespace heddle::onnx;

/// Sizes under keep_aspect_ratio_policy: one scale for all axes.
static void keepAspectRatio(StringRef policy, const TensorFacts &x, ArrayRef<int64_t> axes,
                            Dims &sizes) {
  std::optional<float> scale;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    std::optional<int64_t> wanted = sizes[i].asConstant(), has = x.dims[axis].asConstant();
    if (!wanted || !has || *has == 0) {
      sizes.assign(axes.size(), DimExpr::unknown());
      return;
    }
    float ratio = float(*wanted) / float(*has);
    scale = !scale                   ? ratio
            : policy == "not_larger" ? std::min(*scale, ratio)
                                     : std::max(*scale, ratio);
  }
  for (auto [i, axis] : llvm::enumerate(axes)) // half rounds up
    sizes[i] = int64_t(std::floor(*scale * float(*x.dims[axis].asConstant()) + 0.5f));
}

static LogicalResult inferResize(ResizeOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX());
  SmallVector<int64_t> given = llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  if (std::optional<ArrayRef<int64_t>> axes = op.getAxes(); axes && !axes->empty())
    given = llvm::to_vector(*axes);
  FailureOr<SmallVector<int64_t>> axes = normalizeAxes(op, given, x.rank());
  if (failed(axes))
    return failure();
  const TensorFacts *scales = optionalFacts(context, op.getScales());
  const TensorFacts *wanted = optionalFacts(context, op.getSizes());
  // An empty tensor is another way to leave an operand out.
  if (scales && countElements(scales->dims).isConstant(0))
    scales = nullptr;
  if (wanted && countElements(wanted->dims).isConstant(0))
    wanted = nullptr;
  if (!scales == !wanted)
    return op.emitOpError("expects either scales or sizes");
  const TensorFacts &target = scales ? *scales : *wanted;
  if (failed(expectRank(op, scales ? "scales" : "sizes", target, 1)))
    return failure();
  if (std::optional<int64_t> count = target.dims[0].asConstant();
      count && *count != int64_t(axes->size()))
    return op.emitOpError("expects ")
           << axes->size() << (scales ? " scales" : " sizes") << ", got " << *count;
  Dims sizes(axes->size(), DimExpr::unknown());
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    if (scales && scales->floats)
      sizes[i] = scaledDim(x.dims[axis], (*scales->floats)[i]);
    else if (wanted && wanted->integers)
      sizes[i] = (*wanted->integers)[i];
  }
  if (wanted && op.getKeepAspectRatioPolicy() != "stretch")
    keepAspectRatio(op.getKeepAspectRatioPolicy(), x, *axes, sizes);
  Dims dims = x.dims;
  for (auto [i, axis] : llvm::enumerate(*axes))
    dims[axis] = sizes[i].isKnown() ? sizes[i] : context.freshSymbol(op.getY(), axis);
  context.setFacts(op.getY(), x.elementType, dims);
  return success();
}

static LogicalResult inferGridSample(GridSampleOp op, ShapeContext &context) {
  const TensorFacts &x = context.facts(op.getX()), &grid = context.facts(op.getGrid());
  if (failed(expectRankAtLeast(op, "an operand", x, 3)) ||
      failed(expectRank(op, "a grid", grid, x.rank())))
    return failure();
  Dims dims{x.dims[0], x.dims[1]};
  llvm::append_range(dims, ArrayRef<DimExpr>(grid.dims).drop_front().drop_back());
  context.setFacts(op.getY(), x.elementType, dims);
  return success();
}

static LogicalResult inferAffineGrid(AffineGridOp op, ShapeContext &context) {
  const TensorFacts &theta = context.facts(op.getTheta()), &size = context.facts(op.getSize());
  if (failed(expectRank(op, "theta", theta, 3)) || failed(expectRank(op, "a size", size, 1)))
    return failure();
  std::optional<int64_t> count = size.dims[0].asConstant();
  if (!count || (*count != 4 && *count != 5))
    return op.emitOpError("expects a size of 4 or 5 elements, got ") << size.dims[0].str();
  const std::vector<DimExpr> *contents = size.integers ? &*size.integers : nullptr;
  // (N, C, spatial...) to (N, spatial..., coordinates)
  Dims dims{theta.dims[0]};
  for (int64_t axis = 1; axis < *count - 1; ++axis)
    dims.push_back(dimOrFresh(context, contents, axis + 1, op.getGrid(), axis));
  dims.push_back(*count - 2);
  context.setFacts(op.getGrid(), theta.elementType, dims);
  return success();
}

void heddle::onnx::attachResizeShapes(MLIRContext *context) {
  attachRules<inferResize, inferGridSample, inferAffineGrid>(context);
}
