// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/BlockMatmul.h"

#include "compiler/codegen/TileMath.h"
#include "compiler/codegen/matmul/PackPanels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace heddle::codegen {

BlockMatmulPlan planBlockMatmul(const BlockMatmulSpec &spec, const Target &target) {
  BlockMatmulPlan plan;
  bool wide = target.vectorRegisters() == 32;
  plan.rows = wide ? 3 : 1;
  plan.panels = wide ? 2 : 1;
  plan.widePanels = wide ? 4 : 1;
  plan.mBlock = 48;
  plan.nBlock = 2 * BlockMatmulPlan::kPanel;
  plan.form = {spec.block, 8 / spec.bits, spec.zeroPoint};
  return plan;
}

void emitPackColumns(Emitter &e, Value source, Value packed, Value n, Value length, Value begin,
                     Value end) {
  constexpr int64_t panel = BlockMatmulPlan::kPanel;
  PanelSource columns{source, e.index(0), length, /*transposed=*/true, n, length};
  e.loop(begin, end, e.index(1), [&](Value point) {
    emitPackPanel(e, columns, e.mul(point, panel), panel, packed,
                  e.mul(e.mul(point, length), panel));
  });
}

namespace {

constexpr int64_t kPanel = BlockMatmulPlan::kPanel, kBytes = FixedPointRows::kBytes;

class BlockMatmulEmitter {
public:
  BlockMatmulEmitter(Emitter &e, const BlockMatmulSpec &spec, const BlockMatmulOperands &ops,
                     Value scratch, MatmulSink sink)
      : e(e), spec(spec), ops(ops), plan(planBlockMatmul(spec, e.target)), sink(sink),
        math(e.target, e.builder.getI32Type()), perPanel(kPanel / math.columns()), scratch(scratch),
        parked(e.view(scratch, int64_t(0), e.builder.getF32Type())),
        words(e.view(scratch, plan.parkedBytes(), e.builder.getI32Type())),
        floats(e.view(scratch, plan.parkedBytes(), e.builder.getF32Type())) {}

  void run(Value begin, Value end);

private:
  struct Tile {
    int64_t rows, panels;
    Value row, panel; // the first ones: of the block of rows, of all panels
  };
  void block(Value m0, Value m1, Value panel0, Value panel1);
  Values sumsOf(const Tile &tile);
  Values productsOf(const Tile &tile, Value block, const Values &records);
  Values codesOf(const Tile &tile, Value word);
  Value valueOf(ArrayRef<Value> products);
  void deliver(Value m, Value rows, Value panel, Value panels);
  Type sumType() { return VectorType::get({math.columns()}, e.builder.getF32Type()); }
  template <typename Op> Value apply(Value x, Value y) {
    return Op::create(e.builder, e.loc, x, y);
  }
  Value constant(Type type, int64_t value) {
    Attribute element = e.builder.getIntegerAttr(getElementTypeOrSelf(type), value);
    return arith::ConstantOp::create(e.builder, e.loc,
                                     DenseElementsAttr::get(cast<ShapedType>(type), element));
  }
  Value repeated(Value scalar) { return e.broadcast(scalar, math.columns()); }

