// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a register tile asks memory for while it computes.
//
// One or two rows leave the CPU enough room to look ahead by itself, and asking takes time from
// reading; so do some more where the third cache is near. With more it has to be asked, a few
// hundred lines ahead; more would push out what is in the first cache. Of what several tiles read,
// each asks for its share of the next part, so that memory is never idle. So do the first of many
// rows, for those that find it in the second cache.

#include "compiler/codegen/OpaqueNumber.h"
#include "compiler/codegen/matmul/MatmulEmitter.h"

using namespace mlir;

namespace heddle::codegen {

/// Lines that are asked for and not yet used.
static constexpr int64_t kLinesAhead = 192;
/// After how many steps a tile asks again for what is asked for now and then.
static constexpr int64_t kStepsBetween = 16;

/// Whether B ends with a tile. Past it there may be no memory, and to ask for none takes long.
Value MatmulEmitter::endsB(const Tile &tile) {
  return e.less(e.ceilDiv(ops.n, plan.panel), e.add(e.add(tile.panel, tile.panels), 1));
}

/// From past the last step of a tile to the same place of the tile that follows; of the last one,
/// `last`.
Value MatmulEmitter::shiftToNext(const Source &source, const Tile &tile, int64_t panels,
                                 Value last) {
  Value next = e.sub(e.mul(source.panelStep, panels), e.mul(steps, source.depthStep));
  return e.select(endsB(tile), last, next);
}

Values MatmulEmitter::multiplyAlone(const Source &source, const Tile &at, const RegisterTile &tile,
                                    ValueRange sums) {
  int64_t distance = kLinesAhead / tile.panels;
  Value step = source.depthStep;
  RegisterTile asking = tile;
  asking.ahead =
      Ahead{e.mul(e.add(at.kBegin, distance), step), step, e.sub(at.kEnd, e.index(distance)),
            shiftToNext(source, at, tile.panels, e.mul(step, -distance))};
  return emitRegisterTile(e, math, asking, sums);
}

/// A tile of packed B. Its places follow from how many rows the run has by divisions and minima;
/// knowing that, the optimiser leaves shifts and sums of addresses in each turn of the loop.
RegisterTile MatmulEmitter::withOpaquePlaces(const Source &source, const RegisterTile &tile) {
  RegisterTile result = tile;
  for (Value *place : {&result.aStart, &result.kBegin, &result.kEnd})
    *place = opaque(e, *place);
  Value first = opaque(e, tile.bPanels[0]);
  for (int64_t j = 0; j < tile.panels; ++j)
    result.bPanels[j] = e.add(first, e.mul(source.panelStep, j));
  return result;
}

/// Asks for its share of the same columns of what is computed next, which waits in the first cache.
Values MatmulEmitter::multiplyOfSeveral(const Source &source, const Tile &at,
                                        const RegisterTile &tile, ValueRange sums) {
  int64_t least = llvm::divideCeil(leastOfSeveral(), plan.rows);
  int64_t most = llvm::divideCeil(mostOnce(), plan.rows);
  Value sharing = least == most ? e.index(least) : at.sharing;
  Value share = e.mul(e.div(e.sub(at.kEnd, at.kBegin), sharing), source.depthStep);
  Value from = e.add(at.next, e.mul(at.index, share));
  RegisterTile asking = tile;
  if (spec.bLayout == MatrixLayout::Packed && known(spec.rows, ops.m).empty()) {
    asking = withOpaquePlaces(source, tile);
    from = opaque(e, from);
  }
  // At least two share: a line is due every two steps, or later.
  asking.ahead = Ahead{from, e.div(source.depthStep, sharing), {}, {}, Emitter::Cache::First, 2};
  return emitRegisterTile(e, math, asking, sums);
}

/// Asks for the tile's share of the columns that are computed next: every so many steps for the
/// lines that are due by then, if no rows before have read them.
std::function<void(Value)> MatmulEmitter::askForNext(const Source &source, const Tile &at,
                                                     const RegisterTile &tile, Value steps,
                                                     Emitter::Cache cache) {
  Value share = e.div(e.sub(at.kEnd, at.kBegin), at.sharing);
  Value from = e.add(at.next, e.mul(e.mul(at.index, share), source.depthStep));
  Value due = e.div(e.sub(e.add(at.sharing, steps), e.index(1)), at.sharing);
  due = e.select(at.isFirstToRead, due, e.index(0));
  return [=, this, step = source.depthStep, begin = at.kBegin, sharing = at.sharing, b = tile.b,
          panels = tile.bPanels](Value k) {
    Value first = e.div(e.sub(k, begin), sharing);
    e.loop(e.index(0), due, e.index(1), [&](Value line) {
      Value offset = e.add(from, e.mul(e.add(first, line), step));
      for (Value panel : panels)
        e.prefetch(b, e.add(panel, offset), cache);
    });
  };
}

Values MatmulEmitter::multiplyOfMany(const Block &b, const Source &source, const Tile &at,
                                     const RegisterTile &tile, ValueRange sums) {
  Value steps = e.index(kStepsBetween);
  auto next = askForNext(source, at, tile, steps, Emitter::Cache::Second);
  RegisterTile asking = tile;
  asking.between = Between{steps, [&](Value k) {
                             next(k);
                             if (ops.prefetch)
                               askForDueResults(b, at, tile.rows, k);
                           }};
  return emitRegisterTile(e, math, asking, sums);
}

/// Rows of B are planes apart, which the CPU does not foresee, and may meet in sets of the first
/// cache.
Values MatmulEmitter::multiplyInPlace(const Source &source, const Tile &at,
                                      const RegisterTile &tile, ValueRange sums) {
  Value steps = tile.between->steps;
  auto cache = spec.inPlace ? Emitter::Cache::First : Emitter::Cache::Second;
  auto next = askForNext(source, at, tile, steps, cache);
  RegisterTile asking = tile;
  asking.between = Between{steps, [next, results = tile.between->ask](Value k) {
                             results(k);
                             next(k);
                           }};
  return emitRegisterTile(e, math, asking, sums);
}

int64_t MatmulEmitter::leastOfMany() const { return std::min(plan.rows / 2 + 1, kAheadRows); }

Value MatmulEmitter::asksMeanwhile(const Tiling &tiling, const Tile &at) {
  if (plan.tiles)
    return e.boolean(false);
  if (spec.bLayout != MatrixLayout::Packed)
    return e.boolean(true);
  Value ofMany = both(e.equal(at.panels, e.index(plan.panels)),
                      e.less(e.index(leastOfMany() - 1), computedRows(at)));
  return e.select(tiling.once, e.boolean(false), ofMany);
}

/// A row of results after the other, or some at once where steps are few.
void MatmulEmitter::askForDueResults(const Block &b, const Tile &tile, int64_t rows, Value k) {
  Value length = e.sub(tile.kEnd, tile.kBegin);
  Value due = e.div(e.add(length, rows * kStepsBetween - 1), length);
  Value first = e.mul(e.div(e.sub(k, tile.kBegin), e.index(kStepsBetween)), due);
  e.when(tile.isLast, [&] {
    e.loop(first, e.min(e.add(first, due), tile.rows), e.index(1),
           [&](Value row) { prefetchRow(b, tile, row); });
  });
}

Values MatmulEmitter::multiply(const Block &b, const Source &source, const Tiling &tiling,
                               const Tile &at, const RegisterTile &tile, ValueRange sums) {
  auto plain = [&] { return emitRegisterTile(e, math, tile, sums); };
  auto alone = [&] { return multiplyAlone(source, at, tile, sums); };
  auto several = [&] { return multiplyOfSeveral(source, at, tile, sums); };
  auto many = [&] {
    return spec.bLayout == MatrixLayout::Packed ? multiplyOfMany(b, source, at, tile, sums)
                                                : plain();
  };
  SmallVector<Type> types(sums.size(), math.vectorType());
  if (asksInPlace() && tile.between)
    return multiplyInPlace(source, at, tile, sums);
  if (tile.rows > plan.rows)
    return alone();
  if (hasTallTiles() && tile.panels == 1 && tile.rows >= kNarrowRows &&
      tile.rows <= computedRows(kAheadRows - 1))
    return e.choose(tiling.narrow, types, alone, plain);
  if (tile.panels != plan.panels)
    return plain();
  int64_t least = e.target.hasFarThirdCache() ? kNarrowRows : kAheadRows;
  auto single = [&] { return tile.rows >= least && !math.isBytes() ? alone() : plain(); };
  // The least rows that a tile among several has.
  int64_t ofSeveral = std::min(plan.rows, leastOfSeveral() / 2);
  auto few = [&] {
    return tile.rows >= ofSeveral ? e.choose(tiling.several, types, several, single) : single();
  };
  return tile.rows >= leastOfMany() ? e.choose(tiling.once, types, few, many) : few();
}

} // namespace heddle::codegen
