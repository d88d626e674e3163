// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/codegen/attention/AttentionEmitter.h"
#include "compiler/codegen/matmul/Matmul.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace heddle::codegen {

AttentionPlan planAttention(const AttentionSpec &spec, const Target &target) {
  MatmulPlan product = planMatmul({spec.accumulator, spec.accumulator, spec.accumulator}, target);
  int64_t element = spec.accumulator.getIntOrFloatBitWidth() / 8;
  int64_t lanes = target.vectorBytes() / element;
  AttentionPlan plan;
  // Scores and keys of a block stay in the second cache. The more queries, the less often keys are
  // packed.
  plan.queries = target.choose("attention.queries", 128, {16, 32, 64});
  plan.keys = target.choose("attention.keys", 128, {64, 256});
  plan.rows = product.rows;
  plan.panels = std::min<int64_t>(product.panels, 2);
  plan.panel = product.panel;
  plan.few = 3;
  plan.scratchFixed = (plan.queries * plan.keys + 2 * plan.queries * lanes) * element;
  plan.scratchPerDepth = plan.keys * element;
  plan.scratchPerPanel = (plan.queries + plan.keys) * plan.panel * element;
  return plan;
}

AttentionEmitter::AttentionEmitter(Emitter &e, const AttentionSpec &spec,
                                   const AttentionOperands &ops, Value scratch,
                                   const AttentionCallbacks &callbacks)
    : e(e), spec(spec), ops(ops), plan(planAttention(spec, e.target)), callbacks(callbacks),
      math(e.target, spec.accumulator), softmax(e, spec), lanes(softmax.lanes) {
  int64_t element = spec.accumulator.getIntOrFloatBitWidth() / 8;
  wide = e.mul(e.ceilDiv(ops.width, plan.panel), plan.panel);
  Value at = e.index(0);
  auto take = [&](Value elements) {
    Value part = e.view(scratch, at, spec.accumulator);
    at = e.add(at, e.mul(elements, element));
    return part;
  };
  scores = take(e.index(plan.queries * plan.keys));
  tops = take(e.index(plan.queries * lanes));
  sums = take(e.index(plan.queries * lanes));
  results = take(e.mul(wide, plan.queries));
  keyPanels = take(e.mul(ops.depth, plan.keys));
  valuePanels = take(e.mul(wide, plan.keys));
}

void AttentionEmitter::point(Value index) {
  Block block;
  Value firstKey = e.index(0), lastKey = ops.keys;
  if (ops.parts) { // neighbours read neighbouring keys
    block.part = e.rem(index, ops.parts);
    index = e.div(index, ops.parts);
    firstKey = e.div(e.mul(ops.keys, block.part), ops.parts);
    lastKey = e.div(e.mul(ops.keys, e.add(block.part, 1)), ops.parts);
  }
  EvenSplit split(e, ops.queries, plan.queries);
  Value queries = e.rem(index, split.parts);
  block.starts = callbacks.enter(e.div(index, split.parts));
  block.query0 = split.start(e, queries);
  block.rows = split.length(e, queries);
  clear(block.rows);
  e.loop(firstKey, lastKey, e.index(plan.keys), [&](Value key) {
    block.key0 = key;
    block.count = e.min(e.index(plan.keys), e.sub(lastKey, key));
    products(block);
    weigh(block);
    addValues(block);
  });
  ops.parts ? finishPart(block) : finish(block);
}

Value AttentionEmitter::sumOf(Value row) {
  return softmax.acrossLanes(e.load(sums, stateAt(row), lanes), [&](Value x, Value y) -> Value {
    return arith::AddFOp::create(e.builder, e.loc, x, y);
  });
}

void AttentionEmitter::clear(Value rows) {
  Value none = softmax.none(), zero = number(0);
  e.loop(e.index(0), rows, e.index(1), [&](Value row) {
    e.store(none, tops, stateAt(row));
    e.store(zero, sums, stateAt(row));
  });
  e.loop(e.index(0), e.mul(rows, wide), e.index(lanes),
         [&](Value at) { e.store(zero, results, at); });
}

// Rows whose weights are found together: each waits for its own top and sum, and the others'
// instructions fill that time. A top, its base and a sum of each stay in registers.
void AttentionEmitter::weigh(const Block &block) {
  Value done = e.index(0);
  for (int64_t together : {e.target.vectorRegisters() / 4, 2, 1}) {
    Value left = e.sub(block.rows, done);
    Value end = e.add(done, e.sub(left, e.rem(left, e.index(together))));
    e.loop(done, end, e.index(together), [&](Value row) { weighRows(block, row, together); });
    done = end;
  }
}

