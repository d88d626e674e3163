// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/LinearAttentionSegments.h"

#include "compiler/parallel/SegmentStates.h"

using namespace mlir;

namespace heddle {
namespace {

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
  Value decays();      // of each segment, of the rows of a state; null for none
  Value transitions(); // of each segment, of a state from the left
  ScanOp scan(ValueRange elements);
  /// All states, before each segment and after the last one.
  Value statesOf(ValueRange elements);

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

/// Of a number of segments that is not known.
ScanOp Segments::scan(ValueRange elements) {
  auto scan = ScanOp::create(m.b, m.loc, TypeRange{op.getInit().getType(), elements.back().getType()},
                             op.getInit(), elements, m.b.getStringAttr("tree"));
  SmallVector<Type> one;
  for (Value value : elements)
    one.push_back(tensorWithDims(ArrayRef(dimsOf(value)).drop_front(), element));
  auto fill = [&](Region &region, TypeRange first, auto body) {
    Block &block = region.emplaceBlock();
    for (TypeRange types : {first, TypeRange(one)})
      for (Type type : types)
        block.addArgument(type, m.loc);
    Arithmetic inner(OpBuilder::atBlockEnd(&block), m.loc);
    SegmentStates states(inner, isDelta);
    ArrayRef<BlockArgument> in = block.getArguments();
    SegmentEffects effects{elements.size() == 2 ? Value(in[first.size()]) : Value(), in.back(), 1};
    SmallVector<Value> result = body(states, effects, in);
    YieldOp::create(inner.b, m.loc, result);
  };
  fill(scan.getApply(), op.getInit().getType(),
       [](SegmentStates &states, const SegmentEffects &step, ArrayRef<BlockArgument> in) {
         return SmallVector<Value>{states.next(step, in.front())};
       });
  fill(scan.getCombine(), one,
       [](SegmentStates &states, const SegmentEffects &later, ArrayRef<BlockArgument> in) {
         SmallVector<Value> both;
         if (later.factor)
           both.push_back(states.product(later.factor, in[0]));
         both.push_back(states.next(later, later.factor ? in[1] : in[0]));
         return both;
       });
  return scan;
}

Value Segments::statesOf(ValueRange elements) {
  Dims more = dimsOf(elements.back());
  if (std::optional<int64_t> count = more.front().asConstant())
    return SegmentStates(m, isDelta)
        .between({elements.size() == 2 ? elements[0] : Value(), elements.back(), *count},
                 op.getInit());
  Dims one = state;
  one.insert(one.begin(), 1);
  more.front() = more.front() + 1;
  return onnx::ConcatOp::create(
      m.b, m.loc, tensorWithDims(more, element),
      ValueRange{m.viewedAs(op.getInit(), one), scan(elements).getStates()[0]}, /*axis=*/0);
}

void Segments::run() {
  Value nothing = number(query.size() + 1, 0);
  Value learned = over(op.getUpdate(), op.getKey(), op.getValue(), nothing, op.getDecay(),
                       op.getRate())
                      .getLast();
  SmallVector<Value> elements;
  if (Value factor = isDelta ? transitions() : decays())
    elements.push_back(factor);
  elements.push_back(learned);
  Value states = statesOf(elements);
  auto cut = [&](Value from, Value to, const DimExpr &count) {
    Dims dims = dimsOf(states);
    dims.front() = count;
    return onnx::SliceOp::create(m.b, m.loc, tensorWithDims(dims, element), states, from, to,
                                 m.integers({0}), m.integers({1}));
  };
  DimExpr count = query.front().ceilDiv(steps);
  Value end = m.shape({count}, op.getQuery()), afterEnd = m.shape({count + 1}, op.getQuery());
  auto read = over(op.getUpdate(), op.getKey(), op.getValue(), cut(m.integers({0}), end, count),
                   op.getDecay(), op.getRate());
  read.setReadsBefore(op.getReadsBefore());
  op.getOutput().replaceAllUsesWith(read.getOutput());
  op.getLast().replaceAllUsesWith(m.viewedAs(cut(end, afterEnd, 1), state));
  op.erase();
}

} // namespace

StringRef whyNoSegments(LinearAttentionOp op) {
  Dims query = dimsOf(op.getQuery());
  if (op.getUpdate() == "add")
    return "";
  if (!query.back().asConstant())
    return "the number of rows of the delta rule's state is not known while compiling, so what a "
           "segment does to it is not written as a matrix";
  if (!query.front().asConstant())
    return "the number of steps of the delta rule is not known while compiling, so the products of "
           "matrices that combine its segments are not written out";
  return "";
}

void computeInSegments(LinearAttentionOp op, int64_t steps) { Segments(op, steps).run(); }

} // namespace heddle
