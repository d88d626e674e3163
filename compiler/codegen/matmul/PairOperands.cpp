// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/PairOperands.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {

Value roundToBf16(Emitter &e, Value f32) {
  auto type = cast<VectorType>(f32.getType()).clone(e.builder.getBF16Type());
  return LLVM::CallIntrinsicOp::create(
             e.builder, e.loc, type,
             e.builder.getStringAttr("llvm.x86.avx512bf16.cvtneps2bf16.512"), ValueRange(f32))
      .getResult(0);
}

Value pairSteps(Emitter &e, Value k) { return e.mul(e.ceilDiv(k, 2 * kStepBlock), kStepBlock); }

namespace {

constexpr int64_t kLanes = 16;
/// Rows are asked for so early: the CPU's own looking ahead ends with a page, and so often a row.
constexpr int64_t kRowsAhead = 2;

void contiguousRow(Emitter &e, const FloatRows &rows, Value from, const PreparedRows &target,
                   Value to) {
  auto store = [&](Value values, Value k) {
    e.store(roundToBf16(e, values), target.buffer, e.add(to, target.place(e, k)));
  };
  Value whole = e.mul(e.div(rows.k, e.index(kLanes)), kLanes);
  e.loop(e.index(0), whole, e.index(kLanes), [&](Value k) {
    Value at = e.add(from, k);
    e.prefetch(rows.buffer, e.add(at, e.mul(rows.rowStep, kRowsAhead)), Emitter::Cache::First);
    store(e.load(rows.buffer, at, kLanes), k);
  });
  e.loop(whole, target.length, e.index(kLanes), [&](Value k) {
    Value mask = e.firstLanes(e.sub(rows.k, k), kLanes);
    store(e.load(rows.buffer, e.add(from, k), kLanes, mask), k);
  });
}

void stridedRow(Emitter &e, const FloatRows &rows, Value from, const PreparedRows &target,
                Value to) {
  Type bf16 = e.builder.getBF16Type();
  auto store = [&](Value value, Value k) {
    e.store(value, target.buffer, e.add(to, target.place(e, k)));
  };
  e.loop(e.index(0), rows.k, e.index(1), [&](Value k) {
    Value element = e.load(rows.buffer, e.add(from, e.mul(k, rows.depthStep)));
    store(e.convertFloat(element, bf16), k);
  });
  e.loop(rows.k, target.length, e.index(1), [&](Value k) { store(e.zero(bf16), k); });
}

} // namespace

void emitRoundRows(Emitter &e, const FloatRows &rows, const PreparedRows &target) {
  e.loop(e.index(0), rows.rows, e.index(1), [&](Value row) {
    Value from = e.add(rows.start, e.mul(row, rows.rowStep)), to = target.start(e, row);
    (rows.contiguous ? contiguousRow : stridedRow)(e, rows, from, target, to);
  });
}

void emitPackPairPanel(Emitter &e, const PanelSource &s, Value first, int64_t width, Value target,
                       Value at) {
  Type bf16 = e.builder.getBF16Type();
  Value mask = e.firstLanes(e.sub(s.n, first), width);
  Value lastColumn = e.sub(s.n, e.index(1));
  SmallVector<int64_t> turns;
  for (int64_t lane = 0; lane < width; ++lane)
    turns.append({lane, width + lane});
  // A row of B in the panel's columns.
  auto row = [&](Value k) -> Value {
    if (!s.transposed)
      return e.load(s.buffer, e.add(e.add(s.start, e.mul(k, s.stride)), first), width, mask);
    Value values = e.zero(e.vector(cast<MemRefType>(s.buffer.getType()).getElementType(), width));
    for (int64_t lane = 0; lane < width; ++lane) {
      Value column = e.min(e.add(first, lane), lastColumn);
      Value element = e.load(s.buffer, e.add(e.add(s.start, e.mul(column, s.stride)), k));
      values = vector::InsertOp::create(e.builder, e.loc, element, values, lane);
    }
    return values;
  };
  auto narrow = [&](Value values) {
    return values.getType() == e.vector(bf16, width)
               ? values
               : e.convertFloat(e.convertFloat(values, e.builder.getF32Type()), bf16);
  };
  Value zero = e.zero(e.vector(bf16, width));
  auto store = [&](Value step, Value even, Value odd) {
    Value pairs = vector::ShuffleOp::create(e.builder, e.loc, even, odd, turns);
    e.store(pairs, target, e.add(at, e.mul(step, 2 * width)));
  };
  Value two = e.index(2), pairs = e.div(s.k, two), odd = e.rem(s.k, two);
  e.loop(e.index(0), pairs, e.index(1), [&](Value step) {
    Value k = e.mul(step, 2);
    store(step, narrow(row(k)), narrow(row(e.add(k, 1))));
  });
  e.when(e.equal(odd, e.index(1)),
         [&] { store(pairs, narrow(row(e.sub(s.k, e.index(1)))), zero); });
  e.loop(e.add(pairs, odd), pairSteps(e, s.k), e.index(1),
         [&](Value step) { store(step, zero, zero); });
}

} // namespace heddle::codegen
