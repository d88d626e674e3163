// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/convolution/PhasedPatch.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

int64_t reach(const WindowSpec &spec, int dim) {
  return (spec.window[dim] - 1) * spec.dilation[dim] + 1;
}

Value rowsRead(Emitter &e, const WindowSpec &spec, const PixelBlock &block) {
  return e.add(e.mul(e.sub(block.rows, e.index(1)), spec.stride[1]), reach(spec, 1));
}

int64_t roundUp(int64_t size, int64_t to) { return (size + to - 1) / to * to; }

class PhasedCopy {
public:
  PhasedCopy(Emitter &e, const WindowSpec &spec, const WindowOperands &ops,
             const PhasedPatch &patch, Value fill)
      : e(e), spec(spec), ops(ops), input(ops.input), size(ops.inputSize), patch(patch), fill(fill),
        lanes(e.lanesOf(spec.accumulator)), fills(e.broadcast(fill, lanes)) {}

  /// Copies some columns of one row: `from` is the offset of the first of them in the input.
  using RowCopy = std::function<void(Value inside, Value from, Value to)>;

  /// Columns in whole vectors: calls `rows` for each group of them, with a function for one row.
  void vectors(Value column0, Value phaseLength,
               llvm::function_ref<void(Value firstColumn, Value at, RowCopy)> rows) {
    int64_t stride = spec.stride[2];
    e.loop(e.index(0), phaseLength, e.index(lanes), [&](Value at) {
      Value firstColumn = e.mul(at, stride);
      Values masks;
      for (int64_t s = 0; s < stride; ++s) {
        Value column = e.add(e.add(column0, firstColumn), s * lanes);
        Value low = e.sub(e.index(0), column), high = e.sub(size[2], column);
        masks.push_back(arith::AndIOp::create(e.builder, e.loc, e.firstLanes(high, lanes),
                                              e.notFirstLanes(low, lanes)));
      }
      rows(firstColumn, at, [&](Value inside, Value from, Value to) {
        SmallVector<Type> types(stride, fills.getType());
        Values parts = e.choose(
            inside, types,
            [&] {
              Values loaded;
              for (int64_t s = 0; s < stride; ++s)
                loaded.push_back(elements(e.add(from, s * lanes), masks[s]));
              Values phases;
              for (int64_t s = 0; s < stride; ++s)
                phases.push_back(everyOther(loaded, s));
              return phases;
            },
            [&] { return Values(stride, fills); });
        for (int64_t s = 0; s < stride; ++s)
          e.store(parts[s], patch.buffer, e.add(to, e.mul(patch.phaseStep, s)));
      });
    });
  }

  /// Columns one by one, for strides that shuffles, as many as their squares, are not worth.
  void scalars(Value column0, Value phaseLength,
               llvm::function_ref<void(Value firstColumn, Value at, RowCopy)> rows) {
    int64_t stride = spec.stride[2];
    e.loop(e.index(0), phaseLength, e.index(1), [&](Value at) {
      Value firstColumn = e.mul(at, stride);
      rows(firstColumn, at, [&](Value inside, Value from, Value to) {
        for (int64_t s = 0; s < stride; ++s) {
          Value column = e.add(e.add(column0, firstColumn), s);
          Value valid = arith::AndIOp::create(
              e.builder, e.loc, inside,
              arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::ult, column, size[2]));
          Value value = e.choose(
              valid, spec.accumulator,
              [&] { return Values{convert(e.load(input, e.add(from, s)))}; },
              [&] { return Values{fill}; })[0];
          e.store(value, patch.buffer, e.add(to, e.mul(patch.phaseStep, s)));
        }
      });
    });
  }

private:
  Value convert(Value stored) {
    Value value = windowElement(e, spec, stored, spec.inputSigned);
    if (!ops.inputZeroPoint)
      return value;
    Value zero = ops.inputZeroPoint(e);
    if (isa<VectorType>(value.getType()))
      zero = e.broadcast(zero, lanes);
    return windowDifference(e, value, zero);
  }

  Value elements(Value from, Value mask) {
    Value loaded = convert(e.load(input, from, lanes, mask));
    return arith::SelectOp::create(e.builder, e.loc, mask, loaded, fills);
  }

  /// Elements `first`, `first` + stride, ... of the stride's number of vectors in a row.
  Value everyOther(const Values &parts, int64_t first) {
    int64_t stride = parts.size();
    Value found = parts[0];
    for (int64_t part = 1; part < stride; ++part) {
      SmallVector<int64_t> order(lanes);
      for (int64_t l = 0; l < lanes; ++l) {
        int64_t at = first + stride * l, source = at / lanes;
        // Others are in place already, or come with a part that follows.
        order[l] = source == part ? lanes + at % lanes : source == 0 && part == 1 ? at : l;
      }
      found = vector::ShuffleOp::create(e.builder, e.loc, found, parts[part], order);
    }
    return found;
  }

  Emitter &e;
  const WindowSpec &spec;
  const WindowOperands &ops;
  Value input;
  const SpatialValues &size;
  const PhasedPatch &patch;
  Value fill;
  int64_t lanes;
  Value fills;
};

} // namespace

