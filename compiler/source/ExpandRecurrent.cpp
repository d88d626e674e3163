// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LSTM, GRU and RNN as what they are made of: the inputs' part of the gates of all steps is one
// matrix product, each step another one with the state and element-wise operations. A sequence of
// one step, as streaming models have it, is no loop.
//
//   P = X W^T + b      [length * batch, gates * hidden]
//   for each step: gates(P[t] + h R^T) -> h, c

#include "compiler/Passes.h"
#include "compiler/parallel/loops/ScanLoop.h"
#include "compiler/source/RecurrentWeights.h"

using namespace mlir;

namespace heddle {
#define GEN_PASS_DEF_EXPANDRECURRENTPASS
#include "compiler/Passes.h.inc"

namespace {

enum class Cell { Lstm, Gru, Rnn };

/// What the three operators have in common, read once.
struct Recurrence {
  Cell cell;
  Value x, w, r, bias, initialH, initialC;
  Value y, lastH, lastC; // results; null where nobody asked
  StringRef direction;
  SmallVector<StringRef> activations; // of one direction
  bool linearBeforeReset = false;
  bool roundsOperands = false;
  int64_t directions, gates, hidden, input;
  DimExpr length, batch;
};

template <typename Op> bool isPlain(Op op, unsigned activations, Recurrence &found) {
  auto clip = op->template getAttrOfType<FloatAttr>("clip");
  if (op.getLayout() != 0 || op.getSequenceLens() || clip || op.getActivationAlpha() ||
      op.getActivationBeta())
    return false;
  found.x = op.getX();
  found.w = op.getW();
  found.r = op.getR();
  found.bias = op.getB();
  found.initialH = op.getInitialH();
  found.y = op.getY();
  found.lastH = op.getYH();
  found.direction = op.getDirection();
  Dims x = dimsOf(found.x), w = dimsOf(found.w), r = dimsOf(found.r);
  for (const Dims *dims : {&w, &r})
    if (!llvm::all_of(*dims, [](const DimExpr &dim) { return dim.asConstant().has_value(); }))
      return false;
  found.length = x[0];
  found.batch = x[1];
  found.directions = *w[0].asConstant();
  found.input = *w[2].asConstant();
  found.hidden = *r[2].asConstant();
  found.gates = activations == 1 ? 1 : activations == 2 ? 3 : 4;
  if (auto names = op.getActivations())
    for (Attribute name : *names)
      found.activations.push_back(cast<StringAttr>(name).getValue());
  else
    for (int64_t i = 0; i < found.directions; ++i)
      for (unsigned f = 0; f < activations; ++f)
        found.activations.push_back(f == 0 && activations > 1 ? "Sigmoid" : "Tanh");
  bool known = llvm::all_of(found.activations, [](StringRef name) {
    return name == "Sigmoid" || name == "Tanh" || name == "Relu";
  });
  return known && elementOf(found.x).isF32() &&
         found.activations.size() == activations * static_cast<size_t>(found.directions) &&
         dimsOf(found.w)[1].isConstant(found.gates * found.hidden);
}

std::optional<Recurrence> recurrenceOf(Operation *op) {
  Recurrence found;
  if (auto lstm = dyn_cast<onnx::LSTMOp>(op)) {
    found.cell = Cell::Lstm;
    found.initialC = lstm.getInitialC();
    found.lastC = lstm.getYC();
    found.roundsOperands = lstm->hasAttr("heddle.rounds_operands");
    if (!lstm.getP() && lstm.getInputForget() == 0 && isPlain(lstm, 3, found))
      return found;
  } else if (auto gru = dyn_cast<onnx::GRUOp>(op)) {
    found.cell = Cell::Gru;
    found.linearBeforeReset = gru.getLinearBeforeReset() != 0;
    if (isPlain(gru, 2, found))
      return found;
  } else if (auto rnn = dyn_cast<onnx::RNNOp>(op)) {
    found.cell = Cell::Rnn;
    if (isPlain(rnn, 1, found))
      return found;
  }
  return std::nullopt;
}

Value activated(Arithmetic &m, StringRef name, Value x) {
  if (name == "Sigmoid")
    return onnx::SigmoidOp::create(m.b, m.loc, x.getType(), x);
  if (name == "Tanh")
    return onnx::TanhOp::create(m.b, m.loc, x.getType(), x);
  return onnx::ReluOp::create(m.b, m.loc, x.getType(), x);
}

/// One direction: its weights, and what a step does.
class Direction {
public:
  Direction(const Recurrence &all, int64_t index, Arithmetic &m);

