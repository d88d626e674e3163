// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/Matmul.h"

#include "compiler/codegen/OpaqueNumber.h"
#include "compiler/codegen/matmul/MatmulEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace heddle::codegen {

MatmulEmitter::MatmulEmitter(Emitter &e, const MatmulSpec &spec, const MatmulOperands &ops,
                             Value scratch, MatmulSink sink)
    : e(e), spec(spec), ops(ops), plan(planMatmul(spec, e.target)), sink(sink), scratch(scratch),
      math(e.target, spec.accumulator, spec.pairs),
      lanes(std::min(e.lanesOf(spec.accumulator), plan.panel)),
      last(e, spec, plan.panel, ops.n, ops.k),
      parked(e.view(scratch, int64_t(0), spec.accumulator)) {
  steps = e.ceilDiv(ops.k, math.depth());
  if (math.preparesA()) {
    int64_t after = parkedBytes(plan, 4);
    rowSums = e.view(scratch, after, spec.accumulator);
    Value held = math.isPairs() ? pairSteps(e, ops.k) : plan.tiles ? byteSteps(e, ops.k) : steps;
    rowBytes = e.mul(held, 4);
    aBytes = after + plan.mBlock * 4;
  }
}

void MatmulEmitter::run(Value begin, Value end) {
  if (plan.tiles)
    configureTiles(e, scratch, e.index(0), ops.m); // read at once
  Value points = e.index(1);
  points = e.select(joinsPoints(), e.max(e.sub(end, begin), points), points);
  e.loop(begin, end, points, [&](Value index) { point(index, begin, points); });
  if (plan.tiles)
    releaseTiles(e);
}

int64_t MatmulEmitter::mostJoined() const {
  bool joins = spec.bLayout == MatrixLayout::Packed && !math.preparesA() && !ops.batchOffsets;
  return joins ? std::min(mostOnce(), plan.mBlock) : 0;
}

Value MatmulEmitter::joinsPoints() {
  Value few = e.less(ops.m, e.index(mostJoined() + 1));
  return e.select(isFar(), e.boolean(false), both(few, e.equal(ops.batch, e.index(1))));
}

// Points run over the rows first, so that neighbours share their part of B. Where A is rounded they
// run over the columns first and share that: it costs more to prepare than the smaller B to read.
// So they do for tile registers.
void MatmulEmitter::point(Value index, Value begin, Value points) {
  int64_t unit = plan.tiles ? 1 : rowUnit();
  EvenSplit mSplit(e, e.ceilDiv(ops.m, unit), plan.mBlock / unit);
  Value panels = e.ceilDiv(ops.n, plan.panel);
  Value hasLast = e.less(e.index(0), last.count), none = e.index(0);
  // Panels of vectors of columns. The last columns go with the last of them.
  Value whole = e.sub(panels, e.select(hasLast, e.index(1), none));
  // In place, of whole tiles: 13 panels are five tiles then, in blocks of four or five panels six.
  EvenSplit nTiles(e, whole, spec.inPlace ? plan.panels : 1);
  EvenSplit nSplit = EvenSplit::into(e, nTiles.parts, e.ceilDiv(ops.n, plan.nBlock));
  bool columnsFirst = math.isPairs() || (plan.tiles && spec.bLayout == MatrixLayout::Packed);
  Value inner = columnsFirst ? nSplit.parts : mSplit.parts;
  Value outer = columnsFirst ? mSplit.parts : nSplit.parts;
  Value rest = e.div(index, inner), first = e.rem(index, inner), second = e.rem(rest, outer);
  Value mPart = columnsFirst ? second : first, nPart = columnsFirst ? first : second;
  Block b;
  b.batch = e.div(rest, outer);
  b.m0 = e.mul(mSplit.start(e, mPart), unit);
  b.m1 = e.add(b.m0, e.mul(mSplit.length(e, mPart), unit));
  if (unit > 1)
    b.m1 = e.min(b.m1, ops.m);
  b.areFirstRows = e.equal(mPart, e.index(0));
  b.areLastRows = e.equal(e.add(mPart, 1), mSplit.parts);
  b.tiling = tilingOf(e.sub(b.m1, b.m0));
  b.joined = joinsPoints();
  // Joined points divide tiles among them, the others have tiles of their own.
  Value tiles = EvenSplit(e, whole, b.tiling.panels).parts;
  auto panel = [&](Value part) {
    Value tile = e.div(e.mul(part, tiles), nSplit.parts);
    return e.select(b.joined, e.min(e.mul(tile, b.tiling.panels), whole),
                    nTiles.start(e, nSplit.start(e, part)));
  };
  Value nEnd = e.add(nPart, points);
  b.panel0 = panel(nPart);
  b.panel1 = panel(nEnd);
  b.last = both(hasLast, e.equal(nEnd, nSplit.parts));
  if (ops.batchOffsets) {
    b.offsets = ops.batchOffsets(e, b.batch);
  } else {
    Value size =
        spec.bLayout == MatrixLayout::Packed ? e.mul(panels, panelSize()) : e.mul(ops.n, ops.k);
    b.offsets = {e.mul(b.batch, e.mul(ops.m, ops.k)), e.mul(b.batch, size)};
  }
  // Points that follow each other share what is prepared for the first.
  b.isFirst =
      arith::OrIOp::create(e.builder, e.loc, e.equal(index, begin), e.equal(first, e.index(0)));
  if (columnsFirst)
    e.when(b.isFirst, [&] { prepareRows(b); });
  else if (math.preparesA())
    prepareRows(b);
  if (spec.bLayout == MatrixLayout::Packed)
    return block(b, packedSource(b));
  block(b, unpackedSource(b));
}