int64_t phasedPatchElements(const WindowSpec &spec, int64_t rows, int64_t columns, int64_t lanes) {
  int64_t height = (rows - 1) * spec.stride[1] + reach(spec, 1);
  int64_t length = columns + (reach(spec, 2) - 1) / spec.stride[2];
  // Past the last row a whole vector may be read from any of its columns.
  return reach(spec, 0) * height * spec.stride[2] * roundUp(length, lanes) + 2 * lanes;
}

Value windowElement(Emitter &e, const WindowSpec &spec, Value stored, bool isSigned) {
  Type from = getElementTypeOrSelf(stored.getType()), to = spec.accumulator;
  if (from == to)
    return stored;
  if (isa<FloatType>(from))
    return e.convertFloat(stored, to);
  Type type = to;
  if (auto vector = dyn_cast<VectorType>(stored.getType()))
    type = vector.clone(to);
  if (isa<IntegerType>(to))
    return isSigned ? Value(arith::ExtSIOp::create(e.builder, e.loc, type, stored))
                    : Value(arith::ExtUIOp::create(e.builder, e.loc, type, stored));
  if (isSigned)
    return arith::SIToFPOp::create(e.builder, e.loc, type, stored);
  return arith::UIToFPOp::create(e.builder, e.loc, type, stored);
}

Value windowDifference(Emitter &e, Value a, Value b) {
  if (isa<FloatType>(getElementTypeOrSelf(a.getType())))
    return arith::SubFOp::create(e.builder, e.loc, a, b);
  return arith::SubIOp::create(e.builder, e.loc, a, b);
}

PhasedPatch phasedPatch(Emitter &e, const WindowSpec &spec, const PixelBlock &block, Value target) {
  int64_t lanes = e.lanesOf(spec.accumulator);
  Value length = e.add(block.columns, (reach(spec, 2) - 1) / spec.stride[2]);
  PhasedPatch patch;
  patch.buffer = target;
  patch.start = e.index(0);
  patch.phaseStep = e.mul(e.ceilDiv(length, lanes), lanes);
  patch.rowStep = e.mul(patch.phaseStep, spec.stride[2]);
  patch.depthStep = e.mul(patch.rowStep, rowsRead(e, spec, block));
  patch.channelStep = e.mul(patch.depthStep, reach(spec, 0));
  return patch;
}

void fillPhasedPatch(Emitter &e, const WindowSpec &spec, const WindowOperands &ops, Value plane,
                     const PixelBlock &block, const PhasedPatch &patch, Value fill) {
  const SpatialValues &size = ops.inputSize;
  auto first = [&](int dim, Value at) {
    return e.sub(e.mul(at, spec.stride[dim]), e.index(spec.padding[dim]));
  };
  Value depth0 = first(0, block.depth), row0 = first(1, block.row),
        column0 = first(2, block.column);
  PhasedCopy copy(e, spec, ops, patch, fill);
  auto inside = [&](Value at, Value size) {
    // Negative coordinates are large unsigned ones.
    return Value(arith::CmpIOp::create(e.builder, e.loc, arith::CmpIPredicate::ult, at, size));
  };
  auto rows = [&](Value firstColumn, Value at, PhasedCopy::RowCopy copyRow) {
    e.loop(e.index(0), e.index(reach(spec, 0)), e.index(1), [&](Value d) {
      Value depth = e.add(depth0, d);
      Value depthInside = inside(depth, size[0]);
      Value depthAt = e.mul(e.add(e.mul(plane, size[0]), depth), size[1]);
      e.loop(e.index(0), rowsRead(e, spec, block), e.index(1), [&](Value r) {
        Value row = e.add(row0, r);
        Value valid = arith::AndIOp::create(e.builder, e.loc, depthInside, inside(row, size[1]));
        Value from = e.add(e.mul(e.add(depthAt, row), size[2]), e.add(column0, firstColumn));
        Value to = e.add(e.add(e.mul(d, patch.depthStep), e.mul(r, patch.rowStep)), at);
        copyRow(valid, from, e.add(patch.start, to));
      });
    });
  };
  constexpr int64_t kLargestShuffled = 4;
  if (spec.stride[2] > kLargestShuffled)
    copy.scalars(column0, patch.phaseStep, rows);
  else
    copy.vectors(column0, patch.phaseStep, rows);
}

} // namespace heddle::codegen
