// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/WindowEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {

// The CPU's maximum loses NaN, and keeping it takes three more instructions each time. So tiles are
// computed without, each row's columns once for all windows that contain the row; one that met NaN
// is computed again with care.
Values WindowEmitter::maxima(const Place &place, Value at, int64_t rows) {
  auto greater = [&](Value a, Value b) -> Value {
    if (!a)
      return b;
    Value isGreater = arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::OGT, a, b);
    return arith::SelectOp::create(e.builder, e.loc, isGreater, a, b);
  };
  Values most(rows);
  Value previous, unordered;
  auto check = [&](Value x) { // two vectors in one comparison
    if (!previous) {
      previous = x;
      return;
    }
    Value found = arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::UNO, previous, x);
    unordered = unordered ? Value(arith::OrIOp::create(e.builder, e.loc, unordered, found)) : found;
    previous = {};
  };
  eachRow(place, at, rows, [&](const TileRow &row) {
    Value across;
    for (int64_t w = 0; w < spec.window[2]; ++w) {
      Value x = load(place, row, w);
      check(x);
      across = greater(across, x);
    }
    for (auto [r, h] : row.users)
      most[r] = greater(most[r], across);
  });
  if (previous)
    check(previous);
  Value any = vector::ReductionOp::create(e.builder, e.loc, vector::CombiningKind::OR, unordered);
  SmallVector<Type> types(rows, start.getType());
  return e.choose(
      any, types, [&] { return unrolled(place, at, rows); }, [&] { return most; });
}

void emitMaxPool(Emitter &e, const WindowSpec &spec, const WindowOperands &operands, Value begin,
                 Value end, Value scratch, PixelSink sink) {
  auto type = cast<FloatType>(spec.accumulator);
  Value lowest = arith::ConstantOp::create(
      e.builder, e.loc,
      e.builder.getFloatAttr(type, APFloat::getInf(type.getFloatSemantics(), /*Negative=*/true)));
  auto greatest = [&](Value most, Value x, Value, Value) -> Value {
    return arith::MaximumFOp::create(e.builder, e.loc, most, x);
  };
  WindowEmitter window(e, spec, operands, scratch, lowest, lowest, nullptr, greatest, sink);
  window.setMaximum();
  window.run(begin, end);
}

void emitAveragePool(Emitter &e, const WindowSpec &spec, const WindowOperands &operands,
                     bool includePadding, const Spatial &paddingAfter, Value begin, Value end,
                     Value scratch, PixelSink sink) {
  Value zero = e.zero(spec.accumulator);
  int64_t lanes = e.lanesOf(spec.accumulator);
  // Coordinates of planes that are not known may be large.
  bool isSmall = llvm::all_of(operands.inputSize, [](Value size) {
    std::optional<int64_t> known = getConstantIntValue(size);
    return known && *known < (int64_t(1) << 24);
  });
  unsigned bits = isSmall ? 32 : 64;
  Type integer = e.builder.getIntegerType(bits);
  // Elements of a window at an output coordinate that count, along one axis: those with
  // low <= first + k * dilation < high.
  auto counted = [&](int dim, Value at, bool vector) {
    auto constant = [&](int64_t value) -> Value {
      Value scalar = arith::ConstantIntOp::create(e.builder, e.loc, value, bits);
      return vector ? e.broadcast(scalar, lanes) : scalar;
    };
    auto add = [&](Value a, Value b) { return e.builder.createOrFold<arith::AddIOp>(e.loc, a, b); };
    auto sub = [&](Value a, Value b) { return e.builder.createOrFold<arith::SubIOp>(e.loc, a, b); };
    Value size = arith::IndexCastOp::create(e.builder, e.loc, integer, operands.inputSize[dim]);
    Value position = arith::IndexCastOp::create(e.builder, e.loc, integer, at);
    if (vector) {
      SmallVector<Attribute> steps;
      for (int64_t l = 0; l < lanes; ++l)
        steps.push_back(e.builder.getIntegerAttr(integer, l));
      Value lane = arith::ConstantOp::create(
          e.builder, e.loc, DenseElementsAttr::get(VectorType::get({lanes}, integer), steps));
      size = e.broadcast(size, lanes);
      position = add(e.broadcast(position, lanes), lane);
    }
    Value first = sub(arith::MulIOp::create(e.builder, e.loc, position, constant(spec.stride[dim])),
                      constant(spec.padding[dim]));
    Value low = constant(includePadding ? -spec.padding[dim] : 0);
    Value high = includePadding ? add(size, constant(paddingAfter[dim])) : size;
    Value count = constant(0);
    for (int64_t k = 0; k < spec.window[dim]; ++k) {
      Value x = add(first, constant(k * spec.dilation[dim]));
      Value inside = arith::AndIOp::create(
          e.builder, e.loc,
          arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::sge, x, low),
          arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::slt, x, high));
      count =
          add(count, arith::SelectOp::create(e.builder, e.loc, inside, constant(1), constant(0)));
    }
    return count;
  };
  auto add = [&](Value sum, Value x, Value, Value) -> Value {
    return arith::AddFOp::create(e.builder, e.loc, sum, x);
  };
  emitWindow(e, spec, operands, begin, end, scratch, zero, zero, add,
             [&](Value sum, const PixelPosition &at) {
               Value rows = arith::MulIOp::create(e.builder, e.loc, counted(0, at.pixel[0], false),
                                                  counted(1, at.pixel[1], false));
               // Columns are converted once for all rows of a tile.
               Value height = arith::SIToFPOp::create(e.builder, e.loc, spec.accumulator, rows);
               Value width = arith::SIToFPOp::create(e.builder, e.loc, sum.getType(),
                                                     counted(2, at.pixel[2], true));
               Value divisor =
                   arith::MulFOp::create(e.builder, e.loc, e.broadcast(height, lanes), width);
               sink(arith::DivFOp::create(e.builder, e.loc, sum, divisor), at);
             });
}

} // namespace heddle::codegen