// Scores of the block from its products, their weights, and the older sums scaled to the same top.
void AttentionEmitter::weighRows(const Block &block, Value first, int64_t count) {
  Value none = softmax.none(), zero = number(0);
  OpBuilder &b = e.builder;
  Values rows, lines, before;
  for (int64_t r = 0; r < count; ++r) {
    rows.push_back(e.add(first, r));
    lines.push_back(e.mul(rows[r], plan.keys));
    before.push_back(e.load(tops, stateAt(rows[r]), lanes));
  }
  Values top =
      e.loop(e.index(0), block.count, e.index(lanes), before, [&](Value key, ValueRange carried) {
        Value inside = e.firstLanes(e.sub(block.count, key), lanes);
        Values next;
        for (int64_t r = 0; r < count; ++r) {
          Value at = e.add(lines[r], key);
          AttentionPosition position{e.add(block.query0, rows[r]), e.add(block.key0, key), inside,
                                     lanes};
          Value score = callbacks.score(e.load(scores, at, lanes), position);
          score = arith::SelectOp::create(b, e.loc, inside, score, none);
          e.store(score, scores, at);
          next.push_back(softmax.greater(score, carried[r]));
        }
        return next;
      });
  Values base;
  for (int64_t r = 0; r < count; ++r) {
    top[r] = softmax.acrossLanes(top[r], [&](Value x, Value y) { return softmax.greater(x, y); });
    e.store(top[r], tops, stateAt(rows[r]));
    base.push_back(softmax.base(top[r]));
  }
  Values sum = e.loop(e.index(0), block.count, e.index(lanes), Values(count, zero),
                      [&](Value key, ValueRange carried) {
                        Values next;
                        for (int64_t r = 0; r < count; ++r) {
                          Value at = e.add(lines[r], key);
                          Value above =
                              arith::SubFOp::create(b, e.loc, e.load(scores, at, lanes), base[r]);
                          Value weight = softmax.power(above);
                          e.store(weight, scores, at);
                          next.push_back(arith::AddFOp::create(b, e.loc, carried[r], weight));
                        }
                        return next;
                      });
  Value one = arith::ConstantOp::create(b, e.loc, b.getFloatAttr(spec.accumulator, 1));
  for (int64_t r = 0; r < count; ++r) {
    Value scale = softmax.power(arith::SubFOp::create(b, e.loc, before[r], base[r]));
    Value state = stateAt(rows[r]);
    e.store(e.fma(e.load(sums, state, lanes), scale, sum[r]), sums, state);
    Value changes = arith::CmpFOp::create(
        b, e.loc, arith::CmpFPredicate::UNE,
        vector::ExtractOp::create(b, e.loc, scale, ArrayRef<int64_t>{0}), one);
    e.when(changes, [&] {
      Value start = e.mul(rows[r], wide);
      e.loop(start, e.add(start, wide), e.index(lanes), [&](Value at) {
        Value older = e.load(results, at, lanes);
        e.store(arith::MulFOp::create(b, e.loc, older, scale), results, at);
      });
    });
  }
}

void AttentionEmitter::finish(const Block &block) {
  e.loop(e.index(0), block.rows, e.index(1), [&](Value row) {
    Value sum = sumOf(row), scale = softmax.scaleOf(sum);
    // Over no keys, a sum of values is zero whatever their weights would be.
    scale = e.select(e.equal(ops.keys, e.index(0)), number(0), scale);
    e.loop(e.index(0), ops.width, e.index(lanes), [&](Value column) {
      Value summed = e.load(results, e.add(e.mul(row, wide), column), lanes);
      Value inside = e.firstLanes(e.sub(ops.width, column), lanes);
      callbacks.sink(softmax.resultOf(summed, scale, sum),
                     {e.add(block.query0, row), column, inside, lanes});
    });
  });
}

void AttentionEmitter::finishPart(const Block &block) {
  // No keys are one part whose result is zero; of many, no part is empty.
  Value noKeys = e.equal(ops.keys, e.index(0)), one = e.firstLanes(e.index(1), lanes);
  e.loop(e.index(0), block.rows, e.index(1), [&](Value row) {
    Value query = e.add(block.query0, row);
    e.loop(e.index(0), ops.width, e.index(lanes), [&](Value column) {
      Value summed = e.load(results, e.add(e.mul(row, wide), column), lanes);
      Value inside = e.firstLanes(e.sub(ops.width, column), lanes);
      callbacks.sink(summed, {query, column, inside, lanes, block.part});
    });
    Value top = e.select(noKeys, number(0), e.load(tops, stateAt(row), lanes));
    Value sum = e.select(noKeys, number(1), sumOf(row));
    callbacks.sink(top, {query, ops.width, one, lanes, block.part});
    callbacks.sink(sum, {query, e.add(ops.width, 1), one, lanes, block.part});
  });
}

void emitAttention(Emitter &e, const AttentionSpec &spec, const AttentionOperands &operands,
                   Value begin, Value end, Value scratch, const AttentionCallbacks &callbacks) {
  AttentionEmitter emitter(e, spec, operands, scratch, callbacks);
  e.loop(begin, end, e.index(1), [&](Value index) { emitter.point(index); });
}

} // namespace heddle::codegen
