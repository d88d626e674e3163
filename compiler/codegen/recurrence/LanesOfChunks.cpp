// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recurrences of few points: lanes are neighbouring chunks, which all take a step at once.
//
// The elements of as many steps as there are lanes lie side by side in each chunk. They are read as
// rows, a vector or a few for each chunk, and transposed in registers, so that there is a vector over
// the chunks for each step and point. States go the other way.

#include "compiler/codegen/Emitter.h"
#include "compiler/codegen/recurrence/RecurrenceEmitter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle {
namespace {

class LanesOfChunks : public RecurrenceEmitter {
public:
  LanesOfChunks(func::FuncOp structured, StringRef name, const RecurrenceSpec &spec,
                const RecurrencePoints &points, const codegen::Target &target)
      : RecurrenceEmitter(structured, name, spec, points), e(b, b.getLoc(), target) {}

private:
  /// The values of all slots in each step of a block.
  using Block = SmallVector<Lanes>;

  void emitPoint(Value point) override;
  void emitTotals();
  void emitScan();
  Block read(unsigned element, Value offset);
  void write(Value buffer, unsigned state, Value offset, const Block &block);
  void storeLasts(ArrayRef<Lanes> last);
  /// Visits the vectors of a block in memory: chunk, first element, lanes that are in the chunk.
  void forEachRow(unsigned slots, Value offset,
                  function_ref<void(int64_t lane, int64_t part, Value at, Value mask)> visit);

  int64_t sizeOf(int64_t group) const { return *points.groups[group].asConstant(); }
  /// The coordinate of a point along a group.
  int64_t coordinate(unsigned point, int64_t group) const {
    for (int64_t inner = points.groups.size() - 1; inner > group; --inner)
      point /= sizeOf(inner);
    return point % sizeOf(group);
  }
  unsigned vectors() const override {
    unsigned count = 1;
    for (unsigned group = 0; group < points.groups.size(); ++group)
      count *= sizeOf(group);
    return count;
  }
  unsigned slotOf(Value value, unsigned vector) const override {
    unsigned slot = 0;
    for (int64_t group : axesOf(value))
      if (group >= 0)
        slot = slot * sizeOf(group) + coordinate(vector, group);
    return slot;
  }
  Place place(Value value, unsigned vector) override {
    Place place;
    for (int64_t group : axesOf(value))
      place.push_back({frame.index(group < 0 ? 0 : coordinate(vector, group))});
    return place;
  }
  bool isVarying(Value value) const override { return true; }
  Value mask(unsigned vector) override { return chunkMask; }
  DimExpr grid() const override { return spec.chunks.ceilDiv(spec.lanes); }

  Value firstLanes(Value count) {
    return vector::CreateMaskOp::create(b, VectorType::get({spec.lanes}, b.getI1Type()), count);
  }

  codegen::Emitter e;
  Value firstChunk, chunkMask;
  SmallVector<Value> lows, highs; // of each lane's chunk
};

void LanesOfChunks::forEachRow(
    unsigned slots, Value offset,
    function_ref<void(int64_t lane, int64_t part, Value at, Value mask)> visit) {
  Value count = frame.index(slots), zero = frame.index(0);
  for (int64_t lane = 0; lane < spec.lanes; ++lane) {
    Value first = add(lows[lane], offset);
    Value rest = mul(arith::SubIOp::create(b, highs[lane], first), count);
    for (int64_t part = 0; part < slots; ++part) {
      Value here = arith::SubIOp::create(b, rest, frame.index(part * spec.lanes));
      // No lane is read of what is beyond the end, which may be no memory at all.
      Value at = add(mul(first, count), frame.index(part * spec.lanes));
      at = arith::SelectOp::create(b, less(zero, here), at, zero);
      visit(lane, part, at, firstLanes(here));
    }
  }
}

LanesOfChunks::Block LanesOfChunks::read(unsigned element, Value offset) {
  Value value = elementArgument(element), buffer = frame.buffers[firstElement + element];
  Type type = cast<MemRefType>(buffer.getType()).getElementType();
  auto vectorType = VectorType::get({spec.lanes}, type);
  unsigned slots = slotsOf(value);
  SmallVector<codegen::Values> rows(slots); // of each part
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(vectorType));
  forEachRow(slots, offset, [&](int64_t lane, int64_t part, Value at, Value mask) {
    rows[part].push_back(
        vector::MaskedLoadOp::create(b, vectorType, buffer, ValueRange{at}, mask, zero));
  });
  Block block(spec.lanes, Lanes(slots));
  for (unsigned part = 0; part < slots; ++part)
    for (auto [i, vector] : llvm::enumerate(e.transpose(rows[part]))) {
      unsigned place = part * spec.lanes + i;
      bool isBool = cast<RankedTensorType>(value.getType()).getElementType().isInteger(1);
      block[place / slots][place % slots] =
          isBool ? arith::CmpIOp::create(b, arith::CmpIPredicate::ne, vector, zero) : vector;
    }
  return block;
}

