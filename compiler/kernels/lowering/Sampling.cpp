// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sampling at coordinates that are data: GridSample; and AffineGrid, which makes such coordinates.

#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/Interpolation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace heddle;

namespace {

constexpr double kCubicCoefficient = -0.75;

std::optional<AccessPattern> gridSamplePattern(Operation *op) {
  auto sample = cast<onnx::GridSampleOp>(op);
  std::optional<InterpolationMode> mode = interpolationMode(sample.getMode());
  int64_t spatial = rankOf(sample.getX()) - 2;
  if (!isComputable(op) || !mode || spatial < 1 || spatial > 3 ||
      (mode == InterpolationMode::Cubic && spatial > 2))
    return std::nullopt;
  return AccessPattern::Irregular;
}

/// x clamped to [low, high]; NaN becomes high.
Value clampFloat(ScalarMath &m, Value x, Value low, Value high) {
  Value below = m.select(m.less(x, high), x, high);
  return m.select(m.less(low, below), below, low);
}

/// One axis of the sampled tensor.
class SampledAxis {
public:
  SampledAxis(KernelBuilder &builder, onnx::GridSampleOp op, const DimExpr &dim, Type type)
      : b(builder), m(builder), ix(builder), sample(op), type(type), padding(op.getPaddingMode()),
        size(b.index(dim)), length(ix.toElement(size, type)) {}

  /// The taps of a grid coordinate, for which -1 and 1 are the ends of the axis.
  Taps taps(InterpolationMode mode, Value normalized) {
    Value one = m.one(type), half = m.constant(type, 0.5);
    Value shifted = m.add(normalized, one);
    Value coordinate = sample.getAlignCorners() ? m.mul(m.mul(shifted, half), m.sub(length, one))
                                                : m.mul(m.sub(m.mul(shifted, length), one), half);
    // Elements are rounded to before the border is applied, which is then exact.
    if (mode == InterpolationMode::Nearest)
      coordinate = math::RoundEvenOp::create(b, coordinate);
    if (padding == "border")
      coordinate = mode == InterpolationMode::Cubic
                       ? bounded(coordinate)
                       : clampFloat(m, coordinate, m.zero(type), m.sub(length, one));
    else if (padding == "reflection" && mode != InterpolationMode::Cubic)
      coordinate = reflected(coordinate);
    else
      coordinate = bounded(coordinate);
    Taps taps = mode == InterpolationMode::Nearest
                    ? Taps{{indexOfFloat(b, coordinate), {}, {}}}
                    : tapsAround(b, mode, coordinate, kCubicCoefficient);
    Value zero = ix.value(0), last = ix.sub(size, 1);
    for (Tap &tap : taps) {
      if (padding == "reflection" && mode == InterpolationMode::Cubic)
        tap.index = indexOfFloat(b, reflected(ix.toElement(tap.index, type)));
      if (padding == "zeros")
        tap.inside = ix.both(ix.atLeast(tap.index, zero), ix.less(tap.index, size));
      else
        tap.index = ix.clamp(tap.index, zero, last);
    }
    return taps;
  }

private:
  /// Coordinates far outside stay outside, and become small enough to be indices. Where elements
  /// are mirrored, it matters how far they are.
  Value bounded(Value x) {
    Value margin = m.constant(type, padding == "reflection" ? 1e6 : 4);
    return clampFloat(m, x, m.neg(margin), m.add(length, margin));
  }

  /// x mirrored at the borders as often as it takes to lie between them.
  Value reflected(Value x) {
    Value half = m.constant(type, 0.5), one = m.one(type);
    bool corners = sample.getAlignCorners();
    Value low = corners ? m.zero(type) : m.neg(half);
    Value span = corners ? m.sub(length, one) : length;
    Value distance = math::AbsFOp::create(b, m.sub(x, low));
    Value safeSpan = m.select(m.equal(span, m.zero(type)), one, span);
    Value turns = math::FloorOp::create(b, m.div(distance, safeSpan));
    Value rest = m.sub(distance, m.mul(turns, safeSpan));
    Value halfTurns = m.mul(turns, half);
    Value isEven = m.equal(math::FloorOp::create(b, halfTurns), halfTurns);
    Value mirrored = m.add(m.select(isEven, rest, m.sub(safeSpan, rest)), low);
    return clampFloat(m, mirrored, low, m.add(low, span));
  }

