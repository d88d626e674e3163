// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Resize: nearest, linear and cubic, on any axes.

#include "compiler/kernels/ResizedAxes.h"
#include "compiler/kernels/lowering/Families.h"
#include "compiler/kernels/lowering/Interpolation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace heddle;

namespace {

/// More combinations of taps than this make a body too large.
constexpr unsigned kMostTaps = 64;

std::optional<AccessPattern> resizePattern(Operation *op) {
  auto resize = cast<onnx::ResizeOp>(op);
  std::optional<InterpolationMode> mode = interpolationMode(resize.getMode());
  if (!isComputable(op) || !mode || resize.getAntialias() ||
      resize.getCoordinateTransformationMode() == "tf_crop_and_resize")
    return std::nullopt;
  unsigned taps = 1;
  bool keepsRatio = resize.getKeepAspectRatioPolicy() != "stretch";
  for (const ResizedAxis &axis : resizedAxes(resize)) {
    if (!axis.hasKnownSize() || (keepsRatio && !axis.scale && !axis.to.asConstant()))
      return std::nullopt;
    if (taps <= kMostTaps && axis.changes())
      taps *= tapCount(*mode);
  }
  return taps <= kMostTaps ? std::optional(AccessPattern::Irregular) : std::nullopt;
}

/// Coordinates in f32, operation by operation as ONNX Runtime has them: which of two elements is
/// nearer at a tie, and on which side a whole coordinate comes to lie, depends on the rounding.
class Coordinates {
public:
  Coordinates(KernelBuilder &builder, onnx::ResizeOp op)
      : b(builder), m(builder), ix(builder), resize(op), axes(resizedAxes(op)) {
    SmallVector<Value> scales;
    for (const ResizedAxis &axis : axes)
      scales.push_back(axis.scale ? m.constant(f32, *axis.scale)
                                  : m.div(number(axis.to), number(axis.from)));
    // One scale for all axes, the least or the greatest of those that the sizes ask for.
    StringRef policy = resize.getKeepAspectRatioPolicy();
    if (policy != "stretch" && !axes.empty() && !axes.front().scale) {
      scales = requestedScales();
      Value common = scales.front();
      for (Value scale : ArrayRef<Value>(scales).drop_front())
        common = policy == "not_larger" ? m.min(common, scale) : m.max(common, scale);
      scales.assign(axes.size(), common);
    }
    for (auto [axis, scale] : llvm::zip(axes, scales))
      scaleOf[axis.axis] = scale;
  }

  ArrayRef<ResizedAxis> all() const { return axes; }

  /// The coordinate in the operand of an index of the result.
  Value original(const ResizedAxis &axis, Value index) {
    Value x = ix.toElement(index, f32), scale = scaleOf[axis.axis];
    Value half = m.constant(f32, 0.5), one = m.one(f32), from = number(axis.from);
    StringRef mode = resize.getCoordinateTransformationMode();
    if (mode == "asymmetric")
      return m.div(x, scale);
    if (mode == "align_corners") {
      Value length = fractionalLength(axis), isOne = m.equal(length, one);
      Value gaps = m.select(isOne, one, m.sub(length, one));
      return m.select(isOne, m.zero(f32), m.div(m.mul(x, m.sub(from, one)), gaps));
    }
    if (mode == "half_pixel_symmetric") {
      Value adjustment = m.div(number(axis.to), m.mul(scale, from));
      Value offset = m.mul(m.mul(from, half), m.sub(one, adjustment));
      Value centred = m.div(m.add(wide(x), wide(half)), wide(scale));
      return arith::TruncFOp::create(b, f32, m.sub(m.add(wide(offset), centred), wide(half)));
    }
    Value centred = m.sub(m.div(m.add(x, half), scale), half);
    if (mode == "pytorch_half_pixel")
      return m.select(m.less(one, number(axis.to)), centred, m.zero(f32));
    return centred;
  }

private:
  Value number(const DimExpr &expr) {
    if (std::optional<int64_t> constant = expr.asConstant())
      return m.constantInt(f32, *constant);
    return ix.toElement(b.index(expr), f32);
  }

  Value wide(Value x) { return arith::ExtFOp::create(b, b.getF64Type(), x); }

  /// The length of the result before it is rounded down to whole elements, as ONNX's own cases take
  /// it. Rounded from f64, which no fused multiply-add skips.
  Value fractionalLength(const ResizedAxis &axis) {
    if (!axis.scale)
      return number(axis.to);
    Value product = m.mul(wide(scaleOf[axis.axis]), wide(number(axis.from)));
    return arith::TruncFOp::create(b, f32, product);
  }

  SmallVector<Value> requestedScales() {
    auto sizes = knownIntegers(resize.getSizes());
    SmallVector<Value> scales;
    for (auto [axis, size] : llvm::zip(axes, *sizes))
      scales.push_back(m.div(number(size), number(axis.from)));
    return scales;
  }