  /// Rows of the input's part of the gates, of one batch after the other.
  Value project(Arithmetic &m, Value rows) const { return product(m, rows, input, inputBias); }
  /// The next states: h, and c of an LSTM.
  SmallVector<Value> step(Arithmetic &m, Value projected, ValueRange states) const;

  SmallVector<Value> initial;
  bool isReverse;

private:
  Value gate(Arithmetic &m, Value gates, int64_t index) const {
    return m.sliced(gates, 1, index * all.hidden, (index + 1) * all.hidden);
  }
  Value rows(Arithmetic &m, Value weights, int64_t from, int64_t to) const {
    return m.sliced(weights, 0, from * all.hidden, to * all.hidden);
  }
  SmallVector<Value> lstmStep(Arithmetic &m, Value projected, Value h, Value c) const;
  SmallVector<Value> gruStep(Arithmetic &m, Value projected, Value h) const;

  const Recurrence &all;
  int64_t index;
  ArrayRef<StringRef> functions;
  RecurrentWeights input, state; // [gates * hidden, ...]
  RecurrentWeights candidate;    // of a GRU whose state is reset before its product
  Value inputBias;
  Value candidateBias; // of the state's part of a GRU's candidate, linear before reset
};

Direction::Direction(const Recurrence &all, int64_t index, Arithmetic &m)
    : isReverse(all.direction == "reverse" || index == 1), all(all), index(index) {
  size_t each = all.activations.size() / all.directions;
  functions = ArrayRef(all.activations).slice(index * each, each);
  int64_t size = all.gates * all.hidden;
  input = weightsOfDirection(m, all.w, index, all.directions, all.roundsOperands);
  state = weightsOfDirection(m, all.r, index, all.directions, all.roundsOperands);
  if (all.cell == Cell::Gru && !all.linearBeforeReset) {
    candidate.numbers = rows(m, state.numbers, 2, 3);
    state.numbers = rows(m, state.numbers, 0, 2);
  }
  if (all.bias) {
    Value both = m.viewed(partOfDirection(m, all.bias, index, all.directions), {2 * size});
    Value ofInput = m.sliced(both, 0, 0, size), ofState = m.sliced(both, 0, size, 2 * size);
    if (all.cell == Cell::Gru && all.linearBeforeReset) {
      candidateBias = rows(m, ofState, 2, 3);
      Value gates = m.add(rows(m, ofInput, 0, 2), rows(m, ofState, 0, 2));
      inputBias = m.joined({gates, rows(m, ofInput, 2, 3)}, 0);
    } else {
      inputBias = m.add(ofInput, ofState);
    }
  }
  auto start = [&](Value given) {
    Dims dims{all.batch, all.hidden};
    return given ? m.viewedAs(m.sliced(given, 0, index, index + 1), dims)
                 : m.expandedTo(m.viewed(m.number(0), {1, 1}), dims, all.x);
  };
  initial.push_back(start(all.initialH));
  if (all.cell == Cell::Lstm)
    initial.push_back(start(all.initialC));
}

SmallVector<Value> Direction::lstmStep(Arithmetic &m, Value projected, Value h, Value c) const {
  Value gates = product(m, h, state, projected); // i, o, f, c
  Value in = activated(m, functions[0], gate(m, gates, 0));
  Value out = activated(m, functions[0], gate(m, gates, 1));
  Value forget = activated(m, functions[0], gate(m, gates, 2));
  Value candidate = activated(m, functions[1], gate(m, gates, 3));
  Value next = m.add(m.mul(forget, c), m.mul(in, candidate));
  return {m.mul(out, activated(m, functions[2], next)), next};
}

SmallVector<Value> Direction::gruStep(Arithmetic &m, Value projected, Value h) const {
  Value ofGates = m.sliced(projected, 1, 0, 2 * all.hidden), ofCandidate = gate(m, projected, 2);
  // Linear before reset, the state meets the weights of all gates in one product.
  Value ofState = product(m, h, state, all.linearBeforeReset ? Value() : ofGates); // z, r, n
  Value gates =
      all.linearBeforeReset ? m.add(m.sliced(ofState, 1, 0, 2 * all.hidden), ofGates) : ofState;
  Value update = activated(m, functions[0], gate(m, gates, 0));
  Value reset = activated(m, functions[0], gate(m, gates, 1));
  Value sum;
  if (all.linearBeforeReset) {
    Value linear = gate(m, ofState, 2);
    if (candidateBias)
      linear = m.add(linear, candidateBias);
    sum = m.add(m.mul(reset, linear), ofCandidate);
  } else {
    sum = product(m, m.mul(reset, h), candidate, ofCandidate);
  }
  Value fresh = activated(m, functions[1], sum);
  // (1 - z) n + z h
  return {m.add(m.mul(m.sub(m.number(1), update), fresh), m.mul(update, h))};
}

SmallVector<Value> Direction::step(Arithmetic &m, Value projected, ValueRange states) const {
  if (all.cell == Cell::Lstm)
    return lstmStep(m, projected, states[0], states[1]);
  if (all.cell == Cell::Gru)
    return gruStep(m, projected, states[0]);
  return {activated(m, functions[0], product(m, states[0], state, projected))};
}

struct Run {
  Value all;                // [length, batch, hidden]
  SmallVector<Value> final; // states
};

Run runDirection(const Recurrence &found, const Direction &direction, Arithmetic &m) {
  bool turned = direction.isReverse && !found.length.isConstant(1);
  // The input is turned around, not what is projected from it: it has fewer columns as a rule.
  Value x = turned ? m.reversed(found.x) : found.x;
  Value projected = direction.project(m, m.viewedAs(x, {found.length * found.batch, found.input}));
  if (found.length.isConstant(1)) {
    SmallVector<Value> states = direction.step(m, projected, direction.initial);
    return {m.viewedAs(states[0], {1, found.batch, found.hidden}), states};
  }
  Value steps = m.viewedAs(projected, {found.length, found.batch, found.gates * found.hidden});
  onnx::ScanOp scan = buildScan(m.b, m.loc, direction.initial, {steps},
                                [&](OpBuilder &b, ValueRange states, ValueRange elements) {
                                  Arithmetic inner(b, m.loc);
                                  SmallVector<Value> next =
                                      direction.step(inner, elements[0], states);
                                  return ScanStep{next, {next[0]}};
                                });
  SmallVector<Value> results(scan->getResults());
  Value all = results.pop_back_val();
  return {turned ? m.reversed(all) : all, results};
}

void expand(Operation *op, const Recurrence &found) {
  Arithmetic m(op);
  SmallVector<Value> all, lastH, lastC;
  Dims last{1, found.batch, found.hidden};
  for (int64_t d = 0; d < found.directions; ++d) {
    Direction direction(found, d, m);
    Run run = runDirection(found, direction, m);
    all.push_back(m.viewedAs(run.all, {found.length, 1, found.batch, found.hidden}));
    lastH.push_back(m.viewedAs(run.final[0], last));
    if (found.cell == Cell::Lstm)
      lastC.push_back(m.viewedAs(run.final[1], last));
  }
  auto replace = [&](Value result, ArrayRef<Value> parts, int64_t axis) {
    if (result)
      result.replaceAllUsesWith(parts.size() == 1 ? parts[0] : m.joined(parts, axis));
  };
  replace(found.y, all, 1);
  replace(found.lastH, lastH, 0);
  replace(found.lastC, lastC, 0);
  op->erase();
}

struct ExpandRecurrent : impl::ExpandRecurrentPassBase<ExpandRecurrent> {
  void runOnOperation() override {
    SmallVector<Operation *> found;
    getOperation()->walk([&](Operation *op) {
      if (isa<onnx::LSTMOp, onnx::GRUOp, onnx::RNNOp>(op))
        found.push_back(op);
    });
    for (Operation *op : found)
      if (std::optional<Recurrence> recurrence = recurrenceOf(op))
        expand(op, *recurrence);
  }
};

} // namespace
} // namespace heddle