  KernelBuilder &b;
  ScalarMath m;
  IndexMath ix;
  onnx::GridSampleOp sample;
  Type type;
  StringRef padding;
  Value size, length;
};

LogicalResult lowerGridSample(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                              SmallVectorImpl<Value> &results) {
  auto sample = cast<onnx::GridSampleOp>(op);
  InterpolationMode mode = *interpolationMode(sample.getMode());
  SmallVector<DimExpr> dims = b.dims(sample.getX());
  Type source = elementTypeOf(sample.getX()), type = signlessType(source);
  Type compute = isa<FloatType>(type) ? ScalarMath::computeType(type) : Type(b.getF32Type());
  Type gridType = ScalarMath::computeType(elementTypeOf(sample.getGrid()));
  unsigned spatial = dims.size() - 2;
  for (const DimExpr &dim : ArrayRef<DimExpr>(dims).drop_front(2))
    b.require(dim, 1);
  b.requireEqual(b.dims(sample.getGrid())[0], dims[0]);
  IndexMath ix(b);
  ScalarMath m(b);
  results.push_back(b.generate(b.dims(sample.getY()), type, [&](ValueRange at) {
    SmallVector<Taps> taps = {{{at[0], {}, {}}}, {{at[1], {}, {}}}};
    SmallVector<Value> place = {at[0]};
    llvm::append_range(place, at.drop_front(2));
    place.push_back(nullptr);
    for (unsigned axis = 0; axis < spatial; ++axis) {
      place.back() = ix.value(spatial - 1 - axis); // the grid counts axes from the last
      Value coordinate = m.widen(b.element(operands[1], place));
      taps.push_back(SampledAxis(b, sample, dims[2 + axis], gridType).taps(mode, coordinate));
    }
    Value sum = interpolate(b, operands[0], taps, compute, signednessOf(source));
    return m.cast(sum, type, signednessOf(source));
  }));
  return success();
}

std::optional<AccessPattern> affineGridPattern(Operation *op) {
  int64_t rank = rankOf(op->getResult(0));
  return rank == 4 || rank == 5 ? whereFloat<AccessPattern::Irregular>(op) : std::nullopt;
}

/// theta * (x, y, 1), or (x, y, z, 1), at evenly spaced places of [-1, 1].
LogicalResult lowerAffineGrid(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                              SmallVectorImpl<Value> &results) {
  auto affine = cast<onnx::AffineGridOp>(op);
  SmallVector<DimExpr> dims = b.dims(affine.getGrid());
  Type type = elementTypeOf(affine.getGrid()), compute = ScalarMath::computeType(type);
  unsigned spatial = dims.size() - 2;
  DimExpr thetaDims[] = {dims[0], spatial, spatial + 1};
  for (auto [dim, wanted] : llvm::zip_equal(b.dims(affine.getTheta()), thetaDims))
    b.requireEqual(dim, wanted);
  ScalarMath m(b);
  IndexMath ix(b);
  results.push_back(b.generate(dims, type, [&](ValueRange at) {
    Value one = m.one(compute), two = m.constantInt(compute, 2), total;
    for (unsigned i = 0; i < spatial; ++i) {
      unsigned axis = spatial - i; // x is the last spatial axis
      Value index = ix.toElement(at[axis], compute);
      Value length = ix.toElement(b.index(dims[axis]), compute);
      Value coordinate;
      if (affine.getAlignCorners()) {
        Value gaps = m.max(m.sub(length, one), one);
        coordinate = m.sub(m.div(m.mul(two, index), gaps), one);
        coordinate = m.select(m.equal(length, one), m.zero(compute), coordinate);
      } else {
        coordinate = m.sub(m.div(m.add(m.mul(two, index), one), length), one);
      }
      Value factor = m.widen(b.element(operands[0], {at[0], at.back(), ix.value(i)}));
      Value term = m.mul(factor, coordinate);
      total = total ? m.add(total, term) : term;
    }
    Value shift = m.widen(b.element(operands[0], {at[0], at.back(), ix.value(spatial)}));
    return m.narrow(m.add(total, shift), type);
  }));
  return success();
}

} // namespace

void heddle::addSamplingLowerings(StructuredLoweringTable &table) {
  static constexpr unsigned size[] = {1};
  addLowering(table, "GridSample", {gridSamplePattern, lowerGridSample});
  addLowering(table, "AffineGrid", {affineGridPattern, lowerAffineGrid, size});
}
