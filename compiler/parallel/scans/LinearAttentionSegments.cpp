// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/scans/LinearAttentionSegments.h"

#include "compiler/parallel/scans/InRange.h"
#include "compiler/parallel/scans/PairTree.h"

using namespace mlir;

namespace heddle {
namespace {

/// Another form where the condition holds and no decay is above one, else step by step: decays that grow
/// have products that leave the range of their type, or vanish and come back, where states do not.
SmallVector<Value> eitherForm(LinearAttentionOp op, Arithmetic &m, Value condition,
                              BuildValues build) {
  if (op.getDecay()) {
    constexpr double kAboveOne = 1 + 0x1p-23;
    Value shrinks = areBelow(m, op.getDecay(), kAboveOne);
    condition = condition ? onnx::AndOp::create(m.b, m.loc, shrinks.getType(), condition, shrinks)
                          : shrinks;
  }
  return either(m, condition, op->getResultTypes(), build, [&] {
    auto steps = cast<LinearAttentionOp>(m.b.clone(*op));
    steps.setForm("recurrent");
    return llvm::to_vector_of<Value>(steps->getResults());
  });
}

class Segments {
public:
  Segments(LinearAttentionOp op, int64_t steps)
      : op(op), steps(steps), m(op), isDelta(op.getUpdate() == "delta"),
        query(dimsOf(op.getQuery())), state(dimsOf(op.getInit())),
        element(cast<FloatType>(elementOf(op.getQuery()))) {}

  void run();

private:
  Dims withSegments(Dims dims) const {
    dims.insert(dims.begin(), query.front().ceilDiv(steps));
    return dims;
  }
  /// A constant of all ranks: ones before the axes given.
  Value constant(unsigned rank, ArrayRef<int64_t> last, function_ref<double(int64_t)> at);
  Value number(unsigned rank, double value) {
    return constant(rank, {}, [=](int64_t) { return value; });
  }
  Value zeros(const Dims &dims) {
    return m.expandedTo(number(dims.size(), 0), dims, op.getQuery());
  }
  LinearAttentionOp over(StringRef update, Value key, Value value, Value init, Value decay,
                         Value rate);
  Value product(Value factor, Value x);
  Value decays();      // of each segment, of the rows of a state; null for none
  Value transitions(); // of each segment, of a state from the left