  KernelBuilder &b;
  ScalarMath m;
  IndexMath ix;
  onnx::ResizeOp resize;
  SmallVector<ResizedAxis> axes;
  llvm::SmallDenseMap<int64_t, Value> scaleOf;
  Type f32 = b.getF32Type();
};

Value roundNearest(KernelBuilder &b, Value x, StringRef mode) {
  if (mode == "ceil")
    return math::CeilOp::create(b, x);
  Value floor = math::FloorOp::create(b, x);
  if (mode == "floor")
    return floor;
  // What lies so near the middle is a tie, as it is to ONNX Runtime: no more than a rounded quotient.
  constexpr double kTie = 1e-6;
  ScalarMath m(b);
  bool up = mode == "round_prefer_ceil";
  Value middle = m.constant(x.getType(), up ? 0.5 - kTie : 0.5 + kTie);
  Value fraction = m.sub(x, floor);
  Value isAbove = up ? m.lessOrEqual(middle, fraction) : m.less(middle, fraction);
  return m.select(isAbove, m.add(floor, m.one(x.getType())), floor);
}

/// The taps of one axis, kept within it. Where outside places are excluded, the weights of the
/// others are scaled up to a sum of 1.
Taps axisTaps(KernelBuilder &b, onnx::ResizeOp resize, InterpolationMode mode, Value coordinate,
              const DimExpr &size) {
  IndexMath ix(b);
  ScalarMath m(b);
  Value zero = ix.value(0), last = ix.value(size - 1);
  if (mode == InterpolationMode::Nearest) {
    Value index = indexOfFloat(b, roundNearest(b, coordinate, resize.getNearestMode()));
    return {{ix.clamp(index, zero, last), {}, {}}};
  }
  Taps taps = tapsAround(b, mode, coordinate, resize.getCubicCoeffA().convertToDouble());
  if (resize.getExcludeOutside()) {
    Value sum, none = m.zero(coordinate.getType());
    for (Tap &tap : taps) {
      Value inside = ix.both(ix.atLeast(tap.index, zero), ix.atLeast(last, tap.index));
      tap.weight = m.select(inside, tap.weight, none);
      sum = sum ? m.add(sum, tap.weight) : tap.weight;
    }
    for (Tap &tap : taps)
      tap.weight = m.div(tap.weight, sum);
  }
  for (Tap &tap : taps)
    tap.index = ix.clamp(tap.index, zero, last);
  return taps;
}

/// Nearest by a whole factor is a division of indices.
std::optional<int64_t> wholeFactor(onnx::ResizeOp resize, const ResizedAxis &axis) {
  bool isPlain = resize.getCoordinateTransformationMode() == "asymmetric" &&
                 resize.getNearestMode() == "floor";
  std::optional<int64_t> number;
  if (axis.scale) {
    if (*axis.scale >= 1 && *axis.scale <= 1024 && *axis.scale == std::floor(*axis.scale))
      number = static_cast<int64_t>(*axis.scale);
  } else if (std::optional<DimExpr> factor = axis.to.divideExactly(axis.from)) {
    number = factor->asConstant();
  }
  if (!number || *number < 1)
    return std::nullopt;
  // The centre of each part lies within the element that the part comes from.
  bool isCentred = resize.getCoordinateTransformationMode().contains("half_pixel") &&
                   resize.getNearestMode().starts_with("round");
  return isPlain || isCentred ? number : std::nullopt;
}

LogicalResult lowerResize(KernelBuilder &b, Operation *op, ArrayRef<Value> operands,
                          SmallVectorImpl<Value> &results) {
  auto resize = cast<onnx::ResizeOp>(op);
  InterpolationMode mode = *interpolationMode(resize.getMode());
  Type source = elementTypeOf(resize.getX()), type = signlessType(source);
  Type compute = isa<FloatType>(type) ? ScalarMath::computeType(type) : Type(b.getF32Type());
  Coordinates coordinates(b, resize);
  // Nothing can be interpolated from an empty axis.
  for (const ResizedAxis &axis : coordinates.all())
    if (axis.changes())
      b.require(axis.from, 1);
  IndexMath ix(b);
  results.push_back(b.generate(b.dims(resize.getY()), type, [&](ValueRange at) {
    SmallVector<Taps> taps;
    for (Value index : at)
      taps.push_back({{index, {}, {}}});
    for (const ResizedAxis &axis : coordinates.all()) {
      if (!axis.changes())
        continue;
      Value index = at[axis.axis];
      std::optional<int64_t> factor = wholeFactor(resize, axis);
      if (mode == InterpolationMode::Nearest && factor)
        taps[axis.axis] = {{ix.div(index, *factor), {}, {}}};
      else
        taps[axis.axis] = axisTaps(b, resize, mode, coordinates.original(axis, index), axis.from);
    }
    if (mode == InterpolationMode::Nearest) {
      SmallVector<Value> place;
      for (const Taps &axis : taps)
        place.push_back(axis.front().index);
      return b.element(operands[0], place);
    }
    Value sum = interpolate(b, operands[0], taps, compute, signednessOf(source));
    return ScalarMath(b).cast(sum, type, signednessOf(source));
  }));
  return success();
}

} // namespace

void heddle::addResizeLowerings(StructuredLoweringTable &table) {
  static constexpr unsigned roiScalesAndSizes[] = {1, 2, 3};
  addLowering(table, "Resize", {resizePattern, lowerResize, roiScalesAndSizes});
}
