// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/ByteOperands.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {
Value flipTopBit(Emitter &e, Value bytes) {
  TypedAttr top = e.builder.getI8IntegerAttr(-128);
  if (auto type = dyn_cast<VectorType>(bytes.getType()))
    top = DenseElementsAttr::get(type, Attribute(top));
  Value mask = arith::ConstantOp::create(e.builder, e.loc, top);
  return arith::XOrIOp::create(e.builder, e.loc, bytes, mask);
}

namespace {

void contiguousRow(Emitter &e, const ByteRows &rows, Value from, const PreparedRows &target,
                   Value to, Value sums, Value row) {
  int64_t lanes = e.target.vectorBytes();
  auto wide = VectorType::get({lanes}, e.builder.getI32Type());
  Value zero = e.zero(VectorType::get({lanes}, e.builder.getI8Type()));
  Values total = e.loop(
      e.index(0), target.length, e.index(lanes), {e.zero(wide)}, [&](Value k, ValueRange carried) {
        Value mask = e.firstLanes(e.sub(rows.k, k), lanes);
        Value data = e.load(rows.buffer, e.add(from, k), lanes, mask);
        if (rows.isSigned)
          data = arith::SelectOp::create(e.builder, e.loc, mask, flipTopBit(e, data), zero);
        e.store(data, target.buffer, e.add(to, target.place(e, k)));
        if (!sums)
          return Values(carried);
        Value extended = arith::ExtUIOp::create(e.builder, e.loc, wide, data);
        return Values{arith::AddIOp::create(e.builder, e.loc, carried[0], extended)};
      });
  if (sums)
    e.store(vector::ReductionOp::create(e.builder, e.loc, vector::CombiningKind::ADD, total[0]),
            sums, row);
}

void stridedRow(Emitter &e, const ByteRows &rows, Value from, const PreparedRows &target, Value to,
                Value sums, Value row) {
  Type i32 = e.builder.getI32Type();
  auto store = [&](Value data, Value k) {
    e.store(data, target.buffer, e.add(to, target.place(e, k)));
  };
  Values total =
      e.loop(e.index(0), rows.k, e.index(1), {e.zero(i32)}, [&](Value k, ValueRange carried) {
        Value data = e.load(rows.buffer, e.add(from, e.mul(k, rows.depthStep)));
        if (rows.isSigned)
          data = flipTopBit(e, data);
        store(data, k);
        Value extended = arith::ExtUIOp::create(e.builder, e.loc, i32, data);
        return Values{arith::AddIOp::create(e.builder, e.loc, carried[0], extended)};
      });
  e.loop(rows.k, target.length, e.index(1),
         [&](Value k) { store(e.zero(e.builder.getI8Type()), k); });
  if (sums)
    e.store(total[0], sums, row);
}

} // namespace

void emitPrepareRows(Emitter &e, const ByteRows &rows, const PreparedRows &target, Value sums) {
  e.loop(e.index(0), rows.rows, e.index(1), [&](Value row) {
    Value from = e.add(rows.start, e.mul(row, rows.rowStep)), to = target.start(e, row);
    (rows.contiguous ? contiguousRow : stridedRow)(e, rows, from, target, to, sums, row);
  });
}

void emitPackBytePanel(Emitter &e, const PanelSource &s, bool isSigned, Value first, int64_t width,
                       Value target, Value at) {
  Type i8 = e.builder.getI8Type(), i32 = e.builder.getI32Type();
  Value sums = e.view(target, int64_t(0), i32);
  Value data = e.add(at, 4 * width), steps = byteSteps(e, s.k);
  e.loop(e.index(0), e.index(width), e.index(1), [&](Value lane) {
    Value column = e.add(first, lane), inColumns = e.less(column, s.n);
    Values total = e.loop(
        e.index(0), e.mul(steps, 4), e.index(1), {e.zero(i32)}, [&](Value k, ValueRange carried) {
          Value inside = arith::AndIOp::create(e.builder, e.loc, inColumns, e.less(k, s.k));
          Value from =
              s.transposed ? e.add(e.mul(column, s.stride), k) : e.add(e.mul(k, s.stride), column);
          Value value = e.choose(
              inside, i8,
              [&] {
                Value loaded = e.load(s.buffer, e.add(s.start, from));
                return Values{isSigned ? loaded : flipTopBit(e, loaded)};
              },
              [&] { return Values{e.zero(i8)}; })[0];
          Value step = e.div(k, e.index(4)), place = e.rem(k, e.index(4));
          e.store(value, target,
                  e.add(e.add(data, e.mul(step, 4 * width)), e.add(e.mul(lane, 4), place)));
          Value extended = arith::ExtSIOp::create(e.builder, e.loc, i32, value);
          return Values{arith::AddIOp::create(e.builder, e.loc, carried[0], extended)};
        });
    e.store(total[0], sums, e.add(e.div(at, e.index(4)), lane));
  });
}

Value bytePanelSize(Emitter &e, Value k, int64_t width) {
  return e.mul(e.add(byteSteps(e, k), 1), 4 * width);
}

Value byteSteps(Emitter &e, Value k) { return e.mul(e.ceilDiv(k, 4 * kStepBlock), kStepBlock); }

} // namespace heddle::codegen