  LinearAttentionOp op;
  int64_t steps;
  Arithmetic m;
  bool isDelta;
  Dims query, state;
  FloatType element;
};

Value Segments::constant(unsigned rank, ArrayRef<int64_t> last, function_ref<double(int64_t)> at) {
  SmallVector<int64_t> shape(rank - last.size(), 1);
  shape.append(last.begin(), last.end());
  auto type = RankedTensorType::get(shape, element);
  SmallVector<APFloat> values;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    values.emplace_back(at(i));
    bool inexact;
    values.back().convert(element.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
  }
  auto constant = onnx::ConstantOp::create(m.b, m.loc, TypeRange{type}, ValueRange{});
  constant.setValueAttr(DenseElementsAttr::get(type, values));
  return constant.getResult();
}

/// The attention over segments, as if they were sequences. Keys are the queries of what reads none.
LinearAttentionOp Segments::over(StringRef update, Value key, Value value, Value init, Value decay,
                                 Value rate) {
  Value query = key == op.getKey() ? op.getQuery() : key;
  Dims last(ArrayRef(dimsOf(key)).drop_front());
  last.push_back(dimsOf(value).back());
  return LinearAttentionOp::create(m.b, m.loc, value.getType(),
                                   tensorWithDims(withSegments(last), element), update, query, key,
                                   value, init, decay, rate, /*reads_before=*/false,
                                   m.b.getStringAttr("recurrent"), steps, op.getParts());
}

/// Each row of a state decays alone: it is a batch point with a state of one element, which starts
/// as one and learns nothing.
Value Segments::decays() {
  Value decay = op.getDecay();
  if (!decay)
    return nullptr;
  Dims rows = query;
  Dims own = dimsOf(decay);
  bool perRow = !own.empty() && !own.back().isConstant(1);
  if (perRow) {
    own.push_back(1);
    decay = m.viewedAs(decay, own);
    rows.push_back(1);
  } else {
    rows.back() = 1;
  }
  Value nothing = zeros(rows);
  Value product =
      over("add", nothing, nothing, number(rows.size() + 1, 1), decay, nullptr).getLast();
  Dims result = withSegments(state);
  result.back() = 1;
  if (!perRow)
    result[result.size() - 2] = 1;
  return perRow ? m.viewedAs(product, result) : product;
}

Value Segments::transitions() {
  int64_t rows = *query.back().asConstant();
  Value identity = constant(query.size() + 1, {rows, rows},
                            [=](int64_t i) { return i / rows == i % rows ? 1.0 : 0.0; });
  return over("delta", op.getKey(), zeros(query), identity, op.getDecay(), op.getRate()).getLast();
}

void Segments::run() {
  Value nothing = number(query.size() + 1, 0);
  Value learned =
      over(op.getUpdate(), op.getKey(), op.getValue(), nothing, op.getDecay(), op.getRate())
          .getLast();
  int64_t count = *dimsOf(learned).front().asConstant();
  // What a segment does to a state, S -> P S + H; without decays P is one.
  SmallVector<Value> effects{learned};
  if (Value factors = isDelta ? transitions() : decays())
    effects.push_back(factors);
  auto next = [&](ValueRange states, ValueRange effects, int64_t) -> SmallVector<Value> {
    Value kept = effects.size() > 1 ? product(effects[1], states[0]) : states[0];
    return {m.add(kept, effects[0])};
  };
  PairTree tree(
      m,
      [&](ValueRange first, ValueRange second, int64_t pairs) {
        SmallVector<Value> both = next(first, second, pairs);
        if (first.size() > 1)
          both.push_back(product(second[1], first[1]));
        return both;
      },
      next);
  Value states = tree.between(effects, count, op.getInit()).front();
  SmallVector<Value> results = eitherForm(op, m, areBelow(m, states), [&]() -> SmallVector<Value> {
    auto read = over(op.getUpdate(), op.getKey(), op.getValue(), tree.rows(states, 0, 1, count),
                     op.getDecay(), op.getRate());
    read.setReadsBefore(op.getReadsBefore());
    return {read.getOutput(), m.viewedAs(tree.rows(states, count, 1, 1), state)};
  });
  op.replaceAllUsesWith(results);
  op.erase();
}

/// Of a factor and states, of one segment or many.
Value Segments::product(Value factor, Value x) {
  if (isDelta)
    return onnx::MatMulOp::create(m.b, m.loc, x.getType(), factor, x);
  return m.mul(factor, x);
}

} // namespace

StringRef whyNoSegments(LinearAttentionOp op) {
  Dims query = dimsOf(op.getQuery());
  if (!query.front().asConstant())
    return "how many steps there are is not known while compiling, which the levels of a tree need";
  if (op.getUpdate() == "delta" && !query.back().asConstant())
    return "the number of rows of the delta rule's state is not known while compiling, so what a "
           "segment does to it is not written as a matrix";
  return "";
}

void computeInSegments(LinearAttentionOp op, int64_t steps) { Segments(op, steps).run(); }

void computeInChunks(LinearAttentionOp op) {
  Arithmetic m(op);
  SmallVector<Value> results = eitherForm(op, m, Value(), [&] {
    auto chunked = cast<LinearAttentionOp>(m.b.clone(*op));
    chunked.setForm("chunk");
    return llvm::to_vector_of<Value>(chunked->getResults());
  });
  op.replaceAllUsesWith(results);
  op.erase();
}

} // namespace heddle