MatmulEmitter::Source MatmulEmitter::packedSource(const Block &b) {
  return {ops.b, b.offsets.b, panelSize(), e.index(plan.panel * math.depth()), {}};
}

/// Tiles of rows that read a row-major B sooner than it is packed: packing waits for every line of
/// it, about as long as 24 rows take to multiply it.
static constexpr int64_t kTilesInPlace = 3;

// Two tiles take longer by asking than they wait, and what is small is near.
bool MatmulEmitter::asksInPlace() const {
  constexpr int64_t secondCacheShare = 128 << 10;
  std::optional<int64_t> depth = getConstantIntValue(ops.k), columns = getConstantIntValue(ops.n);
  if (depth && columns && *depth * *columns * 4 <= secondCacheShare)
    return false;
  bool isThreeTiles = !spec.rows.empty() && llvm::all_of(spec.rows, [&](int64_t rows) {
    return rows > 2 * plan.rows && rows <= kTilesInPlace * plan.rows;
  });
  return spec.inPlace || (mayReadInPlace() && isThreeTiles);
}

// B is packed to scratch unless few rows use it; those read it in place, the last columns as part
// of a full panel that starts early.
MatmulEmitter::Source MatmulEmitter::unpackedSource(const Block &b) {
  bool transposed = spec.bLayout == MatrixLayout::Transposed;
  Value stride = ops.bStride ? ops.bStride : transposed ? ops.k : ops.n;
  Value buffer = math.isBytes()
                     ? e.view(scratch, e.add(e.mul(rowBytes, plan.mBlock), aBytes + 64), spec.b)
                     : e.view(scratch, plan.scratchFixed, spec.accumulator);
  Value panelSize = this->panelSize();
  PanelSource matrix{ops.b, b.offsets.b, stride, transposed, ops.n, ops.k};
  auto pack = [&] {
    e.when(b.isFirst, [&] {
      e.loop(b.panel0, b.panel1, e.index(1), [&](Value panel) {
        Value first = e.mul(panel, plan.panel), at = e.mul(e.sub(panel, b.panel0), panelSize);
        if (math.isBytes())
          emitPackBytePanel(e, matrix, spec.bSigned, first, plan.panel, buffer, at);
        else
          emitPackPanel(e, matrix, first, plan.panel, buffer, at);
      });
    });
  };
  Source packed{buffer,
                e.sub(e.index(0), e.mul(b.panel0, panelSize)),
                panelSize,
                e.index(plan.panel * math.depth()),
                {}};
  Value lastStart = e.sub(ops.n, e.index(plan.panel));
  if (spec.inPlace)
    return {ops.b, b.offsets.b, e.index(plan.panel), stride, last.mayExist() ? Value() : lastStart};
  if (!mayReadInPlace()) {
    pack();
    return packed;
  }
  Value few = e.less(ops.m, e.index(kTilesInPlace * plan.rows + 1));
  Value wide = e.less(e.index(plan.panel - 1), ops.n);
  Value direct = arith::AndIOp::create(e.builder, e.loc, few, wide);
  e.when(
      direct, [] {}, pack);
  Source source;
  source.buffer = e.select(direct, ops.b, buffer);
  source.start = e.select(direct, b.offsets.b, packed.start);
  source.panelStep = e.select(direct, e.index(plan.panel), panelSize);
  source.depthStep = e.select(direct, stride, packed.depthStep);
  source.lastStart = e.select(direct, lastStart, e.index(INT64_MAX));
  return source;
}