void LanesOfChunks::write(Value buffer, unsigned state, Value offset, const Block &block) {
  unsigned slots = slotsOf(stepArgument(state));
  auto type = VectorType::get({spec.lanes}, cast<MemRefType>(buffer.getType()).getElementType());
  SmallVector<codegen::Values> rows;
  for (unsigned part = 0; part < slots; ++part) {
    codegen::Values columns;
    for (int64_t i = 0; i < spec.lanes; ++i) {
      unsigned place = part * spec.lanes + i;
      Value value = block[place / slots][place % slots];
      columns.push_back(value.getType() == type ? value : arith::ExtUIOp::create(b, type, value));
    }
    rows.push_back(e.transpose(columns));
  }
  forEachRow(slots, offset, [&](int64_t lane, int64_t part, Value at, Value mask) {
    vector::MaskedStoreOp::create(b, buffer, ValueRange{at}, mask, rows[part][lane]);
  });
}

/// The total so far takes part from the second step on.
void LanesOfChunks::emitTotals() {
  SmallVector<Lanes> none;
  for (unsigned i = 0; i < spec.elements; ++i) {
    Type type = cast<RankedTensorType>(stepArgument(i).getType()).getElementType();
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(VectorType::get({spec.lanes}, type)));
    none.push_back(Lanes(slotsOf(stepArgument(i)), zero));
  }
  for (unsigned i : spec.products) {
    Type type = cast<RankedTensorType>(stepArgument(i).getType()).getElementType();
    auto vector = VectorType::get({spec.lanes}, type);
    Value one = arith::ConstantOp::create(
        b, DenseElementsAttr::get(vector, Attribute(b.getFloatAttr(type, 1))));
    none.push_back(Lanes(slotsOf(stepArgument(i)), one));
  }
  auto totals = loop(frame.index(0), steps, spec.lanes, none, [&](Value o, ArrayRef<Lanes> sum) {
    SmallVector<Block> blocks;
    for (unsigned i = 0; i < spec.elements; ++i)
      blocks.push_back(read(i, o));
    Value isFirst = isZero(o);
    SmallVector<Lanes> total(sum.take_front(spec.elements)), grown(sum.drop_front(spec.elements));
    SmallVector<Lanes> earlier; // of a pair of steps: lanes are an even number
    for (int64_t t = 0; t < spec.lanes; ++t) {
      SmallVector<Lanes> arguments(total), loaded;
      for (Block &block : blocks)
        loaded.push_back(block[t]);
      llvm::append_range(arguments, loaded);
      SmallVector<Lanes> before(total);
      total = step(arguments);
      distrustVanished(before, total);
      if (t % 2 == 1)
        grown = magnitudes(grown, earlier, loaded);
      earlier = loaded;
      if (t > 0)
        continue;
      for (auto [lanes, block] : llvm::zip(total, blocks))
        for (auto [value, first] : llvm::zip(lanes, block[0]))
          value = arith::SelectOp::create(b, isFirst, first, value);
    }
    llvm::append_range(total, grown);
    return total;
  });
  distrust(MutableArrayRef(totals).take_front(spec.elements),
           ArrayRef(totals).drop_front(spec.elements));
  // Only those that other chunks follow: others have elements that are none.
  Value before = arith::DivSIOp::create(
      b,
      arith::MaxSIOp::create(b, arith::SubIOp::create(b, length, frame.index(1)), frame.index(0)),
      steps);
  elements.setMask(arith::AndIOp::create(b, chunkMask,
                                         firstLanes(arith::SubIOp::create(b, before, firstChunk))));
  for (unsigned i = 0; i < spec.elements; ++i)
    for (unsigned v = 0; v < vectors(); ++v) {
      Place at = place(stepArgument(i), v);
      at.insert(at.begin(), Element{firstChunk, Element::Contiguous});
      elements.store(argument(firstResult + i), at,
                     asElement(totals[i][slotOf(stepArgument(i), v)]));
    }
}

