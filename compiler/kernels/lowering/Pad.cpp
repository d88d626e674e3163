// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors with a border added or cut off: Pad, CenterCropPad.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/Support.h"

using namespace mlir;
using namespace heddle;

namespace {

std::optional<AccessPattern> padPattern(Operation *op) {
  auto pad = cast<onnx::PadOp>(op);
  if (!isComputable(op) || (pad.getAxes() && !constantIntegers(pad.getAxes())))
    return std::nullopt;
  return AccessPattern::Irregular;
}

/// Elements added at the ends of an axis; negative where they are removed.
struct AxisPad {
  DimExpr begin, end;
};

SmallVector<AxisPad> padsByAxis(onnx::PadOp pad, int64_t rank) {
  SmallVector<AxisPad> pads(rank);
  auto given = knownIntegers(pad.getPads());
  auto axes = constantIntegers(pad.getAxes());
  unsigned count = given->size() / 2;
  for (unsigned i = 0; i < count; ++i)
    pads[axes ? positiveAxis((*axes)[i], rank) : i] = {(*given)[i], (*given)[count + i]};
  return pads;
}

bool mayBePositive(const DimExpr &expr) {
  std::optional<int64_t> bound = expr.upperBound();
  return !bound || *bound > 0;
}

/// Reads `tensor` at `place`, or gives `fallback` where `place` leaves an axis to which something
/// was added.
Value elementWithin(KernelBuilder &b, Value tensor, ArrayRef<DimExpr> dims, ArrayRef<AxisPad> pads,
                    ValueRange place, Value fallback) {
  IndexMath ix(b);
  Value inside;
  for (auto [axis, pad] : llvm::enumerate(pads)) {
    if (mayBePositive(pad.begin))
      inside = ix.both(inside, ix.atLeast(place[axis], ix.value(0)));
    if (mayBePositive(pad.end))
      inside = ix.both(inside, ix.less(place[axis], ix.value(dims[axis])));
  }
  return inside ? b.elementOr(tensor, place, inside, fallback) : b.element(tensor, place);
}

/// The place in [0, dim) that stands for `place`, which may be on either side of it, before by at
/// most `before`.
Value reflected(IndexMath &ix, Value place, const DimExpr &before, const DimExpr &dim,
                StringRef mode) {
  if (mode == "edge")
    return ix.clamp(place, ix.value(0), ix.value(dim - 1));
  // Counted from whole periods before, so that no place is negative.
  auto modulo = [&](Value period) {
    Value periods = ix.div(ix.add(ix.value(before), ix.sub(period, 1)), period);
    return ix.mod(ix.add(place, ix.mul(periods, period)), period);
  };
  if (mode == "wrap")
    return modulo(ix.value(DimExpr::max(dim, 1)));
  // Mirrored at the outer elements, which are not repeated: there and back is one period.
  Value period = ix.value(DimExpr::max(dim * 2 - 2, 1));
  Value forward = modulo(period);
  return ix.min(forward, ix.sub(period, forward));
}

LogicalResult lowerPad(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                       SmallVectorImpl<Value> &results) {
  auto pad = cast<onnx::PadOp>(op);
  Value data = operands.front(), fill = Operands(op, operands).of(pad.getConstantValue());
  SmallVector<DimExpr> dims = b.dims(pad.getData());
  Type type = signlessType(elementTypeOf(pad.getOutput()));
  SmallVector<AxisPad> pads = padsByAxis(pad, dims.size());
  StringRef mode = pad.getMode();
  IndexMath ix(b);
  // There is nothing to mirror or repeat in an empty axis.
  for (auto [dim, ends] : llvm::zip(dims, pads)) {
    DimExpr kept = dim - DimExpr::max(-ends.begin, 0) - DimExpr::max(-ends.end, 0);
    if (mode != "constant" && (mayBePositive(ends.begin) || mayBePositive(ends.end)))
      b.require(kept, 1);
  }
  if (fill)
    requireScalar(b, fill);
  results.push_back(b.generate(b.dims(pad.getOutput()), type, [&](ValueRange at) {
    SmallVector<Value> place(at);
    if (mode == "constant") {
      for (auto [axis, ends] : llvm::enumerate(pads))
        place[axis] = ix.add(at[axis], -ends.begin);
      Value fallback = fill ? scalarOf(b, fill) : ScalarMath(b).zero(type);
      return elementWithin(b, data, dims, pads, place, fallback);
    }
    // What negative pads remove is gone before the rest is mirrored.
    for (auto [axis, ends] : llvm::enumerate(pads)) {
      if (ends.begin.isConstant(0) && ends.end.isConstant(0))
        continue;
      DimExpr cutBefore = DimExpr::max(-ends.begin, 0), cutAfter = DimExpr::max(-ends.end, 0);
      Value kept = ix.add(at[axis], -DimExpr::max(ends.begin, 0));
      if (mayBePositive(ends.begin) || mayBePositive(ends.end))
        kept = reflected(ix, kept, DimExpr::max(ends.begin, 0), dims[axis] - cutBefore - cutAfter,
                         mode);
      place[axis] = ix.add(kept, cutBefore);
    }
    return b.element(data, place);
  }));
  return success();
}

/// The middle of each axis that shrinks, zeros around each that grows.
LogicalResult lowerCenterCropPad(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                                 SmallVectorImpl<Value> &results) {
  Value source = op->getOperand(0), result = op->getResult(0);
  SmallVector<DimExpr> dims = b.dims(source), outDims = b.dims(result);
  Type type = signlessType(elementTypeOf(result));
  SmallVector<AxisPad> pads;
  SmallVector<DimExpr> shifts;
  for (auto [from, to] : llvm::zip(dims, outDims)) {
    DimExpr added = DimExpr::max(to - from, 0), removed = DimExpr::max(from - to, 0);
    pads.push_back({added.floorDiv(2), added - added.floorDiv(2)});
    shifts.push_back(removed.floorDiv(2) - added.floorDiv(2));
  }
  IndexMath ix(b);
  results.push_back(b.generate(outDims, type, [&](ValueRange at) {
    SmallVector<Value> place;
    for (auto [index, shift] : llvm::zip(at, shifts))
      place.push_back(ix.add(index, shift));
    return elementWithin(b, operands[0], dims, pads, place, ScalarMath(b).zero(type));
  }));
  return success();
}

} // namespace

void heddle::addPadLowerings(StructuredLoweringTable &table) {
  static constexpr unsigned padsAndAxes[] = {1, 3}, shape[] = {1};
  addLowering(table, "Pad", {padPattern, lowerPad, padsAndAxes});
  addLowering(table, "CenterCropPad",
              {whereComputable<AccessPattern::Irregular>, lowerCenterCropPad, shape});
}