Value MatmulEmitter::panelStart(const Source &source, Value panel) {
  Value offset = e.mul(panel, source.panelStep);
  if (source.lastStart)
    offset = opaque(e, e.min(offset, source.lastStart));
  return e.add(source.start, offset);
}

int64_t MatmulEmitter::parkedBytes(const MatmulPlan &plan, int64_t element) {
  return (parkRows(plan) * parkColumns(plan) + plan.panel) * element;
}

SmallVector<int64_t> MatmulEmitter::known(ArrayRef<int64_t> sizes, Value size) {
  std::optional<int64_t> constant = getConstantIntValue(size);
  return sizes.empty() && constant ? SmallVector<int64_t>{*constant} : SmallVector<int64_t>(sizes);
}

int64_t MatmulEmitter::wideRows() const {
  if (hasTallTiles()) // of sizes that only the run tells, the usual one is worth the code
    return known(spec.rows, ops.m).empty() ? 1 : kWaitingRows;
  int64_t vectors = kWidePanels * (plan.panel / math.columns());
  bool fits = plan.panels == 1 && !math.preparesA() && !plan.tiles;
  // Accumulators are at most three quarters of the registers.
  return fits ? e.target.vectorRegisters() * 3 / 4 / vectors : 0;
}

int64_t MatmulEmitter::rowUnit() const {
  if (plan.tiles) // whole blocks of rows
    return kTileRows;
  return known(spec.rows, ops.m).empty() && plan.rows % 2 == 0 && !spec.inPlace ? 2 : 1;
}

int64_t MatmulEmitter::leastPaired() const { return rowUnit() == 2 ? 2 : plan.rows + 1; }

int64_t MatmulEmitter::computedRows(int64_t rows) const {
  return rows < leastPaired() ? rows : (rows + 1) / 2 * 2;
}

Value MatmulEmitter::computedRows(const Tile &at) {
  if (rowUnit() != 2 && !hasTallTiles())
    return at.rows;
  Value isFew = e.less(at.rows, e.index(leastPaired()));
  return e.select(isFew, at.rows, e.mul(e.ceilDiv(at.rows, 2), 2));
}

/// Heights of a register tile that are worth a try: the largest, and where rows divide better.
static SmallVector<int64_t> rowChoices(int64_t most) {
  SmallVector<int64_t> choices;
  for (int64_t rows = most; rows > 0 && rows >= most - 4; --rows)
    choices.push_back(rows);
  return choices;
}

