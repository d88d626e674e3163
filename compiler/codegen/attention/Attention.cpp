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
  plan.queries = 64;
  plan.keys = 128;
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
      math(e.target, spec.accumulator), lanes(e.lanesOf(spec.accumulator)),
      vectorType(VectorType::get({lanes}, spec.accumulator)) {
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

Value AttentionEmitter::number(double value) {
  Attribute scalar = e.builder.getFloatAttr(spec.accumulator, value);
  return arith::ConstantOp::create(e.builder, e.loc, DenseElementsAttr::get(vectorType, scalar));
}

Value AttentionEmitter::power(Value exponent) {
  return math::ExpOp::create(e.builder, e.loc, exponent);
}

// What is not a number is lost here; exp brings it back.
Value AttentionEmitter::greater(Value a, Value b) {
  Value isGreater =
      arith::CmpFOp::create(e.builder, e.loc, arith::CmpFPredicate::OGT, a, b);
  return arith::SelectOp::create(e.builder, e.loc, isGreater, a, b);
}

Value AttentionEmitter::acrossLanes(Value vector,
                                    llvm::function_ref<Value(Value, Value)> combine) {
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    SmallVector<int64_t> turned;
    for (int64_t lane = 0; lane < lanes; ++lane)
      turned.push_back((lane + half) % lanes);
    vector = combine(vector, vector::ShuffleOp::create(e.builder, e.loc, vector, vector, turned));
  }
  return vector;
}

void AttentionEmitter::point(Value index) {
  EvenSplit parts(e, ops.queries, plan.queries);
  Value part = e.rem(index, parts.parts);
  Block block;
  block.starts = callbacks.enter(e.div(index, parts.parts));
  block.query0 = parts.start(e, part);
  block.rows = parts.length(e, part);
  clear(block.rows);
  e.loop(e.index(0), ops.keys, e.index(plan.keys), [&](Value key) {
    block.key0 = key;
    block.count = e.min(e.index(plan.keys), e.sub(ops.keys, key));
    products(block);
    weigh(block);
    addValues(block);
  });
  finish(block);
}

void AttentionEmitter::clear(Value rows) {
  Value none = number(-std::numeric_limits<double>::infinity()), zero = number(0);
  e.loop(e.index(0), rows, e.index(1), [&](Value row) {
    e.store(none, tops, stateAt(row));
    e.store(zero, sums, stateAt(row));
  });
  e.loop(e.index(0), e.mul(rows, wide), e.index(lanes),
         [&](Value at) { e.store(zero, results, at); });
}

// Scores of the block from its products, their weights, and the older sums scaled to the same top.
void AttentionEmitter::weigh(const Block &block) {
  Value none = number(-std::numeric_limits<double>::infinity()), zero = number(0);
  OpBuilder &b = e.builder;
  e.loop(e.index(0), block.rows, e.index(1), [&](Value row) {
    Value line = e.mul(row, plan.keys), query = e.add(block.query0, row);
    Value before = e.load(tops, stateAt(row), lanes);
    Value top = e.loop(e.index(0), block.count, e.index(lanes), {before},
                       [&](Value key, ValueRange carried) {
                         Value inside = e.firstLanes(e.sub(block.count, key), lanes);
                         Value at = e.add(line, key);
                         AttentionPosition position{query, e.add(block.key0, key), inside, lanes};
                         Value score = callbacks.score(e.load(scores, at, lanes), position);
                         score = arith::SelectOp::create(b, e.loc, inside, score, none);
                         e.store(score, scores, at);
                         return Values{greater(score, carried[0])};
                       })[0];
    top = acrossLanes(top, [&](Value x, Value y) { return greater(x, y); });
    e.store(top, tops, stateAt(row));
    // Before there is a score above minus infinity, any other number does.
    Value isNone = arith::CmpFOp::create(b, e.loc, arith::CmpFPredicate::OEQ, top, none);
    Value base = arith::SelectOp::create(b, e.loc, isNone, zero, top);
    Value sum = e.loop(e.index(0), block.count, e.index(lanes), {zero},
                       [&](Value key, ValueRange carried) {
                         Value at = e.add(line, key);
                         Value score = e.load(scores, at, lanes);
                         Value weight = power(arith::SubFOp::create(b, e.loc, score, base));
                         e.store(weight, scores, at);
                         return Values{arith::AddFOp::create(b, e.loc, carried[0], weight)};
                       })[0];
    Value scale = power(arith::SubFOp::create(b, e.loc, before, base));
    e.store(e.fma(e.load(sums, stateAt(row), lanes), scale, sum), sums, stateAt(row));
    Value one = arith::ConstantOp::create(b, e.loc, b.getFloatAttr(spec.accumulator, 1));
    Value changes = arith::CmpFOp::create(
        b, e.loc, arith::CmpFPredicate::UNE,
        vector::ExtractOp::create(b, e.loc, scale, ArrayRef<int64_t>{0}), one);
    e.when(changes, [&] {
      Value start = e.mul(row, wide);
      e.loop(start, e.add(start, wide), e.index(lanes), [&](Value at) {
        Value older = e.load(results, at, lanes);
        e.store(arith::MulFOp::create(b, e.loc, older, scale), results, at);
      });
    });
  });
}

void AttentionEmitter::finish(const Block &block) {
  OpBuilder &b = e.builder;
  Value zero = number(0), one = number(1);
  auto where = [&](arith::CmpFPredicate predicate, Value sum, Value then, Value otherwise) {
    Value holds = arith::CmpFOp::create(b, e.loc, predicate, sum, zero);
    return Value(arith::SelectOp::create(b, e.loc, holds, then, otherwise));
  };
  e.loop(e.index(0), block.rows, e.index(1), [&](Value row) {
    Value sum = acrossLanes(e.load(sums, stateAt(row), lanes), [&](Value x, Value y) -> Value {
      return arith::AddFOp::create(b, e.loc, x, y);
    });
    Value scale = arith::DivFOp::create(b, e.loc, one, sum);
    if (spec.undefined == UndefinedRows::Zero)
      scale = where(arith::CmpFPredicate::OEQ, sum, zero, scale);
    // Over no keys, a sum of values is zero whatever their weights would be.
    Value noKeys = e.equal(ops.keys, e.index(0));
    scale = arith::SelectOp::create(b, e.loc, noKeys, zero, scale);
    e.loop(e.index(0), ops.width, e.index(lanes), [&](Value column) {
      Value result = arith::MulFOp::create(
          b, e.loc, e.load(results, e.add(e.mul(row, wide), column), lanes), scale);
      if (spec.undefined == UndefinedRows::ZeroNan) // equal to zero, or not comparable
        result = where(arith::CmpFPredicate::UEQ, sum, zero, result);
      Value inside = e.firstLanes(e.sub(ops.width, column), lanes);
      callbacks.sink(result, {e.add(block.query0, row), column, inside, lanes});
    });
  });
}

void emitAttention(Emitter &e, const AttentionSpec &spec, const AttentionOperands &operands,
                   Value begin, Value end, Value scratch, const AttentionCallbacks &callbacks) {
  AttentionEmitter emitter(e, spec, operands, scratch, callbacks);
  e.loop(begin, end, e.index(1), [&](Value index) { emitter.point(index); });
}

} // namespace heddle::codegen