void LanesOfChunks::emitScan() {
  SmallVector<Lanes> initial;
  for (unsigned i = 0; i < spec.states; ++i)
    initial.push_back(load(argument(i), Element{firstChunk, Element::Contiguous}, stepArgument(i)));
  bool keepsLast = lastsKept() > 0;
  auto indices = VectorType::get({spec.lanes}, b.getIndexType());
  auto splat = [&](Value value) { return vector::BroadcastOp::create(b, indices, value); };
  Value sizes; // steps of each chunk, less than it has where none is left
  if (keepsLast) {
    Value chunks = add(splat(firstChunk), vector::StepOp::create(b, indices));
    sizes = arith::SubIOp::create(b, splat(length), mul(chunks, splat(steps)));
  }
  auto last = loop(frame.index(0), steps, spec.lanes, initial, [&](Value o, ArrayRef<Lanes> now) {
    SmallVector<Block> blocks, kept(spec.states);
    for (unsigned i = 0; i < spec.elements; ++i)
      blocks.push_back(read(i, o));
    SmallVector<Lanes> states(now);
    for (int64_t t = 0; t < spec.lanes; ++t) {
      SmallVector<Lanes> arguments(states);
      for (Block &block : blocks)
        arguments.push_back(block[t]);
      SmallVector<Lanes> next = step(arguments);
      if (keepsLast) { // chunks that have ended stay where they are
        Value at = splat(add(o, frame.index(t)));
        Value goesOn = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, at, sizes);
        goesOn = arith::AndIOp::create(
            b, goesOn, arith::CmpIOp::create(b, arith::CmpIPredicate::slt, at, splat(steps)));
        for (auto [lanes, old] : llvm::zip(next, states))
          for (auto [value, before] : llvm::zip(lanes, old))
            value = arith::SelectOp::create(b, goesOn, value, before);
      }
      states = next;
      for (unsigned i = 0; i < spec.states; ++i)
        kept[i].push_back(states[i]);
    }
    unsigned result = firstResult + lastsKept();
    for (unsigned i = 0; i < spec.states; ++i)
      if (spec.keeps[spec.states + i])
        write(frame.buffers[result++], i, o, kept[i]);
    return states;
  });
  if (keepsLast)
    storeLasts(last);
}

/// Of the chunk that ends the sequence, where it is in one of the lanes.
void LanesOfChunks::storeLasts(ArrayRef<Lanes> last) {
  Value zero = frame.index(0);
  Value end = arith::DivSIOp::create(
      b, arith::MaxSIOp::create(b, arith::SubIOp::create(b, length, frame.index(1)), zero),
      arith::MaxSIOp::create(b, steps, frame.index(1)));
  Value lane = arith::SubIOp::create(b, end, firstChunk);
  Value isHere = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, lane, frame.index(spec.lanes));
  auto ifHere = scf::IfOp::create(b, isHere, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(ifHere.thenBlock()->getTerminator());
  unsigned result = firstResult;
  for (unsigned i = 0; i < spec.states; ++i) {
    if (!spec.keeps[i])
      continue;
    for (unsigned v = 0; v < vectors(); ++v) {
      Value state = last[i][slotOf(stepArgument(i), v)];
      Value value = vector::ExtractOp::create(b, state, SmallVector<OpFoldResult>{lane});
      elements.store(argument(result), place(stepArgument(i), v), {value});
    }
    ++result;
  }
}

void LanesOfChunks::emitPoint(Value point) {
  firstChunk = mul(point, frame.index(spec.lanes));
  chunkMask = firstLanes(arith::SubIOp::create(b, frame.index(spec.chunks), firstChunk));
  for (int64_t lane = 0; lane < spec.lanes; ++lane) {
    lows.push_back(min(mul(add(firstChunk, frame.index(lane)), steps), length));
    highs.push_back(min(add(lows.back(), steps), length));
  }
  loadShared();
  spec.totals ? emitTotals() : emitScan();
}

} // namespace

std::unique_ptr<RecurrenceEmitter> lanesOfChunks(func::FuncOp structured, StringRef name,
                                                 const RecurrenceSpec &spec,
                                                 const RecurrencePoints &points,
                                                 const codegen::Target &target) {
  return std::make_unique<LanesOfChunks>(structured, name, spec, points, target);
}

} // namespace heddle