  Emitter &e;
  const BlockMatmulSpec &spec;
  const BlockMatmulOperands &ops;
  BlockMatmulPlan plan;
  MatmulSink sink;
  TileMath math;
  int64_t perPanel; // vectors of sums
  Value scratch, parked, words, floats;
};

// Points run over columns first. Those that follow each other share rows, and are one block.
void BlockMatmulEmitter::run(Value begin, Value end) {
  EvenSplit mSplit(e, ops.m, plan.mBlock);
  Value nParts = e.ceilDiv(ops.n, plan.nBlock), panels = e.ceilDiv(ops.n, kPanel);
  Value first = e.div(begin, nParts), last = e.div(e.add(end, e.sub(nParts, e.index(1))), nParts);
  e.loop(first, last, e.index(1), [&](Value mPart) {
    Value start = e.mul(mPart, nParts);
    Value from = e.sub(e.max(begin, start), start);
    Value to = e.sub(e.min(end, e.add(start, nParts)), start);
    Value m0 = mSplit.start(e, mPart), m1 = e.add(m0, mSplit.length(e, mPart));
    int64_t step = plan.nBlock / kPanel;
    FloatBlocks rows{ops.a, e.mul(m0, e.mul(ops.blocks, spec.block)), e.sub(m1, m0), ops.blocks};
    emitFixedPointRows(e, plan.form, rows, scratch, plan.parkedBytes());
    block(m0, m1, e.mul(from, step), e.min(e.mul(to, step), panels));
  });
}

/// Parts of `most`, then single ones.
struct WholeParts {
  WholeParts(Emitter &e, Value size, Value most)
      : most(most), whole(e.div(size, most)), covered(e.mul(whole, most)),
        count(e.add(whole, e.sub(size, covered))) {}
  Value start(Emitter &e, Value part) const {
    return e.select(e.less(part, whole), e.mul(part, most), e.add(covered, e.sub(part, whole)));
  }
  Value length(Emitter &e, Value part) const {
    return e.select(e.less(part, whole), most, e.index(1));
  }
  Value most, whole, covered, count;
};

void BlockMatmulEmitter::block(Value m0, Value m1, Value panel0, Value panel1) {
  Value rows = e.sub(m1, m0), few = e.less(rows, e.index(plan.rows));
  WholeParts nTiles(e, e.sub(panel1, panel0),
                    e.select(few, e.index(plan.widePanels), e.index(plan.panels)));
  WholeParts mTiles(e, rows, e.index(plan.rows));
  SmallVector<int64_t> panelCounts = {1};
  for (int64_t count : {plan.panels, plan.widePanels})
    if (count > panelCounts.back())
      panelCounts.push_back(count);
  SmallVector<int64_t> rowCounts = {1};
  if (plan.rows > 1)
    rowCounts.push_back(plan.rows);
  e.loop(e.index(0), nTiles.count, e.index(1), [&](Value nTile) {
    Value panel = e.add(panel0, nTiles.start(e, nTile)), panels = nTiles.length(e, nTile);
    e.loop(e.index(0), mTiles.count, e.index(1), [&](Value mTile) {
      Value row = mTiles.start(e, mTile), tileRows = mTiles.length(e, mTile);
      e.specialize(panels, panelCounts, [&](int64_t panelCount) {
        // Wide tiles are of one row.
        ArrayRef<int64_t> counts(rowCounts);
        e.specialize(tileRows, panelCount > plan.panels ? counts.take_front() : counts,
                     [&](int64_t rowCount) {
                       Values sums = sumsOf({rowCount, panelCount, row, panel});
                       for (auto [place, sum] : llvm::enumerate(sums))
                         e.store(sum, parked, e.index(place * math.columns()));
                     });
      });
      deliver(e.add(m0, row), tileRows, panel, panels);
    });
  });
}

/// Vectors of results, row by row.
Values BlockMatmulEmitter::sumsOf(const Tile &tile) {
  int64_t vectors = tile.panels * perPanel;
  Value recordWords = e.index(plan.form.recordWords());
  Value rowWords = e.mul(ops.blocks, recordWords);
  Type f32 = e.builder.getF32Type();
  Values zeros(tile.rows * vectors, e.zero(sumType()));
  return e.loop(e.index(0), ops.blocks, e.index(1), zeros, [&](Value block, ValueRange carried) {
    Values records;
    for (int64_t r = 0; r < tile.rows; ++r)
      records.push_back(e.add(e.mul(e.add(tile.row, r), rowWords), e.mul(block, recordWords)));
    Values products = productsOf(tile, block, records), sums(carried);
    for (int64_t v = 0; v < vectors; ++v) {
      Value panel = e.add(tile.panel, v / perPanel);
      Value at = e.add(e.mul(e.add(e.mul(panel, ops.blocks), block), kPanel),
                       v % perPanel * math.columns());
      Value scale = e.convertFloat(e.load(ops.scales, at, math.columns()), f32);
      Value zeroPoint = ops.zeroPoints ? e.load(ops.zeroPoints, at, math.columns()) : Value();
      for (int64_t r = 0; r < tile.rows; ++r) {
        auto header = [&](int64_t place) {
          return repeated(e.load(floats, e.add(records[r], place)));
        };
        int64_t place = r * vectors + v;
        Value value = valueOf(ArrayRef(products).slice(place * kBytes, kBytes));
        if (zeroPoint)
          value = e.fma(zeroPoint, header(plan.form.negatedSumAt()), value);
        Value factor = apply<arith::MulFOp>(scale, header(plan.form.scaleAt()));
        sums[place] = e.fma(value, factor, sums[place]);
      }
    }
    return sums;
  });
}

/// Sums over a block for each row, vector of columns and byte of the rows' numbers.
Values BlockMatmulEmitter::productsOf(const Tile &tile, Value block, const Values &records) {
  int64_t vectors = tile.panels * perPanel, parts = 8 / spec.bits;
  Values initial;
  for (Value record : records)
    for (int64_t v = 0; v < vectors; ++v)
      for (int64_t byte = 0; byte < kBytes; ++byte)
        initial.push_back(repeated(e.load(words, e.add(record, plan.form.correctionAt(byte)))));
  int64_t steps = spec.wordsOfBlock();
  return e.unrolledLoop(
      e.index(steps), std::min<int64_t>(steps, 4), initial, [&](Value step, ValueRange carried) {
        Values codes = codesOf(tile, e.add(e.mul(block, steps), step)), sums(carried);
        for (int64_t part = 0; part < parts; ++part)
          for (int64_t r = 0; r < tile.rows; ++r)
            for (int64_t byte = 0; byte < kBytes; ++byte) {
              Value place = e.add(e.mul(step, parts), plan.form.wordsAt(byte) + part);
              Value numbers = math.broadcast(e, words, e.add(records[r], place));
              for (int64_t v = 0; v < vectors; ++v) {
                Value &sum = sums[(r * vectors + v) * kBytes + byte];
                sum = math.multiplyAdd(e, codes[v * parts + part], numbers, sum);
              }
            }
        return sums;
      });
}

/// The codes of a word of each column, as bytes: of each vector of columns those of each place in a
/// byte.
Values BlockMatmulEmitter::codesOf(const Tile &tile, Value word) {
  Value panelWords = e.mul(ops.blocks, spec.wordsOfBlock());
  Values codes;
  for (int64_t v = 0; v < tile.panels * perPanel; ++v) {
    Value panel = e.add(tile.panel, v / perPanel);
    Value column =
        e.add(e.mul(e.add(e.mul(panel, panelWords), word), kPanel), v % perPanel * math.columns());
    Value bytes = math.loadColumns(e, ops.codes, e.mul(column, 4));
    for (int64_t bit = 0; bit < 8; bit += spec.bits) {
      Value part = bytes;
      if (bit)
        part = apply<arith::ShRUIOp>(part, constant(part.getType(), bit));
      if (bit + spec.bits < 8)
        part = apply<arith::AndIOp>(part, constant(part.getType(), (1 << spec.bits) - 1));
      codes.push_back(part);
    }
  }
  return codes;
}

/// Of sums for each of the bytes, the lowest one first.
Value BlockMatmulEmitter::valueOf(ArrayRef<Value> products) {
  auto number = [&](Value sum) -> Value {
    return arith::SIToFPOp::create(e.builder, e.loc, sumType(), sum);
  };
  Value eight = constant(products[0].getType(), 8);
  Value high = apply<arith::AddIOp>(products[1], apply<arith::ShLIOp>(products[2], eight));
  Value factor = arith::ConstantOp::create(e.builder, e.loc, e.builder.getF32FloatAttr(256));
  return e.fma(number(high), repeated(factor), number(products[0]));
}

void BlockMatmulEmitter::deliver(Value m, Value rows, Value panel, Value panels) {
  std::optional<int64_t> n = getConstantIntValue(ops.n);
  bool isWhole = n && *n % kPanel == 0;
  Value first = e.mul(panel, kPanel), width = e.mul(panels, kPanel);
  Value columns = e.min(width, e.sub(ops.n, first));
  e.loop(e.index(0), rows, e.index(1), [&](Value r) {
    Value row = e.add(m, r);
    e.loop(e.index(0), isWhole ? width : columns, e.index(math.columns()), [&](Value column) {
      MatmulPosition at{e.index(0), row, e.add(first, column), {}, {}, math.columns()};
      at.offset = e.add(e.mul(row, ops.n), at.n);
      if (!isWhole)
        at.mask = e.firstLanes(e.sub(columns, column), math.columns());
      sink(e.load(parked, e.add(e.mul(r, width), column), math.columns()), at);
    });
  });
}

} // namespace

void emitBlockMatmul(Emitter &e, const BlockMatmulSpec &spec, const BlockMatmulOperands &operands,
                     Value begin, Value end, Value scratch, MatmulSink sink) {
  BlockMatmulEmitter(e, spec, operands, scratch, sink).run(begin, end);
}

} // namespace heddle::codegen