MatmulPlan planMatmul(const MatmulSpec &spec, const Target &target) {
  MatmulPlan plan;
  plan.panel = spec.accumulator.isF64() ? 8 : 16;
  plan.bytes = spec.accumulator.isInteger(32);
  plan.pairs = spec.pairs;
  int64_t element = spec.accumulator.getIntOrFloatBitWidth() / 8;
  TileMath math(target, spec.accumulator, spec.pairs);
  int64_t perPanel = plan.panel / math.columns();
  // Accumulators, one row of B and a broadcast of A fill the registers.
  int64_t usualPanels = perPanel == 1 ? 3 : 1;
  plan.panels = target.choose("matmul.panels", usualPanels, {1, 2, 3, 4});
  int64_t mostRows =
      std::clamp<int64_t>(math.broadcastsInRegisters(target, plan.panels * perPanel), 1, 14);
  int64_t usualRows = perPanel == 1 ? 8 : perPanel == 2 ? 6 : perPanel == 4 ? 2 : 1;
  // What leaves from registers is no more work for a higher tile.
  if (plan.panels != usualPanels || (math.operandRegisters() > 1 && perPanel < 4) || spec.inPlace)
    usualRows = mostRows;
  plan.rows = target.choose("matmul.rows", usualRows, rowChoices(mostRows));
  bool mayBeTall = perPanel == 1 && !plan.bytes && spec.bLayout == MatrixLayout::Packed;
  bool tall = mayBeTall && target.choose("matmul.tall", 1, {0});
  plan.tallRows = tall ? 14 : plan.rows;
  plan.tallPanels = tall ? 2 : plan.panels;
  // Where B is near, blocks are small, for many threads.
  int64_t usualTiles = spec.inPlace ? 4 : 8, otherTiles = spec.inPlace ? 8 : 4;
  plan.mBlock =
      target.choose("matmul.rowBlock", std::max<int64_t>(16, usualTiles * plan.rows),
                    {2 * plan.rows, otherTiles * plan.rows, 16 * plan.rows, 32 * plan.rows});
  plan.nBlock = plan.panel * target.choose("matmul.panelBlock", 6, {3, 4, 8, 12, 24});
  plan.kBlock = target.choose("matmul.depthBlock", 512, {128, 256, 1024, 4096});
  plan.tiles = plan.pairs ? hasPairTiles(target) : plan.bytes && hasByteTiles(target);
  if (plan.tiles) {
    // So fast that reading either operand takes as long, unless a block of it is used often.
    plan.rows = plan.tallRows = kTileBlocks * kTileRows;
    plan.panels = plan.tallPanels = kTileBlocks;
    plan.mBlock = 4 * plan.rows;
    plan.nBlock = 8 * plan.panels * plan.panel;
  }
  plan.scratchFixed = MatmulEmitter::parkedBytes(plan, element);
  plan.scratchPerK =
      spec.bLayout == MatrixLayout::Packed || spec.inPlace ? 0 : plan.nBlock * element;
  if (spec.inPlace) { // the last columns, which parked ones come before
    plan.scratchPerK = LastColumns::most(plan.panel) * element;
    plan.scratchFixed += LastColumns::most(plan.panel) * plan.panel * element;
  }
  if (plan.bytes) {
    // The block's rows of A with their sums, and unpacked B's columns with theirs.
    bool packed = spec.bLayout == MatrixLayout::Packed;
    plan.scratchFixed += plan.mBlock * (4 + 64) + 64 + (packed ? 0 : plan.nBlock * 68 + 64);
    plan.scratchPerK = plan.mBlock + (packed ? 0 : plan.nBlock);
  }
  if (plan.pairs) {
    // Rows of A are filled up with zeros.
    plan.scratchFixed += plan.mBlock * (4 + 64) + 64;
    plan.scratchPerK = 2 * plan.mBlock;
  }
  return plan;
}

void emitMatmul(Emitter &e, const MatmulSpec &spec, const MatmulOperands &operands, Value begin,
                Value end, Value scratch, MatmulSink sink) {
  MatmulEmitter(e, spec, operands, scratch, sink).run(begin, end);
}

} // namespace heddle::codegen
