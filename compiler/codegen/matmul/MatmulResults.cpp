// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/codegen/matmul/MatmulEmitter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace heddle::codegen {

// How far the panel of a column starts before its multiple of the panel's width.
Value MatmulEmitter::earlyBy(const Source &source, Value column) {
  Value nominal = e.sub(column, e.rem(column, e.index(plan.panel)));
  return e.max(e.index(0), e.sub(nominal, source.lastStart));
}

void MatmulEmitter::prefetchTile(const Block &b, Value m, Value rows, Value panel, Value panels) {
  Value n0 = e.mul(panel, plan.panel);
  Value columns = e.min(e.mul(panels, plan.panel), e.sub(ops.n, n0));
  e.loop(e.index(0), rows, e.index(1), [&](Value r) {
    Value row = e.add(m, r);
    Value rowOffset = e.mul(e.add(e.mul(b.batch, ops.m), row), ops.n);
    e.loop(e.index(0), columns, e.index(plan.panel), [&](Value column) {
      MatmulPosition at{b.batch, row, e.add(n0, column), {}, {}, 1};
      at.offset = e.add(rowOffset, at.n);
      ops.prefetch(e, at);
    });
  });
}

void MatmulEmitter::finishTile(const Block &b, const Source &source, Value m, Value rows,
                               Value panel, Value panels, Value parkOffset) {
  Value n0 = e.mul(panel, plan.panel);
  Value columns = e.min(e.mul(panels, plan.panel), e.sub(ops.n, n0));
  auto eachRow = [&](llvm::function_ref<void(const MatmulPosition &, Value)> body) {
    e.loop(e.index(0), rows, e.index(1), [&](Value r) {
      Value row = e.add(m, r);
      MatmulPosition at{b.batch, row, n0, {}, {}, lanes};
      at.offset = e.add(e.mul(e.add(e.mul(b.batch, ops.m), row), ops.n), n0);
      body(at, e.add(parkOffset, e.mul(r, parkStride())));
    });
  };
  auto deliver = [&](MatmulPosition at, Value column, Value place, Value mask) {
    Value sum = e.load(parked, place, lanes);
    at.n = e.add(at.n, column);
    at.offset = e.add(at.offset, column);
    at.mask = mask;
    sink(math.isBytes() ? withoutZeroPoints(sum, b, source, at) : sum, at);
  };
  auto whole = [&](int64_t panelCount) {
    eachRow([&](const MatmulPosition &at, Value parkRow) {
      for (int64_t column = 0; column < panelCount * plan.panel; column += lanes)
        deliver(at, e.index(column), e.add(parkRow, column), {});
    });
  };
  auto ragged = [&] {
    eachRow([&](const MatmulPosition &at, Value parkRow) {
      e.loop(e.index(0), columns, e.index(lanes), [&](Value column) {
        // The lanes of a panel that starts early come last.
        Value place = e.add(parkRow, column);
        if (source.lastStart)
          place = e.add(place, earlyBy(source, e.add(n0, column)));
        deliver(at, column, place, e.firstLanes(e.sub(columns, column), lanes));
      });
    });
  };
  // Whole panels are worth code of their own: no masks, and neighbours overlap.
  e.when(
      e.less(columns, e.mul(panels, plan.panel)), ragged,
      [&] { e.specialize(panels, panelCounts(), whole); });
}

void MatmulEmitter::prepareRows(const Block &b) {
  bool transposed = spec.aLayout == MatrixLayout::Transposed;
  Value stride = ops.aStride ? ops.aStride : transposed ? ops.m : ops.k;
  Value rowStep = transposed ? e.index(1) : stride, depthStep = transposed ? stride : e.index(1);
  Value start = e.add(b.offsets.a, e.mul(b.m0, rowStep)), count = e.sub(b.m1, b.m0);
  if (math.isPairs())
    return emitRoundRows(e, {ops.a, start, rowStep, depthStep, count, ops.k, !transposed},
                         e.view(scratch, aBytes, e.builder.getBF16Type()),
                         e.div(rowBytes, e.index(4)));
  ByteRows rows{ops.a, start, rowStep, depthStep, count, ops.k, spec.aSigned, !transposed};
  emitPrepareRows(e, rows, e.view(scratch, aBytes, spec.a), rowBytes,
                  usesRowSums() ? rowSums : Value());
}

// sum (a - x)(b - y) = sum ab - x sum b - y sum a + K x y, with zero points moved as the bytes
// were.
Value MatmulEmitter::withoutZeroPoints(Value sum, const Block &b, const Source &source,
                                       const MatmulPosition &at) {
  Type i32 = spec.accumulator;
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIntOp::create(e.builder, e.loc, value, 32);
  };
  auto add = [&](Value x, Value y) { return e.builder.createOrFold<arith::AddIOp>(e.loc, x, y); };
  auto sub = [&](Value x, Value y) { return e.builder.createOrFold<arith::SubIOp>(e.loc, x, y); };
  auto mul = [&](Value x, Value y) { return e.builder.createOrFold<arith::MulIOp>(e.loc, x, y); };
  Value x, y;
  if (usesColumnSums()) {
    x = ops.aZeroPoint ? ops.aZeroPoint(e, at.m) : constant(0);
    x = e.broadcast(add(x, constant(spec.aSigned ? 128 : 0)), lanes);
    Value inPanel = e.rem(at.n, e.index(plan.panel));
    Value panel = panelStart(source, e.div(at.n, e.index(plan.panel)));
    Value sums = e.view(source.buffer, int64_t(0), i32);
    Value columnSums = e.load(sums, e.add(e.div(panel, e.index(4)), inPanel), lanes);
    sum = sub(sum, mul(x, columnSums));
  }
  if (usesRowSums()) {
    y = ops.bZeroPoint ? ops.bZeroPoint(e, at.n, lanes, at.mask) : e.broadcast(constant(0), lanes);
    y = add(y, e.broadcast(constant(spec.bSigned ? 0 : -128), lanes));
    Value rowSum = e.broadcast(e.load(rowSums, e.sub(at.m, b.m0)), lanes);
    sum = sub(sum, mul(y, rowSum));
  }
  if (x && y) {
    Value k = arith::IndexCastOp::create(e.builder, e.loc, i32, ops.k);
    sum = add(sum, mul(e.broadcast(k, lanes), mul(x, y)));
  }
  return sum;
}

} // namespace heddle::codegen
