// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/streams/Places.h"

#include "compiler/kernels/Parameters.h"
#include "dialects/onnx/Onnx.h"

using namespace mlir;

namespace heddle {

Places allPlaces(ArrayRef<DimExpr> dims) {
  return llvm::map_to_vector(dims, [](const DimExpr &dim) -> AxisPlaces { return {0, dim, {}}; });
}

/// The listed indices; nothing where one may be negative or beyond the end.
static std::optional<AxisPlaces> listed(SmallVector<int64_t> indices, const DimExpr &dim) {
  if (indices.empty())
    return AxisPlaces{0, 0, indices};
  for (int64_t &index : indices) {
    if (std::optional<int64_t> size = dim.asConstant(); size && index < 0)
      index += *size;
    if (index < 0 || (dim.asConstant() && index >= *dim.asConstant()))
      return std::nullopt;
  }
  llvm::sort(indices);
  return AxisPlaces{indices.front(), indices.back() + 1, indices};
}

/// Indices in the last axis of a tensor of tuples, or all of one tensor.
static SmallVector<int64_t> everyNth(ArrayRef<int64_t> values, size_t step, size_t start) {
  SmallVector<int64_t> picked;
  for (size_t i = start; i < values.size(); i += step)
    picked.push_back(values[i]);
  return picked;
}

/// By tuples of indices of the axes from `first` on.
static std::optional<Places> byTuples(Value tensor, Value tuples) {
  Dims dims = dimsOf(tensor), shape = dimsOf(tuples);
  auto values = constantIntegers(tuples);
  std::optional<int64_t> depth = shape.empty() ? std::nullopt : shape.back().asConstant();
  if (!values || !depth || *depth < 1 || *depth > int64_t(dims.size()))
    return std::nullopt;
  Places places = allPlaces(dims);
  for (int64_t axis = 0; axis < *depth; ++axis) {
    auto own = listed(everyNth(*values, *depth, axis), dims[axis]);
    if (!own)
      return std::nullopt;
    places[axis] = *own;
  }
  return places;
}

/// By an index along one axis for each element of the indices, which stand at the same place of the
/// others.
static std::optional<Places> byElements(Value tensor, Value indices, int64_t axis) {
  Dims dims = dimsOf(tensor), shape = dimsOf(indices);
  auto values = constantIntegers(indices);
  if (!values || dims.empty())
    return std::nullopt;
  axis += axis < 0 ? dims.size() : 0;
  auto own = listed(*values, dims[axis]);
  if (!own)
    return std::nullopt;
  Places places = allPlaces(shape);
  places[axis] = *own;
  return places;
}

static std::optional<Places> bySlice(onnx::SliceOp slice) {
  Dims dims = dimsOf(slice.getData());
  auto starts = constantIntegers(slice.getStarts()), axes = constantIntegers(slice.getAxes());
  auto ends = knownIntegers(slice.getEnds());
  auto steps = constantIntegers(slice.getSteps());
  if (!starts || !ends || (slice.getAxes() && !axes) || (slice.getSteps() && !steps))
    return std::nullopt;
  Places places = allPlaces(dims);
  for (size_t i = 0; i < starts->size(); ++i) {
    int64_t axis = axes ? (*axes)[i] : i;
    axis += axis < 0 ? dims.size() : 0;
    int64_t start = (*starts)[i], step = steps ? (*steps)[i] : 1;
    std::optional<int64_t> end = (*ends)[i].asConstant(), size = dims[axis].asConstant();
    if (step < 1 || !end)
      continue; // all of the axis, to be safe
    AxisPlaces &own = places[axis];
    own.low = start < 0 ? dims[axis] + start : DimExpr(start);
    if (*end < 0)
      own.high = dims[axis] + *end;
    else if (!size || *end < *size)
      own.high = size || *end < INT32_MAX ? DimExpr(*end) : dims[axis];
    if (size && step > 1) {
      own.indices.emplace();
      for (int64_t index = std::max<int64_t>(start < 0 ? start + *size : start, 0);
           index < std::min(*end < 0 ? *end + *size : *end, *size); index += step)
        own.indices->push_back(index);
    }
  }
  return places;
}

std::optional<Places> placesRead(Operation *op) {
  if (auto gather = dyn_cast<onnx::GatherOp>(op)) {
    Dims dims = dimsOf(gather.getData());
    int64_t axis = gather.getAxis();
    axis += axis < 0 ? dims.size() : 0;
    auto values = constantIntegers(gather.getIndices());
    auto own = values ? listed(*values, dims[axis]) : std::nullopt;
    if (!own)
      return std::nullopt;
    Places places = allPlaces(dims);
    places[axis] = *own;
    return places;
  }
  if (auto slice = dyn_cast<onnx::SliceOp>(op))
    return bySlice(slice);
  if (auto gather = dyn_cast<onnx::GatherNDOp>(op))
    return gather.getBatchDims() == 0 ? byTuples(gather.getData(), gather.getIndices())
                                      : std::nullopt;
  if (auto gather = dyn_cast<onnx::GatherElementsOp>(op))
    return byElements(gather.getData(), gather.getIndices(), gather.getAxis());
  return std::nullopt;
}

std::optional<Places> placesWritten(Operation *op) {
  if (auto scatter = dyn_cast<onnx::ScatterNDOp>(op))
    return byTuples(scatter.getData(), scatter.getIndices());
  if (auto scatter = dyn_cast<onnx::ScatterElementsOp>(op))
    return byElements(scatter.getData(), scatter.getIndices(), scatter.getAxis());
  return std::nullopt;
}

static bool isAtMost(const DimExpr &a, const DimExpr &b) { return (b - a).isAtLeast(0); }

static bool areApart(const AxisPlaces &a, const AxisPlaces &b) {
  if (isAtMost(a.high, b.low) || isAtMost(b.high, a.low))
    return true;
  return a.indices && b.indices && llvm::none_of(*a.indices, [&](int64_t index) {
           return llvm::is_contained(*b.indices, index);
         });
}

bool areApart(const Places &a, const Places &b) {
  return llvm::any_of(llvm::zip(a, b),
                      [](auto pair) { return areApart(std::get<0>(pair), std::get<1>(pair)); });
}

bool areWithin(const AxisPlaces &places, const DimExpr &low, const DimExpr &high) {
  return isAtMost(low, places.low) && isAtMost(places.high, high);
}

} // namespace heddle
