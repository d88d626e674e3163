// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/parallel/scans/LinearAttentionSegments.h"

#include "compiler/parallel/scans/SegmentStates.h"

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
  Value learned = over(op.getUpdate(), op.getKey(), op.getValue(), nothing, op.getDecay(),
                       op.getRate())
                      .getLast();
  SegmentStates between(m, isDelta);
  int64_t count = *dimsOf(learned).front().asConstant();
  Value states = between.between({isDelta ? transitions() : decays(), learned, count}, op.getInit());
  auto read = over(op.getUpdate(), op.getKey(), op.getValue(), between.rows(states, 0, 1, count),
                   op.getDecay(), op.getRate());
  read.setReadsBefore(op.getReadsBefore());
  op.getOutput().replaceAllUsesWith(read.getOutput());
  op.getLast().replaceAllUsesWith(m.viewedAs(between.rows(states, count, 1, 1), state));
  op.erase();
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

} // namespace heddle
