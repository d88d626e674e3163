// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts of a tensor, and tensors made of parts: Slice, Split, Concat.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/Support.h"

using namespace mlir;
using namespace heddle;

namespace {

/// Where an axis is read: place = start + index * step.
struct AxisRange {
  Value start;
  int64_t step;
};

/// Whether the sliced axes and their steps are constants, as the lowering needs.
std::optional<AccessPattern> slicePattern(Operation *op) {
  auto slice = cast<onnx::SliceOp>(op);
  if (!isComputable(op) || (slice.getAxes() && !constantIntegers(slice.getAxes())))
    return std::nullopt;
  if (!slice.getSteps())
    return AccessPattern::Irregular;
  auto steps = constantIntegers(slice.getSteps());
  if (!steps || llvm::is_contained(*steps, 0))
    return std::nullopt;
  return AccessPattern::Irregular;
}

/// The first place of a slice, also where only running tells whether the start counts from the end.
Value firstPlace(KernelBuilder &b, const DimExpr &start, const DimExpr &dim, int64_t step) {
  if (std::optional<DimExpr> known = firstPlaceOfSlice(start, dim, step))
    return b.index(*known);
  DimExpr fromEnd = start + dim;
  DimExpr whenPositive = step > 0 ? start : DimExpr::min(start, dim - 1);
  DimExpr whenNegative = DimExpr::max(fromEnd, 0);
  IndexMath ix(b);
  return ix.select(ix.less(ix.value(start), ix.value(0)), ix.value(whenNegative),
                   ix.value(whenPositive));
}

LogicalResult lowerSlice(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                         SmallVectorImpl<Value> &results) {
  auto slice = cast<onnx::SliceOp>(op);
  SmallVector<DimExpr> dims = b.dims(slice.getData()), outDims = b.dims(slice.getOutput());
  auto starts = knownIntegers(slice.getStarts());
  auto axes = constantIntegers(slice.getAxes()), steps = constantIntegers(slice.getSteps());
  SmallVector<std::optional<AxisRange>> ranges(dims.size());
  for (auto [i, start] : llvm::enumerate(*starts)) {
    int64_t axis = axes ? positiveAxis((*axes)[i], dims.size()) : i;
    int64_t step = steps ? (*steps)[i] : 1;
    ranges[axis] = AxisRange{firstPlace(b, start, dims[axis], step), step};
  }
  IndexMath ix(b);
  Value data = operands.front();
  results.push_back(
      b.generate(outDims, signlessType(elementTypeOf(slice.getOutput())), [&](ValueRange at) {
        SmallVector<Value> place(at);
        for (auto [axis, range] : llvm::enumerate(ranges))
          if (range)
            place[axis] = range->step == -1 ? ix.sub(range->start, at[axis])
                                            : ix.add(ix.mul(at[axis], range->step), range->start);
        return b.element(data, place);
      }));
  return success();
}

/// The results' types say where each part begins.
LogicalResult lowerSplit(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                         SmallVectorImpl<Value> &results) {
  IndexMath ix(b);
  int64_t axis = positiveAxis(cast<onnx::SplitOp>(op).getAxis(), rankOf(op->getOperand(0)));
  DimExpr offset = 0;
  for (Value part : op->getResults()) {
    SmallVector<DimExpr> dims = b.dims(part);
    Value start = b.index(offset);
    results.push_back(b.generate(dims, signlessType(elementTypeOf(part)), [&](ValueRange at) {
      return b.element(operands[0], replaceIndex(at, axis, ix.add(at[axis], start)));
    }));
    offset = offset + dims[axis];
  }
  b.requireEqual(offset, b.dims(op->getOperand(0))[axis]);
  return success();
}

/// Each element from the operand whose range it lies in, tried from the last to the first.
LogicalResult lowerConcat(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                          SmallVectorImpl<Value> &results) {
  Value result = op->getResult(0);
  Type type = signlessType(elementTypeOf(result));
  int64_t axis = positiveAxis(cast<onnx::ConcatOp>(op).getAxis(), rankOf(result));
  IndexMath ix(b);
  SmallVector<Value> starts, ends; // of the operands that are not known to be empty
  SmallVector<Value> parts;
  DimExpr end = 0;
  for (auto [source, operand] : llvm::zip(op->getOperands(), operands)) {
    DimExpr size = b.dims(source)[axis];
    if (size.isConstant(0))
      continue;
    for (int64_t other = 0; other < rankOf(result); ++other)
      if (other != axis)
        b.requireEqual(b.dims(source)[other], b.dims(result)[other]);
    parts.push_back(operand);
    starts.push_back(b.index(end));
    end = end + size;
    ends.push_back(b.index(end));
  }
  results.push_back(b.generate(b.dims(result), type, [&](ValueRange at) {
    if (parts.size() == 1)
      return b.element(parts.front(), at);
    Value value = ScalarMath(b).zero(type);
    for (unsigned i = 0; i < parts.size(); ++i) {
      Value afterStart = i == 0 ? Value() : ix.atLeast(at[axis], starts[i]);
      Value beforeEnd = i + 1 == parts.size() ? Value() : ix.less(at[axis], ends[i]);
      SmallVector<Value> place = replaceIndex(at, axis, ix.sub(at[axis], starts[i]));
      value = b.elementOr(parts[i], place, ix.both(afterStart, beforeEnd), value);
    }
    return value;
  }));
  return success();
}

} // namespace

void heddle::addSliceLowerings(StructuredLoweringTable &table) {
  constexpr auto irregular = whereComputable<AccessPattern::Irregular>;
  static constexpr unsigned sliceParameters[] = {1, 2, 3, 4}, sizes[] = {1};
  addLowering(table, "Slice", {slicePattern, lowerSlice, sliceParameters});
  addLowering(table, "Split", {irregular, lowerSplit, sizes});
  addLowering(table, "Concat", {irregular, lowerConcat});
}
