// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/PackPanels.h"

#include "compiler/codegen/matmul/ByteOperands.h"
#include "compiler/codegen/matmul/LastColumns.h"
#include "compiler/codegen/matmul/Matmul.h"
#include "compiler/codegen/matmul/PairOperands.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {
namespace {

Type elementOf(Value buffer) { return cast<MemRefType>(buffer.getType()).getElementType(); }

void packRowMajor(Emitter &e, const PanelSource &s, Value first, int64_t width, Value target,
                  Value at) {
  Type type = elementOf(target);
  int64_t lanes = std::min(width, e.lanesOf(type));
  Value columns = e.sub(s.n, first), from = e.add(s.start, first);
  auto copy = [&](bool full) {
    Values masks;
    for (int64_t v = 0; v < width; v += lanes)
      masks.push_back(full ? Value() : e.firstLanes(e.sub(columns, e.index(v)), lanes));
    e.loop(e.index(0), s.k, e.index(1), [&](Value k) {
      Value row = e.add(from, e.mul(k, s.stride)), to = e.add(at, e.mul(k, width));
      for (int64_t v = 0; v < width; v += lanes) {
        Value loaded = e.load(s.buffer, e.add(row, v), lanes, masks[v / lanes]);
        e.store(e.convertFloat(loaded, type), target, e.add(to, v));
      }
    });
  };
  e.when(
      e.less(columns, e.index(width)), [&] { copy(false); }, [&] { copy(true); });
}

// Square blocks are turned in registers. Rows past N repeat the last one.
void packTransposed(Emitter &e, const PanelSource &s, Value first, int64_t width, Value target,
                    Value at) {
  Type type = elementOf(target);
  int64_t lanes = std::min(width, e.lanesOf(type));
  Value lastRow = e.sub(s.n, e.index(1));
  auto rowStart = [&](Value column) {
    return e.add(s.start, e.mul(e.min(e.add(first, column), lastRow), s.stride));
  };
  Value whole = e.mul(e.div(s.k, e.index(lanes)), lanes);
  for (int64_t v = 0; v < width; v += lanes) {
    Values rows;
    for (int64_t j = 0; j < lanes; ++j)
      rows.push_back(rowStart(e.index(v + j)));
    e.loop(e.index(0), whole, e.index(lanes), [&](Value k) {
      Values block;
      for (Value row : rows)
        block.push_back(e.convertFloat(e.load(s.buffer, e.add(row, k), lanes), type));
      block = e.transpose(block);
      for (int64_t i = 0; i < lanes; ++i)
        e.store(block[i], target, e.add(e.add(at, e.mul(e.add(k, i), width)), v));
    });
  }
  e.loop(whole, s.k, e.index(1), [&](Value k) {
    e.loop(e.index(0), e.index(width), e.index(1), [&](Value column) {
      Value value = e.convertFloat(e.load(s.buffer, e.add(rowStart(column), k)), type);
      e.store(value, target, e.add(e.add(at, e.mul(k, width)), column));
    });
  });
}

} // namespace

void emitPackPanel(Emitter &e, const PanelSource &source, Value first, int64_t width, Value target,
                   Value at) {
  (source.transposed ? packTransposed : packRowMajor)(e, source, first, width, target, at);
}

void emitPackB(Emitter &e, const MatmulSpec &spec, bool transposed, Value source, Value packed,
               Value n, Value k, Value begin, Value end) {
  int64_t panel = planMatmul(spec, e.target).panel;
  Value panels = e.ceilDiv(n, panel), stride = transposed ? k : n;
  LastColumns last(e, spec, panel, n, k);
  e.loop(begin, end, e.index(1), [&](Value point) {
    Value batch = e.div(point, panels), first = e.mul(e.rem(point, panels), panel);
    PanelSource matrix{source, e.mul(batch, e.mul(n, k)), stride, transposed, n, k};
    if (spec.pairs)
      emitPackPairPanel(e, matrix, first, panel, packed,
                        e.mul(e.mul(point, pairSteps(e, k)), 2 * panel));
    else if (spec.accumulator.isInteger(32))
      emitPackBytePanel(e, matrix, spec.bSigned, first, panel, packed,
                        e.mul(point, bytePanelSize(e, k, panel)));
    else {
      Value at = e.mul(e.mul(point, k), panel);
      auto pack = [&] { emitPackPanel(e, matrix, first, panel, packed, at); };
      if (!last.mayExist())
        return pack();
      Value isLast = e.equal(e.add(first, last.count), n);
      e.when(
          arith::AndIOp::create(e.builder, e.loc, isLast, e.less(e.index(0), last.count)),
          [&] { last.pack(e, matrix, first, packed, at); }, pack);
    }
  });
}

} // namespace heddle::codegen
